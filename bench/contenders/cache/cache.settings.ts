/** How the contenders of the cache suites are set up. */
export const CACHE_SETTINGS = {
  depot:
    'a Nest application, all defaults but the ttl, which is 5 minutes for all, and cacheTimeout: 2s; one object: values: frozen; on Redis alone: memory: false',
  bentocache:
    'ioredis with enableAutoPipelining; one object: serialize: false; before Redis: L1, L2 and the Redis bus; many: a get each, one factory, a set each',
  cacheable:
    '@keyv/redis; one object: useClone: false; before Redis: primary and secondary, sync over PUBLISH; many: getMany, one factory, setMany',
  'cache-manager':
    '@keyv/redis; one object: a Keyv that serialises nothing, as its own store does; before Redis: two stores; many: mget, one factory, mset',
  'lru-cache':
    'the floor: lru-cache with a ttl, of JSON text or of the objects themselves; awaited as the others are',
  ioredis:
    'the floor: JSON by GET and SET PX on one connection; no single flight, nothing is counted or healed; many: MGET, one factory, a pipeline of SET PX',
  'ioredis auto-pipelined':
    'the floor: the same with enableAutoPipelining, so that the commands of a tick travel together',
} as const;
