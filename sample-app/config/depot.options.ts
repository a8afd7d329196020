import type { ConfigService } from '@nestjs/config';
import type { CodecOptions, ConnectionOptions, DepotOptions } from 'nestjs-depot';
import { encryptionKeys } from './encryption.keys.js';
import type { Settings } from './settings.js';

/** The library's options, out of the app's settings. */
export function depotOptions(config: ConfigService<Settings, true>): DepotOptions {
  const workers = config.get('WORKERS', { infer: true });
  return {
    redis: redis(config),
    namespace: config.get('NAMESPACE', { infer: true }),
    workers: workers === 'all' || workers === 'none' ? workers : workers.split(','),
    shutdownTimeout: config.get('SHUTDOWN_TIMEOUT', { infer: true }),
    tasks: { concurrency: config.get('CONCURRENCY', { infer: true }) },
    cache: { ttl: config.get('CACHE_TTL', { infer: true }) },
    connection: connection(config),
    codec: codec(config),
  };
}

/** A URL, or its parts; nothing for the embedded engine. */
function redis(config: ConfigService<Settings, true>): DepotOptions['redis'] {
  const url = config.get('REDIS_URL', { infer: true });
  const host = config.get('REDIS_HOST', { infer: true });
  if (url !== undefined || host === undefined) return url;
  const password = config.get('REDIS_PASSWORD', { infer: true });
  return {
    host,
    port: config.get('REDIS_PORT', { infer: true }),
    db: config.get('REDIS_DB', { infer: true }),
    ...(password !== undefined && { password }),
  };
}

function connection(config: ConfigService<Settings, true>): ConnectionOptions {
  const commandTimeout = config.get('REDIS_COMMAND_TIMEOUT', { infer: true });
  return {
    connectTimeout: config.get('REDIS_CONNECT_TIMEOUT', { infer: true }),
    ...(commandTimeout !== undefined && { commandTimeout }),
  };
}

/** Payloads have names and addresses of people. With keys, nobody reads them in Redis, its backups or its logs. */
function codec(config: ConfigService<Settings, true>): CodecOptions {
  const keys = config.get('TASK_KEYS', { infer: true });
  return keys === undefined ? {} : { encrypt: { keys: encryptionKeys(keys) } };
}
