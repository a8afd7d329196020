import './typescript.mjs';

/** Starts the one Redis that all test files share, each under its own namespace. */
export default async function setup() {
  const { startRedis } = await import('./redis-server.ts');
  const redis = await startRedis();
  globalThis.depotTestRedis = redis;
  process.env.DEPOT_TEST_REDIS_URL = redis.url;
}
