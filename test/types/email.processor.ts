import { Ctx, Payload, Processor, Task, TaskContext } from 'nestjs-depot';
import { TaskEvent } from '../../lib/task/task.event.js';

export interface Welcome {
  to: string;
}

export interface Receipt {
  messageId: string;
}

/** One method for each way in which a handler can be written. */
@Processor('email', { concurrency: 20 })
export class EmailProcessor {
  @Task({ attempts: 5, timeout: '30s', aliases: ['greet'] })
  async welcome(@Payload() to: Welcome, @Ctx() task: TaskContext): Promise<Receipt> {
    return { messageId: `${to.to}:${task.id}` };
  }

  @Task()
  async 'user.goodbye'(@Payload() to: Welcome): Promise<boolean> {
    return to.to !== '';
  }

  @Task()
  async cleanup(): Promise<void> {}

  @Task()
  async contextOnly(@Ctx() task: TaskContext): Promise<number> {
    return task.attempt;
  }

  @Task()
  async contextFirst(@Ctx() _task: TaskContext, @Payload() to: Welcome): Promise<string> {
    return to.to;
  }

  @Task()
  async optional(@Payload() answer?: { yes: true }): Promise<string> {
    return String(answer?.yes);
  }

  @Task()
  async list(@Payload() ids: number[]): Promise<number> {
    return ids.length;
  }

  @Task()
  synchronous(text: string): number {
    return text.length;
  }

  async gaveUp(_event: TaskEvent): Promise<void> {}

  onModuleInit(): void {
    this.helper(1);
  }

  private helper(x: number): number {
    return x;
  }
}
