import { Ctx, Payload, Processor, Task, TaskContext } from 'nestjs-depot';
import { Ledger } from '../ledger/ledger.service.js';
import type { Sale } from './edition.js';
import { EditionsService } from './editions.service.js';

export interface EditionOrder {
  readonly editionId: string;
  readonly buyer: string;
}

@Processor('editions')
export class EditionsProcessor {
  constructor(
    private readonly editions: EditionsService,
    private readonly ledger: Ledger,
  ) {}

  @Task({ attempts: 3, backoff: { type: 'fixed', delay: '200ms' } })
  sell(@Payload() { editionId, buyer }: EditionOrder, @Ctx() task: TaskContext): Promise<Sale | null> {
    return this.ledger.record(task, () => this.editions.sell(editionId, task.id, buyer));
  }
}
