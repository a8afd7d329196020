import { Injectable, NotFoundException } from '@nestjs/common';
import { CacheEvict, Cacheable, HeldLock, Lock, Locked } from 'nestjs-depot';
import { EDITIONS, type Edition, type Sale, type SalesSummary } from './edition.js';
import { SalesBook } from './sales.book.js';
import { summaryOf } from './sales.summary.js';

@Injectable()
export class EditionsService {
  constructor(private readonly book: SalesBook) {}

  get(id: string): Edition {
    const edition = EDITIONS.find((candidate) => candidate.id === id);
    if (!edition) throw new NotFoundException(`there is no edition "${id}"`);
    return edition;
  }

  /** All of them and how many copies are left: read once, until the next sale, by whatever process. */
  @Cacheable({ key: 'editions', tags: ['editions'] })
  async list(): Promise<readonly (Edition & { left: number })[]> {
    return Promise.all(
      EDITIONS.map(async (edition) => ({ ...edition, left: edition.copies - (await this.sold(edition.id)) })),
    );
  }

  async sold(id: string): Promise<number> {
    return (await this.book.read(this.get(id).id)).length;
  }

  /** Sells a copy, once for each order however often it is asked, one at a time in all processes. @returns null when none is left */
  @CacheEvict({ tags: ['editions'] })
  @Locked({ key: (id) => `edition:${id}`, ttl: '10s', wait: '10s' })
  async sell(id: string, orderId: string, buyer: string, @HeldLock() lock?: Lock): Promise<Sale | null> {
    const edition = this.get(id);
    const sales = await this.book.read(id);
    const earlier = sales.find((sale) => sale.orderId === orderId);
    if (earlier) return earlier;
    if (sales.length >= edition.copies) return null;
    const sale = { orderId, buyer, number: sales.length + 1 };
    await this.book.write(id, [...sales, sale], lock?.fencingToken);
    return sale;
  }

  /** As of some moment after the last sale. */
  summary(id: string): Promise<SalesSummary> {
    return this.book.readSummary(this.get(id).id);
  }

  async summarise(id: string): Promise<SalesSummary> {
    const summary = summaryOf(await this.book.read(id));
    await this.book.writeSummary(id, summary);
    return summary;
  }
}
