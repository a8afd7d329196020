import { InjectQueue, OnTask, Processor, Queue, TaskEvent } from 'nestjs-depot';
import type { Letter } from '../mail/letter.js';
import type { NoticesProcessor } from './notices.processor.js';

/** Looks after mails that could not be delivered, in whichever process that happened. */
@Processor('mail')
export class ReturnedMailProcessor {
  constructor(@InjectQueue('notices') private readonly notices: Queue<NoticesProcessor>) {}

  @OnTask('dead', { attempts: 5, backoff: { type: 'exponential', delay: '1s' } })
  async returned(event: TaskEvent<unknown, Letter>): Promise<void> {
    const { customer, to } = event.payload;
    if (customer === undefined) return;
    const notice = { customer, to, reason: event.error?.message ?? 'unknown' };
    // An event may be told twice. The id makes sure that the notice is added only once.
    await this.notices.add('returned', notice, { id: `${event.taskId}-returned`, tags: [customer] });
  }
}
