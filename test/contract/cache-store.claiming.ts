import { expect, it } from '@jest/globals';
import type { CacheLease, CacheStore } from '../../lib/cache/cache.store.js';
import {
  claim,
  entry,
  entryAt,
  everywhere,
  HOUR,
  keyed,
  leaseOf,
  put,
  request,
  takenOf,
  valueAt,
  type CacheScene,
  type Taken,
} from './cache-store.scene.js';

const MINUTE = 60_000;

export function claimingCases(scene: () => CacheScene): void {
  it('grants a key to the first who claims it, and tells others who has it', async () => {
    const { store, other } = scene();
    const lease = await leaseOf(store, 'k');

    const [mine, theirs] = [await takenOf(store, 'k'), await takenOf(other, 'k')];

    expect(mine.holder).toBe(theirs.holder);
    expect(await lease.fill(entry('made'))).toBe(true);
    await everywhere(scene(), async (each) => expect(await valueAt(each, 'k')).toBe('made'));
  });

  it('grants it once, however many claim it at once', async () => {
    const { store, other } = scene();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, at) => claim(at % 2 === 0 ? store : other, 'k')),
    );

    expect(answers.filter(({ kind }) => kind === 'granted')).toHaveLength(1);
    expect(answers.filter(({ kind }) => kind === 'taken')).toHaveLength(49);
  });

  it('answers with an entry that is there', async () => {
    await put(scene().store, 'k', 'one');

    await everywhere(scene(), async (each) => {
      const found = await claim(each, 'k');
      expect(found).toMatchObject({ kind: 'found', entry: await each.read('k') });
      if (found.kind === 'found') expect(found.entry.value.copy()).toBe('one');
    });
  });

  it('answers with a stale entry, too', async () => {
    await put(scene().store, 'k', 'one', { freshMs: MINUTE, graceMs: HOUR });
    await scene().advance(MINUTE);

    expect(await claim(scene().store, 'k')).toMatchObject({ kind: 'found' });
  });

  it('grants a key whose entry the caller has seen and does not want', async () => {
    const { store } = scene();
    await put(store, 'k', 'one');
    const { version } = await entryAt(store, 'k');

    const lease = await leaseOf(store, 'k', { seen: version });

    expect(await valueAt(store, 'k')).toBe('one');
    expect(await lease.fill(entry('two'))).toBe(true);
    await everywhere(scene(), async (each) => expect(await valueAt(each, 'k')).toBe('two'));
  });

  it('answers with what was stored after the caller had looked', async () => {
    const { store, other } = scene();
    await put(store, 'k', 'one');
    const { version } = await entryAt(store, 'k');
    await put(other, 'k', 'two');

    const found = await claim(store, 'k', { seen: version });

    expect(found).toMatchObject({ kind: 'found' });
    if (found.kind === 'found') expect(found.entry.value.copy()).toBe('two');
  });

  it('grants a key whose entry is gone since the caller has seen it', async () => {
    const { store, other } = scene();
    for (const key of ['a', 'b']) await put(store, key, 'one', { tags: ['t'] });
    const { version } = await entryAt(store, 'a');
    const { version: versionOfB } = await entryAt(store, 'b');
    await other.delete(['a']);
    await store.invalidateTags(['t']);

    await leaseOf(store, 'a', { seen: version });
    await leaseOf(store, 'b', { seen: versionOfB });
  });

  it('answers many requests in order, each for itself', async () => {
    const { store, other } = scene();
    await store.write([keyed('found', 1), keyed('seen', 2)]);
    const { version } = await entryAt(store, 'seen');
    await leaseOf(other, 'taken');
    await (await leaseOf(other, 'failed')).fail('"no"', HOUR);

    const answers = await store.claim([
      request('taken'),
      request('found'),
      request('free'),
      request('failed'),
      request('seen', { seen: version }),
      request('free'),
    ]);

    expect(answers.map(({ kind }) => kind)).toEqual([
      ...['taken', 'found', 'granted', 'failed', 'granted', 'taken'],
    ]);
    expect(await store.claim([])).toEqual([]);
  });

  it('grants a thousand keys at once', async () => {
    const { store } = scene();
    const keys = Array.from({ length: 1_000 }, (_, at) => `key ${at}`);
    const leases: CacheLease[] = [];
    for (const answer of await store.claim(keys.map((key) => request(key)))) {
      if (answer.kind === 'granted') leases.push(answer.lease);
    }
    expect(leases).toHaveLength(1_000);

    const landed = await Promise.all(leases.map((lease, at) => lease.fill(entry(at))));

    expect(new Set(landed)).toEqual(new Set([true]));
    const read = await store.readMany(keys);
    expect(read.map((found) => found?.value.copy())).toEqual([...keys.keys()]);
  });
}

export function waitingCases(scene: () => CacheScene): void {
  const ends: readonly [string, (lease: CacheLease, store: CacheStore) => Promise<unknown>, string][] = [
    ['has stored the value', (lease) => lease.fill(entry('made')), 'found'],
    ['gives it up', (lease) => lease.release(), 'granted'],
    ['has failed', (lease) => lease.fail('"no"', 0), 'failed'],
    ['is overtaken by a value', (_, store) => put(store, 'k', 'stored'), 'found'],
    ['is overtaken by a number', (_, store) => store.increment('k', 1, HOUR), 'found'],
    ['is overtaken by a delete', (_, store) => store.delete(['k']), 'granted'],
  ];

  it.each(ends)('wakes those who wait when he who makes it %s', async (_, end, next) => {
    const { store, other } = scene();
    const lease = await leaseOf(store, 'k');
    const waiting = [await takenOf(store, 'k'), await takenOf(other, 'k'), await takenOf(other, 'k')];
    const woken = Promise.all(waiting.map(({ changed }) => changed()));

    await end(lease, store);

    await woken;
    const { holder } = waiting[1] as Taken;
    const again = await claim(other, 'k', { waitedFor: holder });
    expect(again.kind).toBe(next);
    if (again.kind === 'failed') expect(again.error).toBe('"no"');
  });

  it('does not keep anybody waiting who begins when it has ended', async () => {
    const { store, other } = scene();
    const lease = await leaseOf(store, 'k');
    const [mine, theirs] = [await takenOf(store, 'k'), await takenOf(other, 'k')];
    await lease.release();

    await mine.changed();
    await theirs.changed();
  });

  it('wakes at once who gives up waiting, and nobody else', async () => {
    const { store, other } = scene();
    const lease = await leaseOf(store, 'k');
    const { changed } = await takenOf(other, 'k');
    const abort = new AbortController();
    const [impatient, patient] = [changed(abort.signal), changed()];
    let woken = false;
    void patient.then(() => (woken = true));

    abort.abort();
    await impatient;
    await changed(abort.signal);
    expect(woken).toBe(false);

    await lease.release();
    await patient;
  });

  it('wakes those who wait for one key, and not those who wait for another', async () => {
    const { store, other } = scene();
    const [a, b] = [await leaseOf(store, 'a'), await leaseOf(store, 'b')];
    const [forA, forB] = [await takenOf(other, 'a'), await takenOf(other, 'b')];
    const wokenForA = forA.changed();
    let woken = false;
    const wokenForB = forB.changed().then(() => (woken = true));

    await a.release();
    await wokenForA;
    expect(woken).toBe(false);

    await b.release();
    await wokenForB;
  });
}
