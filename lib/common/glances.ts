/** So many looks at the clock within a millisecond, and it is looked at less often. */
const OFTEN = 8;
const GLANCES_PER_LOOK = 256;

/**
 * The time, for those who ask for it all the time: to look at the machine's clock takes longer than to look a value up.
 * Whoever asks often within one turn of the event loop gets what the clock said earlier in that turn; who asks now and then
 * gets the exact time. So it is never behind by more than the turn has taken.
 */
export class Glances {
  private seen = 0;
  private repeated = 0;
  private left = 0;
  private armed = false;

  /**
   * @param now looks at the clock
   * @param afterTurn calls back once this turn of the event loop is over, before anything else happens
   */
  constructor(
    private readonly now: () => number,
    private readonly afterTurn: (callback: () => void) => void,
  ) {}

  glance(): number {
    if (this.left > 0) {
      this.left--;
      return this.seen;
    }
    const now = this.now();
    if (now !== this.seen) {
      this.seen = now;
      this.repeated = 0;
    } else if (++this.repeated >= OFTEN) {
      this.repeated = 0;
      this.left = GLANCES_PER_LOOK;
      if (!this.armed) this.afterTurn(this.forget);
      this.armed = true;
    }
    return now;
  }

  private readonly forget = (): void => {
    this.armed = false;
    this.left = 0;
    this.seen = 0;
  };
}
