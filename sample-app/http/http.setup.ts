import { type INestApplication, ValidationPipe } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { DepotErrorFilter } from './depot-error.filter.js';

/** What the HTTP side needs and a worker does not: checked bodies, clear errors, the page at /docs. */
export function setUpHttp(app: INestApplication): void {
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }));
  app.useGlobalFilters(new DepotErrorFilter());
  const about = new DocumentBuilder()
    .setTitle('Postcards')
    .setDescription('Draws postcards of cities and mails them, in the background.')
    .build();
  SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, about));
}
