import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { uniqueNamespace } from '../support/namespace.js';
import { LockFleet } from './lock-fleet.js';
import type { LockNode } from './lock-node.js';
import type { Written } from './lock-node.messages.js';

const KEY = 'stock:42';
const TTL_MS = 300;

/**
 * A process that is suspended just after it has looked cannot know that its lock is gone. No library can help it: only the
 * resource can tell, and only by the fencing token.
 */
describe('a process that sleeps between its look at the lock and its write', () => {
  let fleet: LockFleet;

  beforeAll(async () => {
    fleet = await LockFleet.start(2);
  }, 60_000);

  afterAll(() => fleet.stop());

  /** What the one who slept has written, after the other one had the lock and wrote. */
  async function oversleep(fenced: boolean): Promise<{ readonly slept: Written; readonly other: Written }> {
    const namespace = uniqueNamespace('fence');
    if (!fenced) fleet.ledger.unfence(namespace);
    const [sleeper, other] = fleet.nodes as [LockNode, LockNode];
    await Promise.all(fleet.nodes.map((node) => node.open(namespace)));
    const holding = { namespace, key: KEY, ttl: TTL_MS };
    await sleeper.hold(holding);
    const slept = sleeper.sleepAndWrite(KEY);
    // Nobody renews it any more.
    await other.hold(holding);
    const written = await other.write(KEY);
    sleeper.resume();
    return { slept: await slept, other: written };
  }

  it('writes over what the next one has written, when nobody looks at tokens', async () => {
    const { slept, other } = await oversleep(false);
    expect(other).toEqual({ held: true, heldAfter: true, admitted: true });
    // It had the lock when it looked, and nothing has told it otherwise before it wrote.
    expect(slept).toEqual({ held: true, heldAfter: false, admitted: true });
  });

  it('is refused when the resource has a fence', async () => {
    const { slept, other } = await oversleep(true);
    expect(other).toEqual({ held: true, heldAfter: true, admitted: true });
    expect(slept).toEqual({ held: true, heldAfter: false, admitted: false });
  });
});
