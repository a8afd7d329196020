import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../common/clock.js';
import { EngineClosedError, toError } from '../../../common/errors.js';
import type { DepotLogger } from '../../../common/logger.js';
import { QuorumLockStore } from '../../../lock/quorum/quorum-lock.store.js';
import { noMajority } from '../../../lock/quorum/quorum.poll.js';
import { majorityOf, type QuorumSettings } from '../../../lock/quorum/quorum.terms.js';
import { connector, hearingLink, type RedisPlace } from '../redis-connection.js';
import { RedisKeys } from '../redis-keys.js';
import { RedisLink } from '../redis-link.js';
import { RedisLockStore } from './redis-lock.store.js';

export interface RedisQuorumSettings extends QuorumSettings {
  readonly nodes: readonly RedisPlace[];
}

interface Surroundings {
  readonly namespace: string;
  readonly connectTimeoutMs: number;
  readonly clock: Clock;
  readonly logger: DepotLogger;
}

interface Node {
  readonly link: RedisLink;
  readonly store: RedisLockStore;
}

/** Locks over several Redis servers: one connection to each, and another one once somebody has to wait. */
export class RedisQuorum {
  readonly locks: QuorumLockStore;
  private readonly nodes: readonly Node[];

  constructor(
    private readonly settings: RedisQuorumSettings,
    private readonly around: Surroundings,
  ) {
    const process = randomBytes(6).toString('base64url');
    this.nodes = settings.nodes.map((redis) => this.node(redis, process));
    const stores = this.nodes.map(({ store }) => store);
    const names = this.nodes.map(({ link }) => link.target);
    this.locks = new QuorumLockStore(stores, settings, around.clock, names);
  }

  /**
   * Resolves once all are there, or a majority is and the others take too long: locks that are acquired before one is there
   * are not on it. @throws EngineUnavailableError when there is no majority within the connect time-out
   */
  open(): Promise<void> {
    const { length } = this.nodes;
    const needed = majorityOf(length);
    return new Promise((resolve, reject) => {
      const errors: Error[] = [];
      let answered = 0;
      const settled = (): void => {
        if (errors.length > length - needed) reject(noMajority(answered, length, errors));
        else if (answered + errors.length === length) resolve();
        else if (answered === needed) this.around.clock.after(this.settings.timeoutMs, resolve);
      };
      for (const { link } of this.nodes) {
        link.open().then(
          () => {
            answered++;
            settled();
          },
          (thrown: unknown) => {
            const error = toError(thrown);
            errors.push(error);
            if (!(thrown instanceof EngineClosedError)) {
              this.around.logger.warn(`A lock server can't be reached yet: ${error.message}`);
            }
            settled();
          },
        );
      }
    });
  }

  close(): void {
    this.locks.close();
    for (const { link, store } of this.nodes) {
      store.close();
      link.close();
    }
  }

  private node(redis: RedisPlace, process: string): Node {
    const { timeoutMs } = this.settings;
    const { namespace, connectTimeoutMs, logger } = this.around;
    const connect = connector(redis);
    // Nobody waits for a server that is away: there are others.
    const link = new RedisLink({ connect, connectTimeoutMs, commandTimeoutMs: timeoutMs, waitMs: 0 });
    link.onDown(() => logger.warn(`Lost the connection to a lock server, ${link.target}`));
    link.onBack(() => logger.log(`A lock server is back: ${link.target}`));
    const keys = new RedisKeys(namespace);
    const store = new RedisLockStore(link, hearingLink(connect, connectTimeoutMs), keys, process);
    return { link, store };
  }
}
