import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { CacheLease, CacheStore } from '../../lib/cache/cache.store.js';
import { EngineReplyError } from '../../lib/common/errors.js';
import { eventually } from '../support/eventually.js';
import { CacheModel, namesOf, type ModelLease } from './cache-store.model.js';
import { CacheScene, claim, entry, HOUR, keyed, type CacheBench } from './cache-store.scene.js';

const SEARCH_MS = 15_000;
/** What another process does is heard of in far less. */
const HEARD_WITHIN = { within: 1_000 };
const NEVER = Number.POSITIVE_INFINITY;
const KEYS = ['a', 'b', 'ab', '{b}'];
const ALL_SPACES = [0, 1, 2, 3];
const PATTERNS: readonly (readonly [string, (key: string) => boolean])[] = [
  ['*', () => true],
  ['a*', (key) => key.startsWith('a')],
  ['?', (key) => key.length === 1],
  ['*b*', (key) => key.includes('b')],
  ['{b}', (key) => key === '{b}'],
];

const KINDS = [
  ...['write', 'write', 'delete', 'expire', 'increment', 'claim', 'claim', 'claim', 'end', 'end', 'end'],
  ...['match', 'invalidate', 'tags', 'advance'],
] as const;

/** What happens, as far as its kind has a use for it. */
const step = fc.record({
  kind: fc.constantFrom(...KINDS),
  by: fc.nat(1),
  space: fc.constantFrom(...ALL_SPACES),
  keys: fc.uniqueArray(fc.constantFrom(...KEYS), { minLength: 1, maxLength: 3 }),
  value: fc.oneof(fc.nat(9), fc.constantFrom('x', 'y')),
  freshMs: fc.constantFrom(HOUR, 2 * HOUR, NEVER),
  graceMs: fc.constantFrom(0, HOUR, NEVER),
  tags: fc.uniqueArray(fc.constantFrom<string>('t', 'u', 'v'), { maxLength: 2 }),
  pattern: fc.nat(PATTERNS.length - 1),
  how: fc.constantFrom('fill', 'fill', 'fail', 'release'),
  /** Sees the entry that is there before it claims; ends its freshness; fails for a while; … */
  yes: fc.boolean(),
  which: fc.nat(99),
  /** Everybody looks afterwards. Not always: to look may remove what is gone. */
  looks: fc.boolean(),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

interface Held {
  readonly lease: CacheLease;
  readonly model: ModelLease;
}

/** Random histories of calls by two processes: after each, the store has to be as a plain model is. */
export function historyCases(bench: () => CacheBench, runs: number): void {
  it(`is as a plain model is in ${runs} random histories`, async () => {
    let histories = 0;
    const prefix = `history-${process.pid}`;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), async (steps) => {
        const history = new History(new CacheScene(bench(), `${prefix}-${++histories}`));
        try {
          for (const each of steps) await history.take(each);
          await history.lookAround();
        } finally {
          await history.end();
        }
      }),
      // A failure is made shorter for a while; what is found by then is what is shown.
      { numRuns: runs, interruptAfterTimeLimit: SEARCH_MS },
    );
  });
}

class History {
  private readonly model: CacheModel;
  private readonly spaces: readonly (readonly [CacheStore, CacheStore])[];
  private held: Held[] = [];
  private lastBy = 0;

  constructor(private readonly scene: CacheScene) {
    this.model = new CacheModel(() => scene.bench.now());
    this.spaces = ALL_SPACES.map((space) => {
      const { store, other } = scene.within(...namesOf(space));
      return [store, other];
    });
  }

  async take(next: Step): Promise<void> {
    // What a process hears of the other may come a moment later.
    if (this.scene.isShared && next.by !== this.lastBy) await this.look(next.by);
    this.lastBy = next.by;
    await this.act(next, this.storeOf(next.by, next.space));
    if (next.looks) await this.lookAround();
  }

  async lookAround(): Promise<void> {
    await this.look(this.lastBy);
    await this.look(1 - this.lastBy);
  }

  async end(): Promise<void> {
    for (const { lease } of this.held.splice(0)) await lease.release();
  }

  private storeOf(by: number, space: number): CacheStore {
    const store = this.spaces[space]?.[by === 0 ? 0 : 1];
    if (!store) throw new Error(`there is no space ${space}`);
    return store;
  }

  private async act(next: Step, store: CacheStore): Promise<void> {
    const { model } = this;
    const { space, keys, value, freshMs, graceMs, tags } = next;
    const [key = ''] = keys;
    switch (next.kind) {
      case 'write':
        await store.write(keys.map((each) => keyed(each, value, { freshMs, graceMs, tags })));
        for (const each of keys) this.keep(space, each, next);
        return;
      case 'delete':
        expect(await store.delete(keys)).toBe(
          keys.reduce((count, each) => count + model.delete(space, each), 0),
        );
        return;
      case 'expire': {
        const ms = next.yes ? 0 : freshMs;
        expect(await store.expire(key, ms)).toBe(model.expire(space, key, ms));
        return;
      }
      case 'increment': {
        const sum = model.increment(space, key, next.which, freshMs);
        const answer = store.increment(key, next.which, freshMs);
        if (sum === undefined) await expect(answer).rejects.toThrow(EngineReplyError);
        else expect(await answer).toBe(sum);
        return;
      }
      case 'claim':
        return this.claim(next, key, store);
      case 'end':
        return this.endOne(next);
      case 'match': {
        const [pattern, matches] = PATTERNS[next.pattern] ?? ['*', () => true];
        expect(await store.deleteMatching(pattern)).toBe(model.deleteMatching(space, matches));
        return;
      }
      case 'invalidate':
        await store.invalidate();
        return model.invalidate(space);
      case 'tags':
        await store.invalidateTags(tags);
        return model.invalidateTags(tags);
      case 'advance':
        return this.advance();
    }
  }

  private async claim({ space, tags, yes, how }: Step, key: string, store: CacheStore): Promise<void> {
    const { model } = this;
    const entryThere = yes ? model.entry(space, key) : undefined;
    const seen = entryThere && (await store.read(key))?.version;
    const lateTags = how === 'release';
    const allowed = model.answers({ space, key, tags, lateTags }, entryThere?.number);
    const answer = await claim(store, key, { tags, lateTags, seen });
    expect(allowed).toContain(answer.kind);
    if (answer.kind === 'found') expect(answer.entry.value.copy()).toBe(model.entry(space, key)?.value);
    if (answer.kind !== 'granted') return;
    this.held.push({ lease: answer.lease, model: model.grant({ space, key, tags, lateTags }) });
  }

  private async endOne(next: Step): Promise<void> {
    const [held] = this.held.splice(next.which % Math.max(1, this.held.length), 1);
    if (!held) return;
    const { lease, model: about } = held;
    if (next.how === 'release') {
      await lease.release();
      this.model.release(about);
    } else if (next.how === 'fail') {
      const ttlMs = next.yes ? HOUR : 0;
      await lease.fail('"no"', ttlMs);
      this.model.fail(about, ttlMs);
    } else {
      await this.fill(next, lease, about);
    }
  }

  private async fill(next: Step, lease: CacheLease, about: ModelLease): Promise<void> {
    const { value, freshMs, graceMs } = next;
    const tags = about.lateTags ? [...new Set([...about.tags, ...next.tags])] : about.tags;
    const expected = this.model.stores(about, tags);
    const landed = await lease.fill(entry(value, { freshMs, graceMs, tags }));
    if (expected === 'yes') expect(landed).toBe(true);
    if (expected === 'overtaken') expect(landed).toBe(false);
    if (landed && expected !== 'no') this.keep(about.space, about.key, { ...next, tags });
    // What another process has invalidated may be noticed only by who reads it; what was there before is gone then.
    else if (landed) this.model.delete(about.space, about.key);
    else this.model.release(about);
  }

  private keep(
    space: number,
    key: string,
    {
      value,
      freshMs,
      graceMs,
      tags,
    }: Pick<Step, 'value' | 'freshMs' | 'graceMs'> & {
      readonly tags: readonly string[];
    },
  ): void {
    const freshUntil = this.scene.bench.now() + freshMs;
    this.model.store({ space, key, value, freshUntil, graceMs, tags });
  }

  /** With nobody at work: a lease may not outlive the time in which a process is heard of. */
  private async advance(): Promise<void> {
    for (const { lease, model } of this.held.splice(0)) {
      await lease.release();
      this.model.release(model);
    }
    await this.scene.advance(HOUR / 2);
  }

  /** What a process reads is what the model has. */
  private look(by: number): Promise<void> {
    return eventually(async () => {
      const read = await Promise.all(ALL_SPACES.map((space) => this.storeOf(by, space).readMany(KEYS)));
      const seen = read.map((entries) =>
        entries.map((found) => found && [found.value.copy(), found.freshUntil, found.keptUntil]),
      );
      const wanted = ALL_SPACES.map((space) =>
        KEYS.map((key) => {
          const kept = this.model.entry(space, key);
          return kept && [kept.value, kept.freshUntil, kept.freshUntil + kept.graceMs];
        }),
      );
      expect(seen).toEqual(wanted);
    }, HEARD_WITHIN);
  }
}
