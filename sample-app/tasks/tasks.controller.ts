import { ConflictException, Controller, Delete, Get, HttpCode, Param } from '@nestjs/common';
import {
  ApiConflictResponse,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
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
    const { task } = await this.tasks.find(id);
    return taskView(task);
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Cancel what was ordered, whether it waits or runs' })
  @ApiNoContentResponse({ description: 'it is cancelled; one that runs stops as soon as it hears of it' })
  @ApiNotFoundResponse()
  @ApiConflictResponse({ description: 'it has ended' })
  async cancel(@Param('id') id: string): Promise<void> {
    const { queue, task } = await this.tasks.find(id);
    if (!(await queue.cancel(task.id))) throw new ConflictException(`task "${id}" has ended already`);
  }
}
