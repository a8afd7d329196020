import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import type { Settings } from '../config/settings.js';
import type { Sale } from './edition.js';

/**
 * What was sold, in a file for each edition. It stands for any store that has no transactions: who reads, decides and
 * writes must hold a lock meanwhile.
 */
@Injectable()
export class SalesBook {
  private readonly folder: string;

  constructor(config: ConfigService<Settings, true>) {
    this.folder = join(config.get('DATA_DIR', { infer: true }), 'editions');
  }

  async read(editionId: string): Promise<readonly Sale[]> {
    try {
      return JSON.parse(await readFile(this.file(editionId), 'utf8')) as Sale[];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }

  async write(editionId: string, sales: readonly Sale[]): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    const file = this.file(editionId);
    // Renamed when complete: readers, who hold no lock, never see half a file.
    await writeFile(`${file}.${process.pid}`, JSON.stringify(sales, null, 2));
    await rename(`${file}.${process.pid}`, file);
  }

  private file(editionId: string): string {
    return join(this.folder, `${editionId}.json`);
  }
}
