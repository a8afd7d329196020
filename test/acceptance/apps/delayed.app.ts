/** Notes when delayed tasks really begin. */
import { Module } from '@nestjs/common';
import { DepotModule, getQueueToken, Processor, Task, type Queue } from 'nestjs-depot';
import { host, settings } from '../app-host.js';

export interface DelayedAppSettings {
  readonly redis: string | undefined;
  readonly namespace: string;
}

export interface Spread {
  readonly tasks: number;
  readonly overMs: number;
}

export interface Punctuality {
  /** Milliseconds since the epoch. */
  readonly dueAt: number;
  readonly startedAt: number;
}

/** The first one falls due when all have been added. */
const HEAD_START_MS = 500;

const { redis, namespace } = settings() as DelayedAppSettings;
const ran: Punctuality[] = [];

@Processor('delayed', { concurrency: 100 })
class DelayedProcessor {
  @Task()
  note(dueAt: number): void {
    ran.push({ dueAt, startedAt: performance.timeOrigin + performance.now() });
  }
}

@Module({
  imports: [DepotModule.forRoot({ redis, namespace }), DepotModule.registerQueue({ name: 'delayed' })],
  providers: [DelayedProcessor],
})
class DelayedModule {}

host(DelayedModule, (app) => ({
  run: async ({ tasks, overMs }: Spread): Promise<Punctuality[]> => {
    const queue = app.get<Queue<DelayedProcessor>>(getQueueToken('delayed'));
    const first = Date.now() + HEAD_START_MS;
    const dueAt = Array.from({ length: tasks }, (_, i) => first + Math.round((i * overMs) / tasks));
    const handles = await queue.addBulk(
      dueAt.map((at) => ({ name: 'note' as const, payload: at, options: { runAt: new Date(at) } })),
    );
    await handles.at(-1)?.result();
    return ran;
  },
}));
