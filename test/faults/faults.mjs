/**
 * Deliberate faults, each in one line of an engine. `search` occurs exactly once in `file`. The suite of that engine has
 * to fail with each of them, or the rule is one that nothing checks.
 *
 * @typedef {{ rule: string, file: string, search: string, replace: string, suite?: string }} Fault
 */

const REDIS = 'lib/engines/redis/scripts/';
const EMBEDDED = 'lib/engines/embedded/';

/** Those that `--short` tries, by position in the list. */
export const SHORT = [0, 6, 17, 24];

/** @type {Fault[]} */
export const faults = [
  {
    rule: 'A1: a consumer that is no more can not acknowledge',
    file: `${REDIS}step.lua.ts`,
    search: 'if not deadline then return nil end',
    replace: '',
  },
  {
    rule: 'A1: joining again ends the consumer before',
    file: `${REDIS}consumer.lua.ts`,
    search: 'for _, consumer in ipairs(before) do give_back(consumer, kept) end',
    replace: '',
  },
  {
    rule: 'A1: a join whose answer was lost is carried on from',
    file: `${REDIS}consumer.lua.ts`,
    search: "local before = { call('HGET', members, process) or nil }",
    replace: 'local before = {}',
  },
  {
    rule: 'B6: another one looks after a keeper that may be dead',
    file: `${REDIS}queue.lua.ts`,
    search: 'if deputy then remind(deputy, at + PATIENCE + 1) end',
    replace: '',
  },
  {
    rule: 'B6: a keeper that works is watched itself',
    file: `${REDIS}step.lua.ts`,
    search: 'alive(chosen) <= now + lease then chosen = nil end',
    replace: 'alive(chosen) <= now + lease then chosen = chosen end',
  },
  {
    rule: 'A5: a step passes when the memory is full',
    file: `${REDIS}step.lua.ts`,
    search: "call('DEL', P .. 'none')",
    replace: '',
    suite: 'test/integration/redis-protocol.spec.ts',
  },
  {
    rule: 'A6: a taken id changes nothing',
    file: `${REDIS}add.lua.ts`,
    search: 'if not present[n] and not records[id] then',
    replace: 'if not records[id] then',
  },
  {
    rule: 'A7: an id without a record is not handed out',
    file: `${REDIS}queue.lua.ts`,
    search: '    if records[i] then',
    replace: '    if true then',
  },
  {
    rule: 'A8: who waits is told of an end of which nothing is kept',
    file: `${REDIS}queue.lua.ts`,
    search: "if call('EXISTS', waiters) == 1 then",
    replace: "if keep > 0 and call('EXISTS', waiters) == 1 then",
  },
  {
    rule: 'A8: who waits is told once',
    file: `${REDIS}queue.lua.ts`,
    search: "  call('HDEL', waiters, id)",
    replace: '',
  },
  {
    rule: 'A9: parked tasks come back by name and version',
    file: `${REDIS}record.lua.ts`,
    search: "elseif handled[string.match(envelope, '^[^\\\\n]*')] and #back < 500 then",
    replace: 'elseif #back < 500 then',
  },
  {
    rule: 'B1: nobody is declared dead right after a silence of all',
    file: `${REDIS}step.lua.ts`,
    search: 'if #dead == 0 or grace > now then return end',
    replace: 'if #dead == 0 then return end',
  },
  {
    rule: 'B1: a silence is noticed',
    file: `${REDIS}queue.lua.ts`,
    search: 'elseif now - last > lease / 2 then',
    replace: 'elseif false then',
  },
  {
    rule: 'B1: a clock that is set back does not keep the dead alive',
    file: `${REDIS}queue.lua.ts`,
    search: "if call('ZCOUNT', active, cid, cid) > 0 then call('ZADD', consumers, now + lease, consumer) end",
    replace: '',
  },
  {
    rule: 'B2: neighbours are not blamed',
    file: `${REDIS}step.lua.ts`,
    search: '(#ids == 1 and ids[1])',
    replace: 'ids[1]',
  },
  {
    rule: 'B2: one suspect for each consumer',
    file: `${REDIS}step.lua.ts`,
    search: "for _ = 1, call('HEXISTS', suspect, consumer) == 0 and 100 or 0 do",
    replace: 'for _ = 1, 100 do',
  },
  {
    rule: 'B2: an attempt that ends clears the blame',
    file: `${REDIS}step.lua.ts`,
    search: "if call('EXISTS', crashes) == 1 then call('HDEL', crashes, unpack(acked)) end",
    replace: '',
  },
  {
    rule: 'B6: the keeper is told of a retry that another one delays',
    file: `${REDIS}step.lua.ts`,
    search: 'if news and news < known then nudge(news, self) end',
    replace: '',
  },
  {
    rule: 'B6: a keeper that leaves passes the time on',
    file: `${REDIS}consumer.lua.ts`,
    search: 'spread()\nelect(self, 0, FAR)\nreturn 1',
    replace: 'spread()\nreturn 1',
  },
  {
    rule: 'slots: what was handed over counts',
    file: `${REDIS}step.lua.ts`,
    search: 'local free = math.min(slots - in_hand, 1000)',
    replace: 'local free = math.min(slots, 1000)',
  },
  {
    rule: 'slots: an idle consumer has one less after each hand-over',
    file: `${REDIS}queue.lua.ts`,
    search:
      "if #messages < free then call('ZINCRBY', idle, -#messages, consumer) else call('ZREM', idle, consumer) end",
    replace: '',
  },
  {
    rule: 'leases: the first task that is handed over shortens the lease',
    file: `${REDIS}queue.lua.ts`,
    search: 'if deadline > now + lease then watch(consumer) end',
    replace: '',
  },
  {
    rule: 'I3: an overdue consumer that lives looks for what passed it by',
    file: `${REDIS}consumer.lua.ts`,
    search: "if deadline < now then return 'look' end",
    replace: '',
  },
  {
    rule: 'order: what is given back goes to the head',
    file: `${REDIS}consumer.lua.ts`,
    search: "many('LPUSH', waiting, back)",
    replace: "many('RPUSH', waiting, back)",
  },
  {
    rule: 'I3: what waits is handed to the idle (embedded)',
    file: `${EMBEDDED}embedded-queue.ts`,
    search: '    this.isolate();\n    this.spread();',
    replace: '    this.isolate();',
  },
  {
    rule: 'I2: only what is in hand can be acknowledged (embedded)',
    file: `${EMBEDDED}embedded-queue.ts`,
    search: "    if (!self) return 'lost';\n    this.consumers.hear();\n    const retried",
    replace:
      '    if (!self) return { tasks: [], nextMs: undefined };\n    this.consumers.hear();\n    const retried',
  },
  {
    rule: 'B1: grace after a silence (embedded)',
    file: `${EMBEDDED}embedded-consumers.ts`,
    search: 'if (this.graceUntil > this.clock.now()) return [];',
    replace: '',
  },
  {
    rule: 'B2: neighbours are not blamed (embedded)',
    file: `${EMBEDDED}embedded-queue.ts`,
    search: 'hand.size === 1 ? [...hand][0] : undefined',
    replace: '[...hand][0]',
  },
  {
    rule: 'keeping: the oldest go first (embedded)',
    file: `${EMBEDDED}ended-tasks.ts`,
    search: 'if (times.size <= this.keep[state].count) break;',
    replace: 'if (times.size < this.keep[state].count) break;',
  },
  {
    rule: 'A7: a suspect without a record is passed over (embedded)',
    file: `${EMBEDDED}embedded-queue.ts`,
    search: '      if (task) return task;',
    replace: '      return task;',
  },
  {
    rule: 'A8: every process that waits is told (embedded)',
    file: `${EMBEDDED}embedded-queue.ts`,
    search: 'this.waiters.set(id, processes.add(process));',
    replace: 'this.waiters.set(id, new Set([process]));',
  },
];
