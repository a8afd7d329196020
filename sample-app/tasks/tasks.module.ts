import { Module } from '@nestjs/common';
import { TaskFinder, allQueues } from './task.finder.js';
import { TasksController } from './tasks.controller.js';

@Module({ controllers: [TasksController], providers: [allQueues, TaskFinder] })
export class TasksModule {}
