import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { City } from './city.js';
import { CitiesService, type CityEntry } from './cities.service.js';
import { CityQuery } from './city.query.js';
import { KnownCity } from './known-city.pipe.js';

@ApiTags('cities')
@Controller('cities')
export class CitiesController {
  constructor(private readonly cities: CitiesService) {}

  @Get()
  @ApiOperation({ summary: 'Find cities by the beginning of their name' })
  search(@Query() { name, limit }: CityQuery): City[] {
    return this.cities.search(name, limit);
  }

  @Get(':id')
  @ApiOperation({ summary: 'One city, from the cache when it was asked for before' })
  @ApiParam({ name: 'id', example: 'pt-lisbon', type: String })
  @ApiNotFoundResponse()
  find(@Param('id', KnownCity) city: CityEntry): CityEntry {
    return city;
  }
}
