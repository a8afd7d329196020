import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiNotFoundResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { InjectQueue, Queue } from 'nestjs-depot';
import { KnownCity } from '../cities/known-city.pipe.js';
import { AcceptedTask } from '../tasks/accepted.task.js';
import { ReportDto } from './report.dto.js';
import type { ReportsProcessor } from './reports.processor.js';

@ApiTags('reports')
@Controller('reports')
export class ReportsController {
  constructor(
    @InjectQueue('reports') private readonly reports: Queue<ReportsProcessor>,
    private readonly knownCity: KnownCity,
  ) {}

  @Post()
  @HttpCode(202)
  @ApiOperation({ summary: 'Measure how far all cities of the world are from one' })
  @ApiAcceptedResponse({ type: AcceptedTask })
  @ApiNotFoundResponse({ description: 'no such city' })
  async order(@Body() { from, countries, restMs }: ReportDto): Promise<AcceptedTask> {
    await this.knownCity.transform(from);
    return new AcceptedTask(await this.reports.add('distances', { from, countries, restMs }));
  }
}
