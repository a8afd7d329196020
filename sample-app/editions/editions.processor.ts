import { Ctx, InjectQueue, Payload, Processor, Queue, Task, TaskContext } from 'nestjs-depot';
import { Ledger } from '../ledger/ledger.service.js';
import type { Sale, SalesSummary } from './edition.js';
import { EditionsService } from './editions.service.js';

export interface EditionOrder {
  readonly editionId: string;
  readonly buyer: string;
}

/** One summary of an edition waits at most, and one runs: the book is read after the last sale, and seldom besides. */
const LAST_ONE = {
  key: ({ editionId }: { readonly editionId: string }) => `summary:${editionId}`,
  mode: 'keepLast',
} as const;

@Processor('editions')
export class EditionsProcessor {
  constructor(
    @InjectQueue('editions') private readonly queue: Queue<EditionsProcessor>,
    private readonly editions: EditionsService,
    private readonly ledger: Ledger,
  ) {}

  @Task({ attempts: 3, backoff: { type: 'fixed', delay: '200ms' } })
  sell(@Payload() { editionId, buyer }: EditionOrder, @Ctx() task: TaskContext): Promise<Sale | null> {
    return this.ledger.record(task, async () => {
      const sale = await this.editions.sell(editionId, task.id, buyer);
      if (sale) await this.queue.add('summarise', { editionId }, { unique: LAST_ONE });
      return sale;
    });
  }

  /** However many sales there are meanwhile, the last of them is followed by a summary. */
  @Task({ attempts: 5, backoff: { type: 'exponential', delay: '500ms' } })
  summarise(
    @Payload() { editionId }: { readonly editionId: string },
    @Ctx() task: TaskContext,
  ): Promise<SalesSummary> {
    return this.ledger.record(task, () => this.editions.summarise(editionId));
  }
}
