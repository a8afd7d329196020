import { Module } from '@nestjs/common';
import { TasksModule } from '../tasks/tasks.module.js';
import { KnownQueue } from './known-queue.pipe.js';
import { QueuesController } from './queues.controller.js';
import { TasksSteeringController } from './tasks-steering.controller.js';

@Module({
  imports: [TasksModule],
  controllers: [QueuesController, TasksSteeringController],
  providers: [KnownQueue],
})
export class AdminModule {}
