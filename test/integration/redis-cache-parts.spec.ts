import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EngineReplyError, EngineUnavailableError } from '../../lib/common/errors.js';
import { Breaker, type Progress } from '../../lib/engines/redis/cache/breaker.js';
import { cacheKeyName, literalOf, SpaceKeys } from '../../lib/engines/redis/cache/cache-keys.js';
import { entryText, readEntry } from '../../lib/engines/redis/cache/entry.text.js';
import { OrderedBatch, type Kind } from '../../lib/engines/redis/cache/ordered-batch.js';
import { slotOf, Slots } from '../../lib/engines/redis/cache/slots.js';
import { UniqueTexts } from '../../lib/engines/redis/cache/unique-texts.js';
import { RedisKeys } from '../../lib/engines/redis/redis-keys.js';
import { Deferred } from '../support/deferred.js';
import { eventually } from '../support/eventually.js';

const keys = new RedisKeys('ns');
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
const awkward = fc.oneof(
  text,
  fc.string({ unit: fc.constantFrom(...Array.from('{}%#:/*?[]@\n\0a')), minLength: 1 }),
);

describe('names on Redis', () => {
  it('tell space and key again, whatever they are', () => {
    fc.assert(
      fc.property(awkward, fc.array(awkward, { maxLength: 3 }), awkward, (cache, names, key) => {
        const space = names.reduce((outer, name) => outer.namespace(name), SpaceKeys.cache(keys, cache));
        const entry = space.entry(key);

        expect(cacheKeyName(entry, keys.cachePrefix)).toEqual({ kind: 'entry', path: space.path, key });
        expect(space.keyOf(entry)).toBe(key);
        expect(space.entryOf(space.leaseOf(entry))).toBe(entry);
        expect(space.path.split('/').map(decodeURIComponent)).toEqual([cache, ...names]);
        expect(slotOf(space.leaseOf(entry))).toBe(slotOf(entry));
      }),
    );
  });

  it('tell epochs from entries, whatever the tag', () => {
    fc.assert(
      fc.property(awkward, awkward, (cache, tag) => {
        const space = SpaceKeys.cache(keys, cache).namespace('n');
        for (const epoch of [...space.epochs, space.clock, space.tag(tag)]) {
          expect(cacheKeyName(epoch, keys.cachePrefix)).toMatchObject({ kind: 'epoch' });
        }
      }),
    );
  });

  it('are not ours when they look otherwise', () => {
    for (const name of ['ns:cache:', 'ns:cache:key', 'ns:cache:a:b', 'ns:cache:a:{b']) {
      expect(cacheKeyName(name, keys.cachePrefix)).toBeUndefined();
    }
  });

  it('begin as the pattern does', () => {
    expect(['a{b*', 'abc', '*', 'a\\*', 'a[b]', '%?'].map(literalOf)).toEqual([
      'a%7Bb',
      'abc',
      '',
      'a',
      'a',
      '%25',
    ]);
  });

  it('lie in the slots that the specification has for them', () => {
    const found = ['foo', 'bar', '123456789', 'a{foo}b', '{}foo', 'a{foo'].map(slotOf);
    expect(found.slice(0, 4)).toEqual([12_182, 5_061, 12_739, 12_182]);
    expect(found.slice(4)).not.toContain(12_182);
  });
});

describe('the keys of one command', () => {
  it('are all, up to 1,000, on a server that is alone; those of a slot on a cluster', () => {
    const slots = new Slots();
    const many = Array.from({ length: 2_001 }, (_, at) => `key ${at}`);
    expect(slots.groups(many).map((group) => group.length)).toEqual([1_000, 1_000, 1]);
    slots.clustered = true;

    expect(slots.groups(['{a}1', '{b}1', '{a}2', '{b}2'])).toEqual([
      [0, 2],
      [1, 3],
    ]);
    expect(
      slots
        .groups(many)
        .flat()
        .sort((a, b) => a - b),
    ).toEqual(many.map((_, at) => at));
    expect(slots.groups([])).toEqual([]);
  });
});

describe('the text of an entry', () => {
  const space = SpaceKeys.cache(keys, 'c');
  const span = fc.oneof(fc.integer({ min: 1, max: 10 ** 12 }), fc.constant(Infinity));

  it('comes back as what it was made of', () => {
    fc.assert(
      fc.property(span, span, fc.array(fc.tuple(awkward, text)), awkward, (freshMs, graceMs, tags, value) => {
        const entry = { text: JSON.stringify(value), freshMs, graceMs, tags: tags.map(([tag]) => tag) };
        const stored = `@1000,${entryText(entry, 'v1_', 'e1_.e2_', tags.flat())}`;

        const read = readEntry(space, stored, 400);
        expect(read).toMatchObject({
          createdAt: 600,
          freshUntil: 600 + freshMs,
          keptUntil: 600 + freshMs + graceMs,
          version: 'v1_',
          scope: 'e1_.e2_',
          tags: tags.flat(),
        });
        expect(read?.value.copy()).toBe(value);
      }),
    );
  });

  it('is never an exception, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...Array.from('@,\n0129.ab[]"')), maxLength: 30 }),
        (rest) => {
          expect(() => readEntry(space, `@${rest}`, 0)).not.toThrow();
        },
      ),
    );
  });
});

describe('unique texts', () => {
  it('are not part of each other', () => {
    const texts = new UniqueTexts();
    const many = Array.from({ length: 100 }, () => texts.next());
    const all = many.join('.');
    for (const one of many) expect(all.split(one)).toHaveLength(2);
    expect(new UniqueTexts().next().slice(0, 12)).not.toBe(many[0]?.slice(0, 12));
  });
});

describe('calls of a tick', () => {
  const sent: string[][] = [];
  const kind = (name: string, prepare?: () => Promise<void> | undefined): Kind<string, string> => ({
    ...(prepare && { prepare }),
    send: async (items) => {
      sent.push([name, ...items]);
      return items.map((item) => `${name} ${item}`);
    },
  });

  it('travel together where one kind follows on itself, in the order in which they were made', async () => {
    sent.length = 0;
    const batch = new OrderedBatch();
    const [read, write] = [kind('read'), kind('write')];
    const answers = await Promise.all([
      batch.add(read, 'a'),
      batch.addAll(read, ['b', 'c']),
      batch.add(write, 'a'),
      batch.add(read, 'a'),
    ]);

    expect(answers).toEqual(['read a', ['read b', 'read c'], 'write a', 'read a']);
    expect(sent).toEqual([
      ['read', 'a', 'b', 'c'],
      ['write', 'a'],
      ['read', 'a'],
    ]);
  });

  it('wait for what has to be known for those before them', async () => {
    sent.length = 0;
    const batch = new OrderedBatch();
    const ready = new Deferred<void>();
    const write = kind('write', () => ready.promise);
    const read = kind('read');
    const all = [batch.add(write, 'a'), batch.add(read, 'a')];
    await new Promise((resolve) => setImmediate(resolve));
    const later = batch.add(read, 'b');
    await new Promise((resolve) => setImmediate(resolve));
    expect(sent).toEqual([]);
    ready.resolve();
    await Promise.all([...all, later]);

    expect(sent).toEqual([
      ['write', 'a'],
      ['read', 'a', 'b'],
    ]);
  });

  it('go on after those that fail', async () => {
    sent.length = 0;
    const batch = new OrderedBatch();
    const broken = kind('broken', () => Promise.reject(new Error('no')));
    const failing: Kind<string, string> = { send: () => Promise.reject(new Error('not sent')) };
    const [first, second, third] = await Promise.allSettled([
      batch.add(broken, 'a'),
      batch.addAll(failing, ['b']),
      batch.add(kind('read'), 'c'),
    ]);

    expect(first).toMatchObject({ status: 'rejected', reason: { message: 'no' } });
    expect(second).toMatchObject({ status: 'rejected', reason: { message: 'not sent' } });
    expect(third).toMatchObject({ status: 'fulfilled', value: 'read c' });
  });
});

describe('the breaker', () => {
  const PATIENCE_MS = 20;
  const open = (
    recover: () => Promise<boolean>,
    progress = (): Progress => ({ read: 0, backlog: 0 }),
  ): Breaker => new Breaker(PATIENCE_MS, progress, recover, () => undefined);
  const silent = (): Promise<never> => new Promise(() => undefined);

  it('gives up all that is not answered, and lets nothing through until it has recovered', async () => {
    const back = new Deferred<boolean>();
    const breaker = open(() => back.promise);
    const answer = new Deferred<string>();
    const calls = [breaker.call(() => answer.promise), breaker.call(silent)];
    for (const call of calls) await expect(call).rejects.toBeInstanceOf(EngineUnavailableError);
    let sent = false;
    const send = async (): Promise<void> => void (sent = true);
    await expect(breaker.call(send)).rejects.toBeInstanceOf(EngineUnavailableError);

    answer.resolve('late');
    await new Promise((resolve) => setImmediate(resolve));
    await expect(breaker.call(send)).rejects.toBeInstanceOf(EngineUnavailableError);
    expect(sent).toBe(false);
    back.resolve(true);
    await eventually(() => breaker.call(send));
    expect(sent).toBe(true);
  });

  it('asks again by itself where the first attempt to recover fails', async () => {
    let attempts = 0;
    const breaker = open(async () => ++attempts === 3);
    breaker.owes();

    await eventually(() => expect(breaker.isOpen).toBe(false));
    expect(attempts).toBe(3);
  });

  it('takes a refusal for an answer, and a lost connection for none', async () => {
    const breaker = open(silent);
    const refused = breaker.call(() => Promise.reject(new EngineReplyError('no')));
    await expect(refused).rejects.toBeInstanceOf(EngineReplyError);
    const lost = breaker.call(() => Promise.reject(new EngineUnavailableError('gone')));
    await expect(lost).rejects.toThrow('gone');

    expect(breaker.isOpen).toBe(false);
  });

  it.each([
    ['of which parts keep coming', (look: number): Progress => ({ read: look, backlog: 0 })],
    ['to what is still on its way', (look: number): Progress => ({ read: 0, backlog: 1_000 - look })],
  ])('waits for an answer %s', async (_which, at) => {
    let looks = 0;
    const breaker = open(silent, () => at(looks++));
    const answer = new Deferred<string>();
    const call = breaker.call(() => answer.promise);
    await eventually(() => expect(looks).toBeGreaterThan(5));
    answer.resolve('large');

    expect(await call).toBe('large');
  });

  it('lets nothing through and does nothing any more when it was stopped', async () => {
    let attempts = 0;
    const breaker = open(async () => ++attempts > 0);
    breaker.stop();
    breaker.owes();
    await breaker.alive();

    await expect(breaker.call(silent)).rejects.toBeInstanceOf(EngineUnavailableError);
    expect(attempts).toBe(0);
  });
});
