/** How the contenders of the cache suite are set up. */
export const CACHE_SETTINGS = {
  depot:
    'a Nest application, all defaults; in process the embedded engine; before Redis there is no other tier yet',
  bentocache:
    'one store with one layer; copies: serialize as it comes, one object: serialize: false; on Redis ioredis with enableAutoPipelining',
  cacheable: 'one tier; one object: useClone: false; on Redis @keyv/redis as the primary store',
  'cache-manager': 'one store; copies: a Keyv, one object: none given; on Redis @keyv/redis',
  'lru-cache':
    'the floor: lru-cache with a ttl, of JSON text or of the objects themselves; awaited as the others are',
  ioredis:
    'the floor: JSON by GET and SET PX on one connection; no single flight, nothing is counted or healed',
  'ioredis auto-pipelined':
    'the floor: the same with enableAutoPipelining, so that the commands of a tick travel together',
} as const;
