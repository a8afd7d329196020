import { Body, ConflictException, Controller, Get, Param, Post } from '@nestjs/common';
import {
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiNotFoundResponse,
  ApiOperation,
  ApiServiceUnavailableResponse,
  ApiTags,
} from '@nestjs/swagger';
import { InjectQueue, Queue } from 'nestjs-depot';
import type { Edition, Sale, SalesSummary } from './edition.js';
import { EditionOrderDto } from './edition-order.dto.js';
import type { EditionsProcessor } from './editions.processor.js';
import { EditionsService } from './editions.service.js';

/** How long a buyer waits. Whom nobody has served by then is not sold a copy behind his back. */
const PATIENCE = '10s';

@ApiTags('editions')
@Controller('editions')
export class EditionsController {
  constructor(
    private readonly editions: EditionsService,
    @InjectQueue('editions') private readonly orders: Queue<EditionsProcessor>,
  ) {}

  @Get()
  @ApiOperation({ summary: 'All limited editions and how many copies are left' })
  list(): Promise<readonly (Edition & { left: number })[]> {
    return this.editions.list();
  }

  @Get(':id')
  @ApiOperation({ summary: 'A limited edition and how many copies are left' })
  @ApiNotFoundResponse()
  async get(@Param('id') id: string): Promise<Edition & { left: number }> {
    const edition = this.editions.get(id);
    return { ...edition, left: edition.copies - (await this.editions.sold(id)) };
  }

  @Get(':id/summary')
  @ApiOperation({ summary: 'How it sells; brought up to date in the background after each sale' })
  @ApiNotFoundResponse()
  summary(@Param('id') id: string): Promise<SalesSummary> {
    return this.editions.summary(id);
  }

  /** Sold by whichever process works on the queue; this one waits for the answer. */
  @Post(':id/orders')
  @ApiOperation({ summary: 'Buy a copy' })
  @ApiCreatedResponse({ description: 'bought; says which of the copies' })
  @ApiConflictResponse({ description: 'sold out' })
  @ApiServiceUnavailableResponse({ description: 'nobody was free in time; nothing was sold' })
  @ApiNotFoundResponse()
  async buy(@Param('id') editionId: string, @Body() { buyer }: EditionOrderDto): Promise<Sale> {
    const { title } = this.editions.get(editionId);
    const order = await this.orders.add('sell', { editionId, buyer }, { expiresIn: PATIENCE });
    const sale = await order.result({ timeout: '15s' });
    if (!sale) throw new ConflictException(`"${title}" is sold out`);
    return sale;
  }
}
