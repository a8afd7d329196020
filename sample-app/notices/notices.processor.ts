import {
  Batch,
  BatchContext,
  BatchResult,
  Ctx,
  Payload,
  Processor,
  Task,
  type TaskContext,
} from 'nestjs-depot';
import { customer, type Customer } from '../customers/customer.js';
import { Ledger } from '../ledger/ledger.service.js';
import type { Letter } from '../mail/letter.js';
import { Mailer } from '../mail/mailer.service.js';
import type { Notice } from './notice.js';

/** What is sent to a customer, and why: one mail about many notices. */
interface Digest {
  readonly about: readonly TaskContext<Notice>[];
  readonly letter: Letter;
}

@Processor('notices')
export class NoticesProcessor {
  constructor(
    private readonly mailer: Mailer,
    private readonly ledger: Ledger,
  ) {}

  /**
   * Collects notices for a second, and mails each customer one letter about all of his. If that is refused, only his are
   * tried again.
   */
  @Task({
    attempts: 5,
    backoff: { type: 'exponential', delay: '200ms', max: '10m' },
    batch: { size: 100, wait: '1s' },
  })
  returned(
    @Payload() _notices: Batch<Notice>,
    @Ctx() batch: BatchContext<Notice>,
  ): Promise<BatchResult<{ messageId: string }>> {
    return this.ledger.recordAll(batch.items, async () => {
      const result = new BatchResult<{ messageId: string }>();
      await Promise.all(digests(batch.items).map((digest) => this.send(digest, result)));
      return result;
    });
  }

  private async send({ about, letter }: Digest, result: BatchResult<{ messageId: string }>): Promise<void> {
    const [first] = about;
    if (!first) return;
    try {
      const messageId = await this.mailer.send(first.id, letter);
      for (const notice of about) result.complete(notice, { messageId });
    } catch (error) {
      for (const notice of about) result.fail(notice, error);
    }
  }
}

function digests(notices: readonly TaskContext<Notice>[]): Digest[] {
  const customers = new Set(notices.map(({ payload }) => customer(payload.customer)));
  return [...customers].map((whose) => {
    const about = notices.filter(({ payload }) => customer(payload.customer) === whose);
    return { about, letter: letterTo(whose, about) };
  });
}

function letterTo({ name, address }: Customer, about: readonly TaskContext<Notice>[]): Letter {
  const lines = about.map(({ payload }) => `- ${payload.to}: ${payload.reason}`);
  return {
    to: address,
    subject: `${about.length} of your postcards came back`,
    text: `Dear ${name},\n\nwe could not deliver:\n${lines.join('\n')}\n`,
  };
}
