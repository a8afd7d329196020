import { ConfigService } from '@nestjs/config';
import { DepotModule } from 'nestjs-depot';
import type { Settings } from '../config/settings.js';

/** What the mail server bears, from all processes together. Letters have pictures: what was sent is kept by its bytes, too. */
export const mailQueue = DepotModule.registerQueueAsync({
  name: 'mail',
  inject: [ConfigService],
  useFactory: (config: ConfigService<Settings, true>) => ({
    globalConcurrency: config.get('MAIL_CONNECTIONS', { infer: true }),
    rateLimit: { max: config.get('MAIL_PER_SECOND', { infer: true }), per: '1s' },
    keep: { completed: { count: 1_000, age: '1h', bytes: 32_000_000 } },
  }),
});
