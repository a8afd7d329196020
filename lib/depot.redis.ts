import { DepotConfigError, show } from './common/errors.js';
import { checkRedisUrl } from './common/redis.url.js';
import type { DepotOptions } from './depot.options.js';

export type RedisPlace = NonNullable<DepotOptions['redis']>;

/** @throws DepotConfigError when the value of option `name` says of no Redis where it is */
export function checkRedis(value: unknown, name: string): RedisPlace {
  if (typeof value === 'string') return checkRedisUrl(value, name);
  if (typeof value !== 'object' || value === null) {
    throw new DepotConfigError(
      `${name} is ${show(value)}; expected a URL, ioredis options or an ioredis client`,
    );
  }
  const client = value as { options?: { keyPrefix?: string }; isCluster?: boolean; keyPrefix?: string };
  if (client.isCluster) throw new DepotConfigError(`${name} is a Cluster client, which is not supported yet`);
  if (client.options?.keyPrefix || client.keyPrefix) {
    throw new DepotConfigError(
      `${name} has a keyPrefix, which scripts can't honour; expected none (use namespace)`,
    );
  }
  return value;
}
