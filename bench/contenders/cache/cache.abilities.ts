/** What a contender can be measured by. */
export type Ability =
  /** It keeps values in the process. */
  | 'memory'
  /** It keeps them on Redis. */
  | 'redis'
  /** It keeps them in the process in front of Redis. */
  | 'tiers'
  /** It tells other processes of what it changes. */
  | 'coherent'
  | 'peek'
  | 'getOrSet'
  /** It can ask for many at once, at the least. */
  | 'many';

const WHY_NOT: Readonly<Record<Ability, string>> = {
  memory: 'it keeps nothing in the process',
  redis: 'it is in the process',
  tiers: 'it has one tier',
  coherent: 'its processes tell each other nothing: an old value stays until its ttl has passed',
  peek: 'all that it has are promises',
  getOrSet: 'it calls no factory',
  many: 'it is asked for one key at a time',
};

const CACHE_ABILITIES: Readonly<Record<string, readonly Ability[]>> = {
  depot: ['memory', 'redis', 'tiers', 'coherent', 'peek', 'getOrSet', 'many'],
  bentocache: ['memory', 'redis', 'tiers', 'coherent', 'getOrSet', 'many'],
  cacheable: ['memory', 'redis', 'tiers', 'coherent', 'getOrSet', 'many'],
  'cache-manager': ['memory', 'redis', 'tiers', 'getOrSet', 'many'],
  'lru-cache': ['memory', 'peek'],
  ioredis: ['redis', 'many'],
  'ioredis auto-pipelined': ['redis', 'many'],
};

/** In the order of the table. */
export const CACHE_CONTENDERS = Object.keys(CACHE_ABILITIES);

/** Those that can be measured by it. */
export function able(ability: Ability): readonly string[] {
  return CACHE_CONTENDERS.filter((name) => CACHE_ABILITIES[name]?.includes(ability));
}

/** Which of the metrics a contender can't be measured by, and why. */
export function lacking(
  contender: string,
  needs: Readonly<Record<string, Ability>>,
): Readonly<Record<string, string>> {
  const abilities = CACHE_ABILITIES[contender] ?? [];
  return Object.fromEntries(
    Object.entries(needs)
      .filter(([, ability]) => !abilities.includes(ability))
      .map(([metric, ability]) => [metric, WHY_NOT[ability]]),
  );
}
