import { Controller, Get, NotFoundException, Param } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Rate } from './rate.js';
import { RatesService } from './rates.service.js';

@ApiTags('rates')
@Controller('rates')
export class RatesController {
  constructor(private readonly rates: RatesService) {}

  @Get(':country')
  @ApiOperation({ summary: 'What a postcard to that country costs, from a slow post office and a cache' })
  @ApiParam({ name: 'country', example: 'PT', type: String })
  @ApiNotFoundResponse()
  async get(@Param('country') country: string): Promise<Rate> {
    const rate = await this.rates.of(country.toUpperCase());
    if (!rate) throw new NotFoundException(`no postcards are sent to "${country}"`);
    return rate;
  }
}
