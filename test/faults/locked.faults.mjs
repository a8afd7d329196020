const UNIT = 'test/unit/lock-decorators';

/** `about`: the suite of that name. */
const fault = (about, rule, file, search, replace = '') => ({
  rule: `locked: ${rule}`,
  file: `lib/${file}.ts`,
  search,
  replace,
  suite: about.includes('/') ? about : `${UNIT}/${about}.spec.ts`,
});

const METHOD = 'lock/decorators/locked.method';
const DECORATOR = 'lock/decorators/locked.decorator';
const OPTIONS = 'lock/decorators/locked.options';
const TASK_LOCKS = 'depot.task-locks';

/**
 * Deliberate faults in `@Locked`, in what becomes of a task that can't have its lock, and in the locks of processors.
 *
 * @type {import('./faults.mjs').Fault[]}
 */
export const lockedFaults = [
  fault(
    'locked.decorator',
    'a method that fails gives its lock back',
    METHOD,
    `    try {
      return await noObservable(this.run(call, lock), this.site.title);
    } finally {
      await lock.release();
    }`,
    `    const result = await noObservable(this.run(call, lock), this.site.title);
    await lock.release();
    return result;`,
  ),
  fault(
    'locked.decorator',
    'the result is there once the lock is given back',
    METHOD,
    '    } finally {\n      await lock.release();\n    }\n  }\n\n  /** Held',
    '    } finally {\n      void lock.release();\n    }\n  }\n\n  /** Held',
  ),
  fault(
    'locked.observables',
    'an Observable gives its lock back when nobody wants it any more',
    METHOD,
    'values.pipe(takeUntil(left))',
    'values',
  ),
  fault(
    'locked.observables',
    'who leaves while he waits leaves the queue',
    METHOD,
    '        waiting.abort();\n',
    '        void waiting;\n',
  ),
  fault(
    'locked.observables',
    'who has left does not begin',
    METHOD,
    '          if (subscriber.closed) return;\n',
  ),
  fault(
    'locked.decorator',
    'only "defer" defers',
    METHOD,
    "(onConflict === 'defer' ? spreadMs(delayMs) : undefined)",
    'spreadMs(delayMs)',
  ),
  fault(
    'locked.decorator',
    'a conflict is found out by one try',
    OPTIONS,
    "(onConflict === 'wait' ? undefined : 0)",
    'undefined',
  ),
  fault(
    'locked.options',
    'what a lock can not be is an error when the class is defined',
    OPTIONS,
    '  within(title, () => lockTerms(lock, 1));\n',
    '  void [within, lockTerms];\n',
  ),
  fault(
    'locked.providers',
    'an override that is locked takes the place of the one above it',
    DECORATOR,
    'isLockedBelow(call.instance, site) ? call.run()',
    'isLockedBelow({}, site) ? call.run()',
  ),
  fault(
    'locked.providers',
    'a call without a lock is told of once',
    DECORATOR,
    '    if (isTold) return;\n',
    '    void isTold;\n',
  ),
  fault(
    'locked.observables',
    'what may be an Observable is refused',
    DECORATOR,
    "  if (kind !== 'unknown') return;\n",
    "  if (kind !== 'unknown' || title) return;\n",
  ),
  fault(
    'locked.providers',
    'what factories have made is given its locks',
    'lock/decorators/lock-binder.service',
    'LOCKS.bind(instance, this.locks);',
    'void instance;',
  ),
  fault(
    'held-lock.decorator',
    'a lock is wanted where none is held',
    'lock/decorators/lock-binder.service',
    'lockedMarks.on(declaring, method).length > 0',
    'lockedMarks.on(declaring, method).length >= 0',
  ),
  fault(
    'lock-conflict',
    'a time-out that the engine is to blame for is no conflict',
    'lock/lock.conflict',
    ' || error.cause !== undefined',
  ),
  fault(
    'deferring',
    'a deferral is no attempt',
    'task/runtime/endings',
    '{ delayMs, count: false }',
    '{ delayMs, count: true }',
  ),
  fault(
    'test/unit/common/deferral.spec.ts',
    "somebody else's error defers nothing",
    'common/deferral',
    '!(thrown instanceof DepotError) || ',
    "typeof thrown !== 'object' || thrown === null || ",
  ),
  fault(
    'test/integration/locked-tasks.spec.ts',
    'nothing is logged of an event handler that is deferred',
    'task/runtime/event.handlers',
    '          if (deferralOf(error) !== undefined) throw error;\n',
    '          void deferralOf;\n',
  ),
  fault(
    'test/integration/locked-tasks.spec.ts',
    'a lock that stands first is not the payload',
    'task/discovery/handler.binding',
    'supplied.includes(marks.length) ? undefined : left.shift()',
    'left.shift()',
  ),
  fault(
    'test/integration/locked-tasks.spec.ts',
    'a lock beside decorated parameters is neither of them',
    'task/discovery/handler.binding',
    'marks[index] === undefined && !supplied.includes(index)',
    'marks[index] === undefined',
  ),
  fault('task-locks', 'a task waits no longer than its attempt', TASK_LOCKS, '{ wait, signal, ', '{ wait, '),
  fault(
    'task-locks',
    'it does not begin when that is over',
    TASK_LOCKS,
    '        signal.throwIfAborted();\n',
  ),
  fault(
    'task-locks',
    'a task whose lock is lost is told',
    TASK_LOCKS,
    'new SignalledContext(task, () => lock.signal)',
    'new SignalledContext(task, () => task.signal)',
  ),
  fault(
    'task-locks',
    'before any timer could tell',
    'task/signalled.context',
    'const other = this.other();',
    'const other = this.both ?? this.other();',
  ),
  fault('task-locks', 'and of what ends its attempt', 'task/signalled.context', 'this.task.signal, '),
  fault(
    'task-locks',
    'a lock is kept until the handler has ended, and not longer',
    TASK_LOCKS,
    '        await lock.release();\n',
    '        void lock;\n',
  ),
  fault('task-locks', "keys are the queue's own", TASK_LOCKS, '`task:${queue}:${its}`', '`task:${its}`'),
  fault(
    'task-locks',
    'that the engine is away is no attempt',
    TASK_LOCKS,
    'throw isAway(error) ? notBegun(error, deferMs()) : error;',
    'throw [isAway, notBegun, error][2];',
  ),
  fault(
    'test/integration/locked-processor.spec.ts',
    'a class that takes batches can not be locked',
    'task/discovery/processor.explorer',
    'if (locked && batch)',
    'if (locked && batch && !title)',
  ),
];
