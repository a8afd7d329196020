const CACHE = 'lib/engines/redis/cache/';
const SCRIPTS = 'lib/engines/redis/scripts/cache-';

const CONTRACT = 'test/contract/redis-cache.spec.ts';
const RANDOM = 'test/processes/cache-consistency.spec.ts';
const FLIGHT = 'test/processes/cache-single-flight.spec.ts';
const AMENDS = 'test/integration/cache-fleet.spec.ts';
const EPOCHS = 'test/integration/cache-fleet-epochs.spec.ts';
const OWN = 'test/integration/cache-fleet-own.spec.ts';
const JOINING = 'test/integration/cache-fleet-joining.spec.ts';
const SILENCE = 'test/processes/cache-silence.spec.ts';

const fault = (rule, file, search, replace, suite) => ({
  rule: `cache: ${rule} (redis)`,
  file: `${CACHE}${file}.ts`,
  search,
  replace,
  suite,
});
const script = (rule, name, search, replace, suite) => ({
  ...fault(rule, '', search, replace, suite),
  file: `${SCRIPTS}${name}.lua.ts`,
});

/**
 * Deliberate faults in the cache on Redis, and in what a process has of it in memory.
 *
 * @type {import('./faults.mjs').Fault[]}
 */
export const redisCacheFaults = [
  script(
    'A14: a fill needs its lease',
    'lease',
    "  if call('HGET', lease, 't') ~= token then return 0 end\n  -- Who does",
    '  -- Who does',
    RANDOM,
  ),
  script(
    'A14: a fill is overtaken by who knows of no leases',
    'lease',
    'version == seen or (not text and now >= tonumber(gone))',
    'true',
    CONTRACT,
  ),
  script('A14: what is set ends a lease', 'write', "  call('DEL', KEYS[i + 1])\n", '', JOINING),
  script(
    'A14: a delete ends a lease',
    'write',
    '  end_lease(KEYS[i + 1], KEYS[i], not there and ARGV[1])\n',
    '',
    RANDOM,
  ),
  script(
    'A14: a lease ends that nobody renews',
    'lease',
    "  call('PEXPIRE', lease, ${LEASE_MS})\n  -- What is invalid",
    '  -- What is invalid',
    FLIGHT,
  ),
  script(
    'A14: a lease is renewed',
    'lease',
    "then redis.call('PEXPIRE', lease, ${LEASE_MS}) end",
    "then redis.call('EXISTS', lease) end",
    FLIGHT,
  ),
  script(
    'A14: a failure reaches those who waited',
    'lease',
    "  if l[3] and l[2] == waited_for then return {'failed', l[3]} end\n",
    '',
    FLIGHT,
  ),
  script(
    'A14: a failure is for others for so long only',
    'lease',
    'if l[3] and now < tonumber(l[4]) then',
    'if l[3] then',
    FLIGHT,
  ),
  script(
    'A15: who asks after an invalidation waits for nobody from before',
    'lease',
    'if l[1] and l[5] == stamps then',
    'if l[1] then',
    JOINING,
  ),
  script(
    'A15: what is invalidated has another epoch',
    'invalidate',
    "  redis.call('DEL', key)\n",
    '',
    RANDOM,
  ),
  script(
    'A15: an epoch lives as long as what carries it',
    'epochs',
    "      call('PEXPIRE', key, given)\n",
    '',
    EPOCHS,
  ),
  script(
    'A15: what is stored after an invalidation is not swept away',
    'invalidate',
    'if string.find(line, epoch, 1, true) then',
    'if line then',
    CONTRACT,
  ),
  fault(
    'A15: epochs are compared',
    'far-reads',
    'entry.keptUntil > now && entry.scope === scope',
    'entry.keptUntil > now',
    RANDOM,
  ),
  fault(
    'A15: epochs of tags are compared',
    'validity',
    'tagKeys(entry).every((key, at) => current.get(key) === entry.tags[2 * at + 1])',
    'tagKeys(entry).length >= 0',
    RANDOM,
  ),
  fault(
    'A15: tags that come with the value are compared by the clock',
    'far-claims',
    'stamps.clock === undefined || found.at(-1) === stamps.clock ? found : undefined',
    'found',
    CONTRACT,
  ),
  fault(
    'A15: an epoch that is heard of is asked for again',
    'epochs',
    'if (this.table.delete(key)) this.generation++;',
    '',
    RANDOM,
  ),
  fault(
    'A15: an epoch that was asked for before a change is not kept',
    'epochs',
    '!this.isConfirmed || ticket !== this.changes',
    '!this.isConfirmed',
    EPOCHS,
  ),
  fault(
    'A15: what is in memory is compared with its space',
    'epochs',
    '    if (scope !== entry.scope) return false;\n',
    '',
    RANDOM,
  ),
  fault(
    'A15: what is in memory is compared with its tags',
    'epochs',
    '      if (epoch !== entry.tags[at + 1]) return false;\n',
    '',
    RANDOM,
  ),
  fault(
    'A16: what has changed leaves the memory',
    'redis-cache',
    '    this.near?.drop(id);\n    this.watches.fire(key);',
    '    this.watches.fire(key);',
    RANDOM,
  ),
  fault('A16: a ticket counts', 'near', ' || ticket.dirty', '', RANDOM),
  fault(
    'A16: the memory is empty when changes are told again',
    'redis-cache',
    '    this.epochs.confirm();\n    this.near?.clear();',
    '    this.epochs.confirm();',
    SILENCE,
  ),
  fault(
    'A16: FLUSHALL empties the memory',
    'redis-cache',
    '    this.near?.clear();\n    this.watches.fireAll();',
    '    this.watches.fireAll();',
    SILENCE,
  ),
  fault(
    'A16: the memory rests while nothing is told',
    'feed',
    '    this.distrust();\n    this.listener.lost();',
    '    this.listener.lost();',
    SILENCE,
  ),
  fault(
    'A16: a silent connection is not trusted',
    'feed',
    'if (++this.silence >= TRUSTED_LOOKS) this.distrust();\n    else if (this.used) this.ping();',
    'void TRUSTED_LOOKS;',
    SILENCE,
  ),
  fault(
    'a process reads its own writes',
    'redis-cache',
    '    for (const { id } of changes) this.near?.drop(id);\n',
    '',
    CONTRACT,
  ),
  fault(
    'B11: what could not be removed is remembered',
    'redis-cache',
    '        this.amends.remember(changes);\n',
    '',
    AMENDS,
  ),
  fault(
    'B11: what could not be invalidated is remembered',
    'redis-cache',
    '    this.amends.rememberEpochs(epochs);\n',
    '',
    AMENDS,
  ),
  fault(
    'B11: what was missed while amends were made is made good, too',
    'redis-cache.engine',
    'for (let due = this.owing(); due.length > 0; due = this.owing()) {',
    'for (const due of [this.owing()]) {',
    AMENDS,
  ),
  fault(
    'A15: what was asked for before an invalidation was sent is not kept',
    'redis-cache',
    '// Once more: what was asked for since the call, and is answered before this, brings the old ones.',
    'if (news === undefined)',
    OWN,
  ),
  fault(
    'A16: nobody joins what was begun before changes were told',
    'redis-cache',
    '    // What happened until now was not.\n    this.tell(undefined);\n',
    '',
    JOINING,
  ),
  script(
    'A14: who makes a value hears that its key was deleted',
    'entry',
    "if call('DEL', lease) == 1 and channel then",
    "if call('DEL', lease) == 2 and channel then",
    JOINING,
  ),
  fault(
    'B11: what was known serves while Redis is away',
    'redis-cache',
    'return entry && this.epochs.judge(entry) ? entry : undefined;',
    'return entry && undefined;',
    SILENCE,
  ),
  fault(
    'A15: what was known is compared, too',
    'redis-cache',
    'return entry && this.epochs.judge(entry) ? entry : undefined;',
    'return entry;',
    SILENCE,
  ),
];
