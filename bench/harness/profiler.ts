import { join } from 'node:path';
import { hottest } from './profile.table.js';

/** A process that can be profiled, as a `BenchProcess` can. */
export interface Profiled {
  startProfile(): Promise<void>;
  stopProfile(file: string): Promise<void>;
}

/** Writes a CPU profile of each of our processes for each part of a suite. */
export class Profiler {
  private readonly watched = new Map<string, Profiled>();
  private readonly written: (readonly string[])[] = [];
  private title: string | undefined;

  constructor(private readonly directory: string) {}

  /** A process that starts while a part is measured is profiled from then on. */
  watch(name: string, process: Profiled): void {
    this.watched.set(name, process);
    if (this.title !== undefined) void process.startProfile();
  }

  async begin(suite: string, part: string): Promise<void> {
    this.title = `${suite}-${part}`.replaceAll(/[^\w]+/g, '-').replace(/-$/, '');
    await Promise.all([...this.watched.values()].map((process) => process.startProfile()));
  }

  async end(): Promise<void> {
    const files = [...this.watched].map(([name, process]) => {
      const file = join(this.directory, `${this.title ?? ''}-${name}.cpuprofile`);
      return process.stopProfile(file).then(() => file);
    });
    this.title = undefined;
    this.written.push(await Promise.all(files));
  }

  /** For each part since the last report: the paths, and where the busiest of its processes has spent its time. */
  report(): readonly string[] {
    return this.written.splice(0).map((files) => [...files, hottest(files)].join('\n'));
  }
}
