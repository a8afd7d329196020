import { EngineUnavailableError, toError } from '../../common/errors.js';
import type { LockServer } from './lock.server.js';
import { majorityOf } from './quorum.terms.js';

/** One question to all servers, and what has come of it so far. Those that are late go on answering. */
export class Poll<T> {
  readonly answers = new Map<LockServer, T>();
  readonly errors: Error[] = [];
  private wake: () => void = () => undefined;

  constructor(
    private readonly servers: readonly LockServer[],
    ask: (server: LockServer) => Promise<T>,
  ) {
    for (const server of servers) {
      ask(server).then(
        (answer) => {
          this.answers.set(server, answer);
          this.wake();
        },
        (error: unknown) => {
          this.errors.push(toError(error));
          this.wake();
        },
      );
    }
  }

  /** Resolves once it is so, or every server has answered or failed. */
  until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.wake = () => {
        if (isSo() || this.answers.size + this.errors.length === this.servers.length) resolve();
      };
      this.wake();
    });
  }

  /** What all servers say; @throws EngineUnavailableError unless a majority says anything */
  async all(): Promise<readonly T[]> {
    await this.until(() => false);
    if (this.answers.size < majorityOf(this.servers.length)) throw this.unavailable();
    return [...this.answers.values()];
  }

  /**
   * What a majority says, as soon as it does.
   *
   * @throws EngineUnavailableError when no majority says the same
   */
  async majority(isYes: (answer: T) => boolean): Promise<boolean> {
    const needed = majorityOf(this.servers.length);
    const count = (wanted: boolean): number =>
      [...this.answers.values()].filter((answer) => isYes(answer) === wanted).length;
    await this.until(() => count(true) >= needed || count(false) >= needed);
    if (count(true) >= needed) return true;
    if (count(false) >= needed) return false;
    throw this.unavailable();
  }

  private unavailable(): EngineUnavailableError {
    return noMajority(this.answers.size, this.servers.length, this.errors);
  }
}

/** Names the first two reasons; there is hardly ever another one. */
export function noMajority(
  answered: number,
  servers: number,
  errors: readonly Error[],
): EngineUnavailableError {
  const needed = majorityOf(servers);
  const which = answered < needed ? `${needed} are needed` : `${needed} that say the same are needed`;
  const reasons = [...new Set(errors.map(({ message }) => message))].slice(0, 2).join('; ');
  return new EngineUnavailableError(`${answered} of ${servers} lock servers answered; ${which}: ${reasons}`, {
    cause: errors[0],
  });
}
