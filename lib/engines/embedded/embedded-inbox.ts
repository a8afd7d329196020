import type { Push } from '../../task/task.broker.js';

export interface Message {
  readonly queue: string;
  /** `room`: what was refused as full may be added. */
  readonly push: Push | 'room';
}

/**
 * What is pushed to one process. All that one tick brings is delivered when that is over, so whoever made a call has its
 * answer first; until somebody listens, it is kept.
 */
export class EmbeddedInbox {
  private messages: Message[] = [];
  private listener: ((message: Message) => void) | undefined;
  private isDue = false;

  push(message: Message): void {
    this.messages.push(message);
    this.wake();
  }

  listen(listener: (message: Message) => void): void {
    this.listener = listener;
    this.wake();
  }

  /** Nothing is delivered any more. */
  close(): void {
    this.listener = undefined;
  }

  private wake(): void {
    if (this.isDue || !this.listener || this.messages.length === 0) return;
    this.isDue = true;
    process.nextTick(() => this.deliver());
  }

  private deliver(): void {
    this.isDue = false;
    const { messages } = this;
    this.messages = [];
    for (const message of messages) this.listener?.(message);
  }
}
