const ENGINE = 'lib/engines/embedded/';

const fault = (rule, file, search, replace = '') => ({
  rule: `${rule} (embedded)`,
  file: `${ENGINE}${file}.ts`,
  search,
  replace,
});

/**
 * Deliberate faults in the embedded engine.
 *
 * @type {import('./faults.mjs').Fault[]}
 */
export const embeddedFaults = [
  fault(
    'I3: what waits is handed to the idle',
    'hand-over',
    '    this.spread();\n    this.tellThose',
    '    this.tellThose',
  ),
  fault(
    'keeping: nothing of a task that says so',
    'task-moves',
    'if (keepMs === 0) this.tasks.delete(task);\n    else this.keep',
    'this.keep',
  ),
  {
    ...fault('ids: what is deleted is in the way of nothing else', 'task-table', 'places[2 * gap] = other;'),
    suite: 'test/unit/embedded/task-table.spec.ts',
  },
  fault(
    'A2: the lease of one that was handed something in vain stays short',
    'embedded-queue',
    'if (!self || self.hand.length > 0) return false;',
    'if (!self) return false;',
  ),
  fault(
    'A2: the sweep sees what is delayed',
    'embedded-queue',
    'waiting.size + delayed.size +',
    'waiting.size +',
  ),
  fault(
    'A2: who idles hears that the queue was obliterated',
    'embedded-queue',
    "this.moves.outlets.push(process, { kind: 'due', inMs: 0 });",
  ),
  fault('B1: grace after a silence', 'embedded-consumers', 'this.graceUntil = lease;', ''),
  fault(
    'B2: neighbours are not blamed',
    'task-returns',
    'hand.length === 1 ? hand.first?.id : undefined',
    'hand.first?.id',
  ),
  fault(
    'keeping: the oldest go first',
    'ended-tasks',
    'const oldest = list.first;',
    'const oldest = [...list].at(-1);',
  ),
  fault(
    'A8: every process that waits is told',
    'embedded-queue',
    'this.moves.waiters.set(id, processes.add(process));',
    'this.moves.waiters.set(id, new Set([process]));',
  ),
  fault(
    'priorities: the highest goes first',
    'levels',
    '31 - Math.clz32(this.filled)',
    'Math.clz32(this.filled & -this.filled) === 0 ? 0 : 31 - Math.clz32(this.filled & -this.filled)',
  ),
  fault('weights: nothing is saved up', 'levels', 'level.pass = Math.max(level.pass, lowest);', ''),
  fault(
    'groups: the turn after the last one of the group',
    'group-turns',
    'this.turns.set(group, turn + 1);',
    '',
  ),
  fault('groups: those without take turns, too', 'group-turns', 'this.ungroupedTurn = this.turn + 1;', ''),
  fault(
    'limits: no more in hand than the limit',
    'fleet-limits',
    'Math.max(0, concurrency - active)',
    'concurrency',
  ),
  fault('limits: what begins takes a token', 'task-moves', '    this.limits.took();\n'),
  fault('limits: a paused queue is not claimed from', 'fleet-limits', 'if (this.paused) return 0;'),
  fault(
    'limits: somebody looks when the next token comes',
    'hand-over',
    'Math.min(due, expiry, token, waiting.groups.nextAt)',
    'Math.min(due, expiry)',
  ),
  fault(
    'group limits: a slot is freed by whatever end',
    'task-moves',
    '      this.waiting.groups.left(task.group);\n',
  ),
  fault(
    'group limits: the next one goes on',
    'task-moves',
    '      this.waiting.passedBy(task, this.now());\n',
  ),
  fault(
    'group limits: what was held back twice keeps its place',
    'group-limits',
    'task.heldRank ??= ',
    'task.heldRank = ',
  ),
  fault(
    'lanes: by priority, then as they came',
    'lanes',
    '(9 - task.priority) * PRIORITY_STEP + this.entries++',
    'this.entries++',
  ),
  fault(
    'rooms: those without room do not tell each other for ever',
    'hand-over',
    'if (!isNew || !this.isSomethingClaimable) return;',
    '',
  ),
  fault(
    'unique: the holder wins over a rejected one',
    'unique-keys',
    "(mode === 'reject' || mode === 'throttle')",
    "mode === 'throttle'",
  ),
  fault('unique: a throttled key outlives its holder', 'unique-keys', '&& !held.throttles'),
  fault(
    'unique: debounce waits for maxWait at most',
    'unique-keys',
    'Math.min(now + ttlMs, latest)',
    'now + ttlMs',
  ),
  fault(
    'A10: the blocked one takes its place',
    'task-moves',
    'if (next) this.waitFrom(next, this.unique.unblock(next));',
  ),
  fault('A10: the last trigger replaces the one before it', 'unique-keys', '...(blocked ? [blocked] : []), '),
  fault(
    'expiry: what has begun does not expire',
    'task-moves',
    '    task.heldRank = undefined;\n    this.endExpiry(task);',
    '    task.heldRank = undefined;',
  ),
  fault(
    'expiry: it counts from when the task falls due',
    'task-adding',
    'Math.max(now, dueAt) + expiresInMs',
    'now + expiresInMs',
  ),
  fault(
    'B8: a cancelled task is not tried again',
    'task-returns',
    "if (cancelled || to === 'cancelled')",
    "if (to === 'cancelled')",
  ),
  fault(
    'B8: a beat tells it again',
    'embedded-queue',
    'if (tasks.get(id)?.holder === self.number) this.steering.tellHolder(self, id);',
    ';',
  ),
  fault(
    'B8: a cancelled task does not come back',
    'task-returns',
    "if (cancelled) this.moves.finish(task, 'cancelled', '');\n      else back",
    'back',
  ),
  fault('retry: all attempts again', 'task-steering', '    task.tries = 0;\n'),
  fault(
    'history: every failed attempt is there',
    'task-returns',
    '    replaceOutcome(task, outcome, now);\n',
    '    task.outcome = outcome;\n',
  ),
  fault(
    'keeping: bytes are counted',
    'ended-tasks',
    'if (list.length <= count && (bytes === undefined || this.bytes[state] <= bytes)) return undefined;',
    'if (list.length <= count) return undefined;',
  ),
  fault('backlog: it is bounded', 'backlog', 'this.most !== undefined && this.size() >= this.most', 'false'),
  fault(
    'backlog: per group, too',
    'backlog',
    'return this.mostOfGroup !== undefined && (this.groups.get(group) ?? 0) >= this.mostOfGroup;',
    'return false;',
  ),
  fault(
    'events: a subscription ends with its lease',
    'event-feed',
    'if (subscription.until <= now) this.subscriptions.delete(process);\n      else {',
    '{',
  ),
  fault('events: a failed attempt is one', 'task-returns', "    events.emit('failed', task, outcome);\n"),
  fault(
    'A9: what is un-parked goes to whoever has the handler',
    'embedded-queue',
    'const rest = this.handOver.offer(consumers.get(consumer), back);',
    'const rest = back;',
  ),
];
