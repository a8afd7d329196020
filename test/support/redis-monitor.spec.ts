import { expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { eventually } from './eventually.js';
import { RedisMonitor } from './redis-monitor.js';
import { sharedRedisUrl } from './shared-redis.js';

test('a monitor tells who asked what, scripts included, whatever is in it', async () => {
  const told: [args: readonly string[], source: string][] = [];
  const redis = new Redis(sharedRedisUrl());
  try {
    using _ = await RedisMonitor.open(sharedRedisUrl(), (args, source) => told.push([args, source]));
    const value = 'a "b" \\ \n\r\t\x07\b\x00 c';
    await redis.eval("return redis.call('ECHO', ARGV[1])", 0, value);
    const echo = (): unknown => told.find(([args]) => args[0] === 'ECHO' && args[1] === value);

    await eventually(() => expect(echo()).toEqual([['ECHO', value], 'lua']));
    expect(told.find(([args]) => args.at(-1) === value && args[0] === 'eval')?.[1]).toMatch(
      /^127\.0\.0\.1:\d+$/,
    );
  } finally {
    redis.disconnect();
  }
});
