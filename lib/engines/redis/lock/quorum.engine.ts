import type { Clock } from '../../../common/clock.js';
import type { Engine } from '../../engine.js';
import type { RedisQuorum } from './redis-quorum.js';

/** An engine whose locks live on servers of their own. */
export class QuorumEngine implements Engine {
  constructor(
    private readonly engine: Engine,
    private readonly quorum: RedisQuorum,
  ) {}

  get kind(): Engine['kind'] {
    return this.engine.kind;
  }

  get clock(): Clock {
    return this.engine.clock;
  }

  get tasks(): Engine['tasks'] {
    return this.engine.tasks;
  }

  get cache(): Engine['cache'] {
    return this.engine.cache;
  }

  get locks(): Engine['locks'] {
    return this.quorum.locks;
  }

  async open(): Promise<void> {
    await Promise.all([this.engine.open(), this.quorum.open()]);
  }

  async close(): Promise<void> {
    this.quorum.close();
    await this.engine.close();
  }
}
