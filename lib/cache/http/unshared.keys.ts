const REST_MS = 5_000;
const MOST = 1_000;

/** Keys whose last answer was for one request alone: whoever asks next had better not wait for another's handler. */
export class UnsharedKeys {
  private readonly until = new Map<string, number>();

  add(key: string): void {
    if (this.until.size >= MOST) this.until.clear();
    this.until.set(key, performance.now() + REST_MS);
  }

  has(key: string): boolean {
    const until = this.until.get(key);
    if (until === undefined) return false;
    if (until > performance.now()) return true;
    this.until.delete(key);
    return false;
  }
}
