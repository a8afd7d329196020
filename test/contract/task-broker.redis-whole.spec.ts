import { describeTaskBroker } from './task-broker.contract.js';
import { openRedis } from './task-broker.redis.js';

// Nearly all calls take a shortcut, see usual.lua.ts: what they would do without it has to be the same.
describeTaskBroker('redis', () => openRedis(undefined, 'all the way'));
