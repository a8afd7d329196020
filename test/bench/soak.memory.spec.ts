import { describe, expect, it } from '@jest/globals';
import { Memory } from '../../bench/own/soak.memory.js';

describe('the memory of a soak', () => {
  const memory = new Memory({}, undefined);

  it('is steady within 5 %', () => {
    expect(memory.changed({ worker: 100, Redis: 100 }, { worker: 104, Redis: 96 })).toEqual([]);
  });

  it('is not steady when it grows or shrinks by more', () => {
    expect(memory.changed({ worker: 100, Redis: 100 }, { worker: 106, Redis: 94 })).toEqual([
      'worker has changed by 6.0 %',
      'Redis has changed by -6.0 %',
    ]);
  });

  it('is not steady when it was not measured before', () => {
    expect(memory.changed({}, { worker: 100 })).toHaveLength(1);
  });

  it('is the least of what a process has been seen with', async () => {
    const seen = [30, 10, 20];
    const worker = { heapUsed: async (): Promise<number> => seen.shift() ?? 100 };
    expect(await new Memory({ worker }, undefined).measure()).toEqual({ 'heap of the worker': 10 });
  });
});
