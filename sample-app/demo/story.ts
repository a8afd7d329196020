import { stdout } from 'node:process';

const colour = (code: number, text: string): string => (stdout.isTTY ? `\x1b[${code}m${text}\x1b[0m` : text);
const BAR = 24;

/** Tells on the terminal what happens, and counts what is not as it should be. */
export class Story {
  failures = 0;
  private readonly startedAt = performance.now();
  private live = false;
  private printedAt = -Infinity;
  private printed = '';

  chapter(title: string): void {
    this.print(`\n${colour(1, title)}`);
  }

  tell(text: string): void {
    this.print(`  ${text}`);
  }

  /** A promise of the app, kept or not. */
  check(promise: string, kept: boolean, detail: string): void {
    if (!kept) this.failures += 1;
    const mark = kept ? colour(32, '✔') : colour(31, '✘');
    this.print(`  ${mark} ${promise.padEnd(46)} ${colour(kept ? 2 : 31, detail)}`);
  }

  /** How far it is: one line that stays in place on a terminal; elsewhere a line a second, if it has news. */
  progress(done: number, total: number, status: string): void {
    const now = performance.now();
    const state = `${done} ${total} ${status}`;
    if (!stdout.isTTY && (now - this.printedAt < 1_000 || state === this.printed)) return;
    this.printedAt = now;
    this.printed = state;
    const filled = Math.round((BAR * done) / total);
    const bar = '█'.repeat(filled) + '░'.repeat(BAR - filled);
    const seconds = ((now - this.startedAt) / 1_000).toFixed(1).padStart(5);
    const line = `  ${seconds} s  ${bar}  ${String(done).padStart(3)} of ${total} ended   ${status}`;
    if (stdout.isTTY) stdout.write(`\r\x1b[K${line.slice(0, stdout.columns - 1)}`);
    else stdout.write(`${line}\n`);
    this.live = stdout.isTTY;
  }

  private print(line: string): void {
    stdout.write(`${this.live ? '\r\x1b[K' : ''}${line}\n`);
    this.live = false;
  }
}
