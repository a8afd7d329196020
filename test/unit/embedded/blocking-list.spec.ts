import { describe, expect, test } from '@jest/globals';
import { BlockingList } from '../../../lib/engines/embedded/blocking-list.js';
import { settled } from '../../support/manual-clock.js';
import { random } from '../../support/random.js';

describe('BlockingList', () => {
  test('gives at the head what was pushed at the tail', () => {
    const list = new BlockingList<number>();
    list.push(1, 2, 3);

    expect(list.shift(2)).toEqual([1, 2]);
    expect(list.shift(2)).toEqual([3]);
    expect(list.shift(2)).toEqual([]);
  });

  test('puts what is unshifted before the rest, in its own order', () => {
    const list = new BlockingList<number>();
    list.push(3);
    list.unshift(1, 2);

    expect(list.shift(3)).toEqual([1, 2, 3]);
  });

  test('serves waiters in the order in which they came', async () => {
    const list = new BlockingList<string>();
    const served: string[] = [];
    const waits = ['first', 'second', 'third'].map((name) =>
      list.take().then((item) => served.push(`${name}:${item}`)),
    );
    list.push('a', 'b');
    list.unshift('c', 'd');
    await Promise.all(waits);

    expect(served).toEqual(['first:a', 'second:b', 'third:c']);
    expect(list.toArray()).toEqual(['d']);
  });

  test('gives what is there at once', async () => {
    const list = new BlockingList<number>();
    list.push(1, 2);

    await expect(list.take()).resolves.toBe(1);
    expect(list.length).toBe(1);
  });

  test('loses nothing to a waiter that gave up', async () => {
    const list = new BlockingList<number>();
    const gone = new AbortController();
    const first = list.take(gone.signal);
    const second = list.take();
    gone.abort(new Error('enough'));
    list.push(1);

    await expect(first).rejects.toThrow('enough');
    await expect(second).resolves.toBe(1);
    expect(list.length).toBe(0);
  });

  test('gives nothing to a waiter whose signal has aborted already', async () => {
    const list = new BlockingList<number>();
    list.push(1);

    await expect(list.take(AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
    expect(list.shift()).toEqual([1]);
  });

  test('keeps an item that was given before the signal aborted', async () => {
    const list = new BlockingList<number>();
    const late = new AbortController();
    const taken = list.take(late.signal);
    list.push(1);
    late.abort();

    await expect(taken).resolves.toBe(1);
  });

  test('removes the first occurrence only', () => {
    const list = new BlockingList<number>();
    list.push(1, 2, 1);

    expect(list.remove(1)).toBe(true);
    expect(list.remove(9)).toBe(false);
    expect(list.toArray()).toEqual([2, 1]);
  });

  test('agrees with a naive model over random operations', async () => {
    const { below } = random(11);
    for (let round = 0; round < 12; round++) {
      const list = new BlockingList<number>();
      const model: number[] = [];
      for (let step = 0; step < 300; step++) {
        const item = below(1000);
        switch (below(7)) {
          case 0:
          case 1:
          case 2:
            list.push(item, item + 1);
            model.push(item, item + 1);
            break;
          case 3:
            list.unshift(item, item + 1);
            model.unshift(item, item + 1);
            break;
          case 4: {
            const count = below(8);
            expect(list.shift(count)).toEqual(model.splice(0, count));
            break;
          }
          case 5: {
            const at = model.indexOf(item);
            expect(list.remove(item)).toBe(at >= 0);
            if (at >= 0) model.splice(at, 1);
            break;
          }
          default:
            if (model.length > 0) expect(await list.take()).toBe(model.shift());
        }
        expect(list.length).toBe(model.length);
      }
      expect(list.toArray()).toEqual(model);
    }
  });

  test('gives every item to exactly one waiter, whoever gives up', async () => {
    const { below } = random(13);
    const list = new BlockingList<number>();
    const got: number[] = [];
    const waiting: AbortController[] = [];
    let pushed = 0;
    for (let step = 0; step < 5_000; step++) {
      const choice = below(5);
      if (choice < 2) list.push(pushed++);
      else if (choice === 2) waiting[below(waiting.length)]?.abort();
      else {
        const controller = new AbortController();
        waiting.push(controller);
        void list.take(controller.signal).then(
          (item) => got.push(item),
          () => undefined,
        );
      }
    }
    await settled();

    expect([...got, ...list.shift(pushed)].sort((a, b) => a - b)).toEqual(
      Array.from({ length: pushed }, (_, n) => n),
    );
  });
});
