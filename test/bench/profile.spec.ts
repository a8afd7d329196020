import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { hottest } from '../../bench/harness/profile.table.js';
import { Profiler } from '../../bench/harness/profiler.js';

const frame = (functionName: string) => ({
  functionName,
  url: 'file:///depot/lib/task/queue.ts',
  lineNumber: 9,
});

function profileOf(times: Readonly<Record<string, number>>): string {
  const names = Object.keys(times);
  return JSON.stringify({
    nodes: names.map((name, id) => ({
      id,
      callFrame: name.startsWith('(') ? { ...frame(name), url: '' } : frame(name),
    })),
    samples: names.map((_, id) => id),
    timeDeltas: Object.values(times),
  });
}

describe('CPU profiles', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'depot-profiles-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const write = (name: string, text: string): string => {
    const file = join(directory, name);
    writeFileSync(file, text);
    return file;
  };

  it('are shown as the self time of the busiest process, without its waiting', () => {
    const waits = write('waits.cpuprofile', profileOf({ '(idle)': 9_000_000, add: 1_000 }));
    const works = write('works.cpuprofile', profileOf({ '(idle)': 1_000, step: 30_000, claim: 10_000 }));
    expect(hottest([waits, works]).split('\n')).toEqual([
      'works.cpuprofile: 40 ms busy, self time',
      ' 75.0 %       30.0 ms  step lib/task/queue.ts:10',
      ' 25.0 %       10.0 ms  claim lib/task/queue.ts:10',
    ]);
  });

  it('are written for each part and process, those included that start in the middle', async () => {
    const profiler = new Profiler(directory);
    const processOf = (name: string) => {
      let begun = 0;
      return {
        startProfile: async () => void begun++,
        stopProfile: async (file: string) => {
          writeFileSync(file, profileOf({ [`${name}${begun}`]: 1_000 }));
        },
      };
    };
    profiler.watch('producer', processOf('producer'));
    await profiler.begin('tasks', 'run concurrency 1 /s');
    profiler.watch('worker', processOf('worker'));
    await profiler.end();
    const file = (name: string): string => join(directory, `tasks-run-concurrency-1-s-${name}.cpuprofile`);
    expect(profiler.report()[0]).toContain(`${file('producer')}\n${file('worker')}\n`);
    expect(readFileSync(file('worker'), 'utf8')).toContain('worker1');
    expect(profiler.report()).toEqual([]);
  });
});
