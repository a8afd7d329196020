import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { StaleTokenError } from 'nestjs-depot';
import type { Settings } from '../config/settings.js';
import type { Sale, SalesSummary } from './edition.js';
import { summaryOf } from './sales.summary.js';

/** What was sold, by whom with the newest lock. */
interface Page {
  readonly token: number;
  readonly sales: readonly Sale[];
}

const EMPTY: Page = { token: 0, sales: [] };

/**
 * What was sold, and how it sells, in files of each edition. It stands for any store that has no transactions: who reads, decides and
 * writes must hold a lock meanwhile.
 */
@Injectable()
export class SalesBook {
  private readonly folder: string;

  constructor(config: ConfigService<Settings, true>) {
    this.folder = join(config.get('DATA_DIR', { infer: true }), 'editions');
  }

  async read(editionId: string): Promise<readonly Sale[]> {
    return (await this.load(`${editionId}.sales`, EMPTY)).sales;
  }

  /**
   * Refuses whoever is late: his lock was lost while he was frozen, say, and others have sold since. (A database would compare in the
   * very statement that writes.)
   *
   * @throws StaleTokenError
   */
  async write(editionId: string, sales: readonly Sale[], token = 0): Promise<void> {
    const newest = (await this.load(`${editionId}.sales`, EMPTY)).token;
    if (token < newest) throw new StaleTokenError(editionId, token, newest);
    await this.save(`${editionId}.sales`, { token, sales } satisfies Page);
  }

  readSummary(editionId: string): Promise<SalesSummary> {
    return this.load(`${editionId}.summary`, summaryOf([]));
  }

  writeSummary(editionId: string, summary: SalesSummary): Promise<void> {
    return this.save(`${editionId}.summary`, summary);
  }

  private async load<T>(name: string, otherwise: T): Promise<T> {
    try {
      return JSON.parse(await readFile(this.file(name), 'utf8')) as T;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return otherwise;
      throw error;
    }
  }

  private async save(name: string, content: unknown): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    const file = this.file(name);
    // Renamed when complete: readers, who hold no lock, never see half a file.
    const draft = `${file}.${randomUUID()}`;
    await writeFile(draft, JSON.stringify(content, null, 2));
    await rename(draft, file);
  }

  private file(name: string): string {
    return join(this.folder, `${name}.json`);
  }
}
