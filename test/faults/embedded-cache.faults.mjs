const CONTRACT = 'test/contract/cache-store.spec.ts';
const MEMORY = 'test/unit/cache/memory';

const at =
  (directory, suite) =>
  (rule, file, search, replace = '') => ({
    rule: `cache: ${rule} (embedded)`,
    file: `${directory}${file}.ts`,
    search,
    replace,
    suite,
  });
const engine = at('lib/engines/embedded/embedded-cache', CONTRACT);
const inside = at('lib/engines/embedded/embedded-cache', MEMORY);
const memory = at('lib/cache/memory/', MEMORY);
const naming = at('lib/cache/memory/', CONTRACT);

/**
 * Deliberate faults in the cache that is in memory.
 *
 * @type {import('./faults.mjs').Fault[]}
 */
export const embeddedCacheFaults = [
  engine('what was invalidated is not found', '', '|| this.isValid(entry)', '|| true'),
  engine(
    'what is stored ends a fill',
    '',
    '    this.leases.end(id);\n    const { value',
    '    const { value',
  ),
  engine('a delete ends a fill', '', '    this.leases.end(id);\n    return found', '    return found'),
  engine(
    'a delete finds nothing that is invalid',
    '',
    'this.find(id) !== undefined',
    'this.entries.get(id) !== undefined',
  ),
  engine(
    'a pattern ends fills of cold keys',
    '',
    '    this.leases.endAll((about) => about.path === path && wanted(about.key));\n',
  ),
  engine(
    'a pattern ends fills of keys that match',
    '',
    'about.path === path && wanted(about.key)',
    'about.path === path',
  ),
  engine('a pattern is of one namespace', '', 'entry?.space.path === path && ', 'entry && '),
  engine('an invalidation ends fills within', '', 'about.path.startsWith(path)', 'about.path === path'),
  engine('an invalidation ends no fills outside', '', 'about.path.startsWith(path)', 'true'),
  engine('late tags end with any', '', 'lease.lateTags || '),
  engine('a tag ends fills that have it', '', ' || lease.tags.some((tag) => tags.includes(tag))'),
  engine('a tag ends no other fills', '', 'lease.tags.some((tag) => tags.includes(tag))', 'true'),
  engine('namespaces outside count', '', 'space.paths.every', 'space.paths.slice(-1).every'),
  engine('every tag counts', '', 'tags.every', 'tags.slice(0, 1).every'),
  engine('a tag is no namespace', '', '`#${tag}`', 'tag'),
  engine('the grace is kept', '', 'freshUntil + graceMs;', 'freshUntil;'),
  engine('every entry has a version of its own', '', 'stamp.toString(36)', "'1'"),
  engine('what is stored later is valid', '', 'const stamp = ++this.stamps;', 'const stamp = this.stamps;'),
  inside(
    'sweeping removes what is invalid',
    '',
    'if (entry && !this.isValid(entry)) this.entries.delete(id);',
  ),
  inside('sweeping forgets what was invalidated', '', '    }\n    this.invalidated.clear();', '    }'),
  inside('nothing is remembered where nothing is', '', '    if (this.entries.size === 0) return;\n'),
  inside('closing ends the sweep', '', '    this.cancelSweep?.();\n'),
  engine(
    'all of a cache is forgotten at once',
    '',
    "if (path === '') this.forget();",
    "if (path === '') return;",
  ),

  engine(
    'a failure is for all only so long',
    '.leases',
    'forAllUntil: now + ttlMs',
    'forAllUntil: keptUntil',
  ),
  engine(
    'a failure is kept for those who waited',
    '.leases',
    'Math.max(ttlMs, KEPT_FOR_WAITERS_MS)',
    'ttlMs',
  ),
  engine(
    'a failure is kept as long as is said',
    '.leases',
    'Math.max(ttlMs, KEPT_FOR_WAITERS_MS)',
    'KEPT_FOR_WAITERS_MS',
  ),
  engine('what is stored ends a failure', '.leases', '    this.failures.delete(id);\n'),
  engine('everybody has a name of his own', '.leases', '`${++this.granted}`', "'1'"),
  engine('the end of a lease wakes who waits', '.leases', 'for (const done of [...lease.waiting]) done();'),
  engine('nobody waits for what has ended', '.leases', 'lease.ended || '),
  engine('nobody waits whose signal has aborted', '.leases', ' || signal?.aborted'),
  engine('a signal ends waiting', '.leases', "    signal?.addEventListener('abort', done);\n"),
  inside('a signal is left as it was', '.leases', "      signal?.removeEventListener('abort', done);\n"),
  inside('closing wakes who waits', '.leases', 'this.endAll(() => true);'),

  engine(
    'another entry than the one seen is an answer',
    '.store',
    'entry.version !== seen',
    'seen === undefined',
  ),
  engine('the entry seen is none', '.store', 'entry && entry.version !== seen', 'entry'),
  engine('a fill that was overtaken does not land', '.store', '!lease.ended && cache.store', 'cache.store'),
  engine(
    'who was overtaken fails for nobody',
    '.store',
    'if (!lease.ended) cache.leases.fail',
    'cache.leases.fail',
  ),
  engine(
    'who was overtaken gives up nothing',
    '.store',
    'if (!lease.ended) cache.leases.end',
    'cache.leases.end',
  ),
  engine('a failure is for those who waited for him', '.store', 'failure.holder === waitedFor', 'waitedFor'),
  engine('what is stale is not made fresh', '.store', '!entry || entry.freshUntil <= now', '!entry'),
  engine(
    'another end ends a fill',
    '.store',
    '    this.cache.leases.end(id);\n    const now',
    '    const now',
  ),
  engine('a stale number is none', '.store', 'entry && entry.freshUntil > now ? entry : undefined', 'entry'),
  engine('a number keeps what is known of it', '.store', '      fresh\n        ?', '      !fresh\n        ?'),
  engine('a sum is exact', '.store', 'Math.abs(sum) <= Number.MAX_SAFE_INTEGER', 'Number.isFinite(sum)'),
  engine(
    'a peek is told the time',
    '.store',
    'this.cache.find(idOf(this.space, key), now)',
    'this.cache.find(idOf(this.space, key))',
  ),

  naming('no names run together', 'key.space', '${name.length}:${name}', '${name}'),
  naming('no key looks like a namespace', 'key.space', '`\\0\\0${key}`', 'key'),
  naming('a namespace ends somewhere', 'key.space', '`\\0${path}\\0${key}`', '`\\0${path}${key}`'),

  memory('what is replaced is not counted', 'entry.memory', '    if (old) this.drop(old);\n'),
  memory('what is too large is not kept', 'entry.memory', 'bytes > this.settings.maxBytes || '),
  memory('what has expired is not kept', 'entry.memory', ' || until <= now'),
  memory('no more than may be, in number', 'entry.memory', 'this.slots.size >= this.settings.maxEntries || '),
  memory('no more than may be, in bytes', 'entry.memory', ' || this.held + bytes > this.settings.maxBytes'),
  memory(
    'nothing stays longer than it may',
    'entry.memory',
    'Math.min(expiresAt, now + this.settings.ttlMs)',
    'expiresAt',
  ),
  memory(
    'looking is no use',
    'entry.memory',
    'this.recent ? this.recent.peek(key) : this.slots.get(key)',
    'this.slots.get(key)',
  ),
  memory('expired ones go by themselves', 'entry.memory', '      this.expiring.add(slot);\n'),
  memory('the timer rests', 'entry.memory', '(isDone ? PAUSE_MS : 0)', '0'),
  memory('the timer does not keep what is over', 'entry.memory', '(isDone ? PAUSE_MS : 0)', 'PAUSE_MS'),
  memory('the timer is armed again', 'entry.memory', '      this.arm();\n    });', '    });'),
  memory('the timer goes by the earliest', 'entry.memory', 'this.timer.at <= at', 'this.timer'),
  memory(
    'no timer for nothing',
    'entry.memory',
    '    this.disarm();\n  }\n\n  /** Keys',
    '  }\n\n  /** Keys',
  ),
  memory('the one that expires first goes', 'entry.memory', 'this.expiring.first() ?? this', 'this'),
  memory(
    'the heap is in order after one was taken out',
    'expiry.heap',
    'if (place > 0 && parent && before(last, parent)) this.rise(last, place);\n    else ',
    '',
  ),
  memory(
    'of equal ones the oldest is first',
    'expiry.heap',
    ' || (a.expiresAt === b.expiresAt && a.order < b.order)',
  ),
  memory('a star goes back', 'key.pattern', '} else if (resume >= 0) {', '} else if (resume > 1e9) {'),
  memory('a set may be turned round', 'key.pattern', '=== wanted', '!== wanted'),
  memory('a range has two ends', 'key.pattern', 'Math.min(one, other), Math.max(one, other)', 'one, other'),
];
