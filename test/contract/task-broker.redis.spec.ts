import { describeHistories, describeTaskBroker } from './task-broker.contract.js';
import { openRedis } from './task-broker.redis.js';

describeTaskBroker('redis', () => openRedis());
describeHistories('redis', () => openRedis(), 50);
