/** Tasks that were cancelled while calls were under way which may claim them. Calls are answered in the order in which they are sent. */
export class EarlyCancels {
  private readonly ids = new Map<string, number>();
  private newest = 0;

  /** A call is sent. Returns its number. */
  sent(): number {
    return ++this.newest;
  }

  /** The call was answered, and what it claimed was taken: what was cancelled while it was the newest is nobody's. */
  answered(call: number): void {
    for (const [id, newest] of this.ids) if (newest <= call) this.ids.delete(id);
  }

  add(id: string): void {
    this.ids.set(id, this.newest);
  }

  /** Whether it was cancelled. */
  take(id: string): boolean {
    return this.ids.size > 0 && this.ids.delete(id);
  }

  clear(): void {
    this.ids.clear();
  }
}
