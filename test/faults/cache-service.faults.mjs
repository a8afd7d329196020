const JOINING = 'test/integration/cache-fleet-joining.spec.ts';
const RANDOM = 'test/processes/cache-consistency.spec.ts';
const STALE = 'test/integration/cache-fleet-stale.spec.ts';

/** `about`: the suite of that name. */
const fault = (about, rule, file, search, replace = '') => ({
  rule: `cache: ${rule} (service)`,
  file: `lib/cache/cache.${file}.ts`,
  search,
  replace,
  suite: about.includes('/') ? about : `test/unit/cache/cache-${about}.spec.ts`,
});

/**
 * Deliberate faults in what a cache is over any store.
 *
 * @type {import('./faults.mjs').Fault[]}
 */
export const cacheServiceFaults = [
  fault(
    'races',
    'what is being made is forgotten when its key is',
    'productions',
    'else this.flights.forget(id);',
    '',
  ),
  fault(
    'races',
    'and when any key is',
    'productions',
    'if (id === undefined) this.flights.forgetAll();\n    else ',
    '',
  ),
  fault(
    JOINING,
    'what another process is making is forgotten when it is told to',
    'registry',
    'store.onChange((id) => productions.forget(id));',
    '',
  ),
  fault(
    'failing',
    'another failure than the awaited one is not for us',
    'productions',
    'waitedFor = claim.holder;',
    '',
  ),
  fault(
    STALE,
    'an entry that was found and is stale is not found again',
    'productions',
    'seen = claim.entry.version;',
    'return claim.entry.value;',
  ),
  fault(
    'failing',
    'those who wait elsewhere are told of a failure',
    'factories',
    'if (lease) await writes.attempt(one, () => lease.fail(failure, order.policy.errorTtlMs));',
    'void [one, lease, failure, writes];',
  ),
  fault('refreshing', 'a refresh that failed rests', 'productions', '      this.resting.add(id);\n', ''),
  fault(
    'making',
    'nobody waits for what is not stored',
    'factories',
    '    await writes.attempt(key, () => lease.release());\n',
    '',
  ),
  fault(
    'making',
    'unless',
    'factories',
    'value === undefined || options.unless?.(value)',
    'value === undefined',
  ),
  fault('timeout', 'the hard time-out', 'productions', 'this.parts.clock.after(hardMs, late)', '() => late'),
  fault(
    'ttl',
    'what is stale is not peeked at',
    'lookup',
    'if (entry === undefined || entry.freshUntil <= now) return undefined;\n    return this.memoryHit',
    'if (entry === undefined) return undefined;\n    return this.memoryHit',
  ),
  fault(
    'grace',
    'no longer than the grace',
    'lookup',
    'entry.freshUntil + policy.graceMs > now',
    'policy.graceMs > 0',
  ),
  fault('grace', 'the soft time-out', 'lookup', 'policy.softMs === 0 ? undefined :', ''),
  fault(
    'refreshing',
    'refreshing ahead of time',
    'lookup',
    'if (this.parts.clock.now() >= dueAt)',
    'if (dueAt > 0)',
  ),
  fault(RANDOM, 'bulk answers are in order', 'lookup', 'entries?.[next++]', 'entries?.[at]'),
  fault(
    'values',
    'everybody has a copy',
    'lookup',
    'this.frozen ? value.shared() : value.copy()',
    'value.shared()',
  ),
  fault(
    'ttl',
    'undefined leaves nothing',
    'service',
    '        removed.length > 0 && this.store.delete(removed),\n',
    '',
  ),
  fault(
    'races',
    'who asks after a change gets nothing from before',
    'service',
    'for (const key of keys) this.lookup.forget(key);',
    '',
  ),
  fault(
    'races',
    'who asks after an invalidation, too',
    'service',
    '    this.lookup.forget(undefined);\n',
    '',
  ),
  fault('ttl', 'null has a ttl of its own', 'lifetime', 'nullTtlMs ?? always', 'always'),
  fault('refreshing', 'jitter', 'lifetime', '(1 - policy.jitter * Math.random())', '1'),
  fault(
    'away',
    'what a refused change says is for the caller',
    'outage',
    '(error) => error instanceof EngineUnavailableError',
    '() => true',
  ),
  fault(
    'failing',
    'an error keeps what hangs on it',
    'failure',
    'Object.fromEntries(Object.entries(error))',
    '{}',
  ),
];
