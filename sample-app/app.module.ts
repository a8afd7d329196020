import { Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { DepotModule } from 'nestjs-depot';
import { depotOptions } from './config/depot.options.js';
import { readSettings } from './config/settings.js';
import { AdminModule } from './admin/admin.module.js';
import { CitiesModule } from './cities/cities.module.js';
import { EditionsModule } from './editions/editions.module.js';
import { MailModule } from './mail/mail.module.js';
import { NoticesModule } from './notices/notices.module.js';
import { PostcardsModule } from './postcards/postcards.module.js';
import { RatesModule } from './rates/rates.module.js';
import { ReportsModule } from './reports/reports.module.js';
import { TasksModule } from './tasks/tasks.module.js';

// Awaited here, so that wrong settings fail the import of this file, where it can be caught. What is not among them is not
// looked for in the environment: an empty variable counts as not set.
const settings = await ConfigModule.forRoot({ isGlobal: true, validate: readSettings, skipProcessEnv: true });

@Module({
  imports: [
    settings,
    DepotModule.forRootAsync({ inject: [ConfigService], useFactory: depotOptions }),
    CitiesModule,
    PostcardsModule,
    MailModule,
    RatesModule,
    ReportsModule,
    EditionsModule,
    NoticesModule,
    TasksModule,
    AdminModule,
  ],
})
export class AppModule {}
