import { Controller, Get, Param, Query, UseInterceptors } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { CacheInterceptor, CacheTTL } from 'nestjs-depot';
import type { City } from './city.js';
import { CitiesService, type CityEntry } from './cities.service.js';
import { CityQuery } from './city.query.js';
import { KnownCity } from './known-city.pipe.js';

@ApiTags('cities')
@Controller('cities')
@UseInterceptors(CacheInterceptor)
@CacheTTL('1m')
export class CitiesController {
  constructor(private readonly cities: CitiesService) {}

  @Get()
  @ApiOperation({ summary: 'Find cities by the beginning of their name' })
  search(@Query() { name, limit }: CityQuery): City[] {
    return this.cities.search(name, limit);
  }

  @Get(':id')
  @ApiOperation({ summary: 'One city; with an ETag, so that who has it already gets a 304' })
  @ApiParam({ name: 'id', example: 'pt-lisbon', type: String })
  @ApiNotFoundResponse()
  find(@Param('id', KnownCity) city: CityEntry): CityEntry {
    return city;
  }
}
