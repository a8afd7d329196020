import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import type { Settings } from '../config/settings.js';
import type { Sale, SalesSummary } from './edition.js';
import { summaryOf } from './sales.summary.js';

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

  read(editionId: string): Promise<readonly Sale[]> {
    return this.load(editionId, []);
  }

  write(editionId: string, sales: readonly Sale[]): Promise<void> {
    return this.save(editionId, sales);
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
    await writeFile(`${file}.${process.pid}`, JSON.stringify(content, null, 2));
    await rename(`${file}.${process.pid}`, file);
  }

  private file(name: string): string {
    return join(this.folder, `${name}.json`);
  }
}
