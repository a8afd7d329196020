import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ExpiryHeap, type Expiring } from '../../../../lib/cache/memory/expiry.heap.js';

describe('an expiry heap', () => {
  const item = (expiresAt: number, order: number): Expiring => ({ expiresAt, order, place: -1 });

  it('is empty at first', () => {
    expect(new ExpiryHeap().first()).toBeUndefined();
  });

  it('has the earliest first, and of equal ones the lowest order', () => {
    const heap = new ExpiryHeap();
    const items = [item(5, 0), item(3, 2), item(3, 1), item(9, 3)];
    for (const each of items) heap.add(each);

    const drained: Expiring[] = [];
    for (let first = heap.first(); first; first = heap.first()) {
      drained.push(first);
      heap.remove(first);
    }

    expect(drained).toEqual([items[2], items[1], items[0], items[3]]);
    expect(drained.map(({ place }) => place)).toEqual([-1, -1, -1, -1]);
  });

  it('is in order after one was taken out whose place the last one rises from', () => {
    const heap = new ExpiryHeap();
    const items = [1, 10, 2, 11, 12, 5, 4].map((expiresAt, order) => item(expiresAt, order));
    for (const each of items) heap.add(each);
    const [eleven] = items.filter(({ expiresAt }) => expiresAt === 11);
    if (eleven) heap.remove(eleven);

    const drained: number[] = [];
    for (let first = heap.first(); first; first = heap.first()) {
      drained.push(first.expiresAt);
      heap.remove(first);
    }
    expect(drained).toEqual([1, 2, 4, 5, 10, 12]);
  });

  it('lets one go that is not in it', () => {
    const heap = new ExpiryHeap();
    const [one, other] = [item(1, 0), item(2, 1)];
    heap.add(one);
    heap.remove(other);
    heap.remove(one);
    heap.remove(one);

    expect(heap.first()).toBeUndefined();
  });

  it('takes one again after it was cleared', () => {
    const heap = new ExpiryHeap();
    const one = item(1, 0);
    heap.add(one);
    heap.clear();
    expect(heap.first()).toBeUndefined();
    heap.remove(one);
    heap.add(one);

    expect(heap.first()).toBe(one);
  });

  it('gives all in order after any adding and removing', () => {
    const step = fc.record({ kind: fc.nat(3), at: fc.nat(100), which: fc.nat() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const heap = new ExpiryHeap();
        const there: Expiring[] = [];
        for (const [order, { kind, at, which }] of steps.entries()) {
          if (kind > 0 || there.length === 0) {
            there.push(item(at, order));
            heap.add(there.at(-1) ?? item(0, 0));
          } else {
            const [gone] = there.splice(which % there.length, 1);
            if (gone) heap.remove(gone);
          }
        }
        const drained: Expiring[] = [];
        for (let first = heap.first(); first; first = heap.first()) {
          drained.push(first);
          heap.remove(first);
        }

        there.sort((a, b) => a.expiresAt - b.expiresAt || a.order - b.order);
        expect(drained.map(({ order }) => order)).toEqual(there.map(({ order }) => order));
      }),
      { numRuns: 300 },
    );
  });
});
