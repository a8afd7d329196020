import { Ctx, DiscardTask, Payload, Processor, Task, TaskContext } from 'nestjs-depot';
import { Ledger } from '../ledger/ledger.service.js';
import type { Letter } from './letter.js';
import { Mailer } from './mailer.service.js';

@Processor('mail')
export class MailProcessor {
  constructor(
    private readonly mailer: Mailer,
    private readonly ledger: Ledger,
  ) {}

  /** A mailbox that is busy gets another try; for one that does not exist no try would help. */
  @Task({ attempts: 4, backoff: { type: 'exponential', delay: '200ms', max: '1m' }, timeout: '30s' })
  deliver(@Payload() letter: Letter, @Ctx() task: TaskContext): Promise<{ messageId: string }> {
    return this.ledger.record(task, async () => {
      try {
        const messageId = await this.mailer.send(task.id, letter);
        await task.log(`attempt ${task.attempt}: sent`);
        return { messageId };
      } catch (error) {
        await task.log(`attempt ${task.attempt}: ${String(error)}`);
        throw isPermanent(error)
          ? new DiscardTask(`refused for good: ${error.message}`, { cause: error })
          : error;
      }
    });
  }
}

/** SMTP answers 5yz to what will never succeed, 4yz to what may later. */
function isPermanent(error: unknown): error is Error {
  return error instanceof Error && ((error as { responseCode?: number }).responseCode ?? 0) >= 500;
}
