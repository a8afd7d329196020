import {
  BadRequestException,
  Body,
  Controller,
  Get,
  HttpCode,
  Param,
  Post,
  Query,
  UseGuards,
} from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiHeader,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';
import { DepotConfigError, Queue, QueueService, type QueueStats } from 'nestjs-depot';
import { taskView } from '../tasks/task.view.js';
import { ADMIN_HEADER, AdminGuard } from './admin.guard.js';
import { KnownQueue } from './known-queue.pipe.js';
import { PauseDto } from './pause.dto.js';
import { RetryDeadDto } from './retry-dead.dto.js';
import { SearchQuery } from './search.query.js';

const QUEUE = { name: 'queue', example: 'mail', type: String } as const;

@ApiTags('admin')
@ApiHeader({ name: ADMIN_HEADER, required: false, description: 'the ADMIN_KEY, if there is one' })
@ApiUnauthorizedResponse()
@UseGuards(AdminGuard)
@Controller('admin/queues')
export class QueuesController {
  constructor(private readonly queues: QueueService) {}

  @Get()
  @ApiOperation({ summary: 'What each queue has, whether it is paused, and how many processes work on it' })
  stats(): Promise<QueueStats[]> {
    return this.queues.stats();
  }

  @Get(':queue/tasks')
  @ApiOperation({ summary: 'Find tasks by state, name, tag and time' })
  @ApiParam(QUEUE)
  @ApiOkResponse({ description: 'a page of tasks, and the cursor of the next one if there may be more' })
  @ApiBadRequestResponse()
  @ApiNotFoundResponse({ description: 'no such queue' })
  async search(
    @Param('queue', KnownQueue) queue: Queue,
    @Query() query: SearchQuery,
  ): Promise<{ tasks: unknown[]; cursor: string | undefined }> {
    try {
      const { tasks, cursor } = await queue.search(query);
      return { tasks: tasks.map(taskView), cursor };
    } catch (error) {
      // What the query alone can't tell: whether the cursor is one of this search.
      throw error instanceof DepotConfigError ? new BadRequestException(error.message) : error;
    }
  }

  @Post(':queue/pause')
  @HttpCode(204)
  @ApiOperation({ summary: 'Begin no more tasks, in all processes; those that run go on' })
  @ApiParam(QUEUE)
  @ApiNoContentResponse()
  @ApiNotFoundResponse({ description: 'no such queue' })
  pause(@Param('queue', KnownQueue) queue: Queue, @Body() { name }: PauseDto): Promise<void> {
    return queue.pause(name);
  }

  @Post(':queue/resume')
  @HttpCode(204)
  @ApiOperation({ summary: 'Go on' })
  @ApiParam(QUEUE)
  @ApiNoContentResponse()
  @ApiNotFoundResponse({ description: 'no such queue' })
  resume(@Param('queue', KnownQueue) queue: Queue, @Body() { name }: PauseDto): Promise<void> {
    return queue.resume(name);
  }

  @Post(':queue/retry-dead')
  @HttpCode(200)
  @ApiOperation({ summary: 'Begin dead tasks anew, some at a time, once what they died of is mended' })
  @ApiParam(QUEUE)
  @ApiOkResponse({ description: 'how many' })
  @ApiNotFoundResponse({ description: 'no such queue' })
  async retryDead(
    @Param('queue', KnownQueue) queue: Queue,
    @Body() { perSecond, ...which }: RetryDeadDto,
  ): Promise<{ retried: number }> {
    return { retried: await queue.retryDead({ ...which, rate: { max: perSecond, per: '1s' } }) };
  }
}
