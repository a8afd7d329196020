import { ConfigService } from '@nestjs/config';
import { DepotModule } from 'nestjs-depot';
import type { Settings } from '../config/settings.js';

/** Customers take turns by themselves, as their cards are groups. No one of them may fill the queue. */
export const postcardsQueue = DepotModule.registerQueueAsync({
  name: 'postcards',
  inject: [ConfigService],
  useFactory: (config: ConfigService<Settings, true>) => ({
    group: { backpressure: { max: config.get('CUSTOMER_BACKLOG', { infer: true }) } },
  }),
});
