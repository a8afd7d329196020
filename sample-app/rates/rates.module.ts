import { Module } from '@nestjs/common';
import { DepotModule } from 'nestjs-depot';
import { CitiesModule } from '../cities/cities.module.js';
import { PostOffice } from './post-office.js';
import { RatesController } from './rates.controller.js';
import { RatesService } from './rates.service.js';

@Module({
  imports: [
    CitiesModule,
    DepotModule.registerCache({
      name: 'rates',
      ttl: '10m',
      grace: '1d',
      jitter: 0.1,
      refreshAhead: 0.8,
      timeout: { soft: '300ms', hard: '5s' },
    }),
  ],
  controllers: [RatesController],
  providers: [PostOffice, RatesService],
})
export class RatesModule {}
