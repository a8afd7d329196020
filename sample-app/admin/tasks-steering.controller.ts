import { ConflictException, Controller, HttpCode, Param, Post, UseGuards } from '@nestjs/common';
import {
  ApiConflictResponse,
  ApiHeader,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOperation,
  ApiTags,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';
import { TaskFinder } from '../tasks/task.finder.js';
import { ADMIN_HEADER, AdminGuard } from './admin.guard.js';

@ApiTags('admin')
@ApiHeader({ name: ADMIN_HEADER, required: false, description: 'the ADMIN_KEY, if there is one' })
@ApiUnauthorizedResponse()
@ApiNoContentResponse()
@ApiNotFoundResponse()
@ApiConflictResponse({ description: 'it is in another state' })
@UseGuards(AdminGuard)
@Controller('admin/tasks')
export class TasksSteeringController {
  constructor(private readonly tasks: TaskFinder) {}

  @Post(':id/retry')
  @HttpCode(204)
  @ApiOperation({ summary: 'Begin an ended task anew, with all of its attempts' })
  async retry(@Param('id') id: string): Promise<void> {
    const { queue, task } = await this.tasks.find(id);
    if (!(await queue.retry(id))) throw new ConflictException(`task "${id}" is ${task.state}`);
  }

  @Post(':id/promote')
  @HttpCode(204)
  @ApiOperation({ summary: 'Run a delayed task now' })
  async promote(@Param('id') id: string): Promise<void> {
    const { queue, task } = await this.tasks.find(id);
    if (!(await queue.promote(id))) throw new ConflictException(`task "${id}" is ${task.state}`);
  }
}
