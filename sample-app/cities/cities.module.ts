import { Module } from '@nestjs/common';
import { CitiesController } from './cities.controller.js';
import { CitiesService } from './cities.service.js';
import { CityCatalogue } from './city.catalogue.js';
import { KnownCity } from './known-city.pipe.js';

@Module({
  controllers: [CitiesController],
  providers: [CityCatalogue, CitiesService, KnownCity],
  exports: [CityCatalogue, CitiesService, KnownCity],
})
export class CitiesModule {}
