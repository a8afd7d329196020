import { describeTaskBroker } from './task-broker.contract.js';
import { openRedis } from './task-broker.redis.js';

describeTaskBroker('redis', openRedis);
