import { Controller, Get, Param } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { TaskFinder } from './task.finder.js';
import { taskView } from './task.view.js';

@ApiTags('tasks')
@Controller('tasks')
export class TasksController {
  constructor(private readonly tasks: TaskFinder) {}

  @Get()
  @ApiOperation({ summary: 'How many tasks are in each state, by queue' })
  counts(): Promise<Record<string, unknown>> {
    return this.tasks.counts();
  }

  @Get(':id')
  @ApiOperation({ summary: 'State, progress, and result or error of a task' })
  @ApiNotFoundResponse()
  async get(@Param('id') id: string): Promise<Record<string, unknown>> {
    return taskView(await this.tasks.get(id));
  }
}
