import { openRedis } from '../contract/task-broker.redis.js';
import { describeTaskModel } from './task-model.describe.js';

describeTaskModel('redis', () => openRedis(), 300);
