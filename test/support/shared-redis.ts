/** The URL of the Redis that all test files share. A test that breaks Redis starts its own with `startRedis`. */
export function sharedRedisUrl(): string {
  const url = process.env['DEPOT_TEST_REDIS_URL'];
  if (url === undefined)
    throw new Error('no DEPOT_TEST_REDIS_URL: run the tests with `npm test` or `npm run test:unit`');
  return url;
}
