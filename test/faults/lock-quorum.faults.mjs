const fault = (rule, theme, file, search, replace) => ({
  rule: `locks: ${rule} (quorum)`,
  file: `lib/lock/quorum/${file}.ts`,
  search,
  replace,
  suite: `test/unit/lock-quorum/${theme}.spec.ts`,
});

/**
 * Deliberate faults in how a majority of servers holds a lock.
 *
 * @type {import('./faults.mjs').Fault[]}
 */
export const lockQuorumFaults = [
  fault(
    'a majority is more than half',
    'quorum.granting',
    'quorum.terms',
    'Math.floor(servers / 2) + 1',
    'Math.floor(servers / 2)',
  ),
  fault(
    'A19: the greatest token is written back',
    'quorum.granting',
    'quorum.gathering',
    'server.extend(this.claim, this.ttlMs, token)',
    'server.extend(this.claim, this.ttlMs)',
  ),
  fault(
    'A19: the greatest token counts',
    'quorum.granting',
    'quorum.gathering',
    'this.greatest = Math.max(...this.tokens.values());',
    'this.greatest = Math.min(...this.tokens.values());',
  ),
  fault(
    'servers keep a lock for longer than its holder counts on',
    'quorum.granting',
    'quorum.terms',
    'Math.ceil(ttlMs * (1 + drift)) + ROUNDING_MS',
    'ttlMs',
  ),
  fault(
    'permits are refused',
    'quorum.granting',
    'quorum.terms',
    '  throw new DepotConfigError(\n    `Lock',
    '  if (key === "") throw new DepotConfigError(\n    `Lock',
  ),
  fault(
    'what was lost is given back',
    'quorum.granting',
    'quorum.gathering',
    "if (standing !== 'refused') server.giveBack(this.claim);",
    "if (standing === 'refused') server.giveBack(this.claim);",
  ),
  fault(
    'a renewal takes the lock where it was missing',
    'quorum.holding',
    'quorum-lock.store',
    'if (has) void this.rejoin(claim, asked, poll);\n',
    '',
  ),
  fault(
    'an extension needs a majority',
    'quorum.holding',
    'quorum.poll',
    'if (count(true) >= needed) return true;',
    'if (count(true) >= 1) return true;',
  ),
];
