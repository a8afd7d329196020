import { openRedis } from '../contract/task-broker.redis.js';
import { describeCounterexamples } from './task-model.counterexamples.js';
import { describeTaskModel } from './task-model.describe.js';

describeTaskModel('redis', () => openRedis(), 60);
describeCounterexamples('redis', () => openRedis());
