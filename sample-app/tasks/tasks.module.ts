import { Module } from '@nestjs/common';
import { TaskFinder } from './task.finder.js';
import { TasksController } from './tasks.controller.js';

@Module({ controllers: [TasksController], providers: [TaskFinder], exports: [TaskFinder] })
export class TasksModule {}
