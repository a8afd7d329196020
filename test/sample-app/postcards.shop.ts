import 'reflect-metadata';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { DepotTesting } from 'nestjs-depot/testing';
import type { City } from '../../sample-app/cities/city.js';
import type { Letter } from '../../sample-app/mail/letter.js';

export const ADMIN_KEY = 'only for these tests';
/** So many cards of one customer may wait, and so many mails leave in a second. */
export const BACKLOG = 3;
export const MAILS_PER_SECOND = 2;

/** The settings are read once in a test file; each test finds the folder empty. */
const DATA_DIR = mkdtempSync(join(tmpdir(), 'postcards-test-'));

const CITIES: readonly City[] = [
  { id: 'pt-lisbon', name: 'Lisbon', country: 'PT', lat: 38.7, lng: -9.1 },
  { id: 'pt-porto', name: 'Porto', country: 'PT', lat: 41.2, lng: -8.6 },
];

/** In place of all cities of the world. */
const catalogue = {
  get: (id: string) => CITIES.find((city) => city.id === id),
  all: () => CITIES.values(),
  countries: () => ['PT'],
  inCountry: () => CITIES,
};

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly retryAfter: string | null;
}

/** The whole sample app under the test kit, with its HTTP side. What it mails is collected. */
export class PostcardsShop {
  readonly sent: Letter[] = [];
  /** The SMTP code that mails to an address are refused with. */
  readonly refused = new Map<string, number>();
  key: string | undefined = ADMIN_KEY;

  private constructor(
    readonly depot: DepotTesting<INestApplication>,
    mailer: { send: (id: string, letter: Letter) => Promise<string> },
  ) {
    mailer.send = (id, letter) => this.send(id, letter);
  }

  /** @param concurrency the same in all tests of a file: settings are read once */
  static async open({ concurrency = 1 } = {}): Promise<PostcardsShop> {
    Object.assign(process.env, {
      ADMIN_KEY,
      CONCURRENCY: String(concurrency),
      CUSTOMER_BACKLOG: String(BACKLOG),
      DATA_DIR,
      LEDGER_FILE: '',
      MAIL_PER_SECOND: String(MAILS_PER_SECOND),
      WORKERS: 'all',
    });
    // The settings are read when the module is loaded.
    const { AppModule } = await import('../../sample-app/app.module.js');
    const { CityCatalogue } = await import('../../sample-app/cities/city.catalogue.js');
    const { Mailer } = await import('../../sample-app/mail/mailer.service.js');
    const { setUpHttp } = await import('../../sample-app/http/http.setup.js');
    const mailer = { send: (id: string, _letter: Letter) => Promise.resolve(id) };
    const depot = await DepotTesting.create<INestApplication>({
      imports: [AppModule],
      overrides: [
        { provide: CityCatalogue, useValue: catalogue },
        { provide: Mailer, useValue: mailer },
      ],
      app: (module) => {
        const app = module.createNestApplication({ logger: false });
        setUpHttp(app);
        return app;
      },
    });
    await depot.app.listen(0, '127.0.0.1');
    const shop = new PostcardsShop(depot, mailer);
    open.add(shop);
    return shop;
  }

  get(path: string): Promise<Answer> {
    return this.ask('GET', path);
  }

  post(path: string, body: unknown = {}): Promise<Answer> {
    return this.ask('POST', path, body);
  }

  delete(path: string): Promise<Answer> {
    return this.ask('DELETE', path);
  }

  async close(): Promise<void> {
    await this.depot.close();
    await rm(DATA_DIR, { recursive: true, force: true });
  }

  private async ask(method: string, path: string, body?: unknown): Promise<Answer> {
    const { port } = (this.depot.app.getHttpServer() as { address(): AddressInfo }).address();
    const headers = {
      ...(this.key !== undefined && { 'x-admin-key': this.key }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    const sent = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
    const response = await fetch(`http://127.0.0.1:${port}${path}`, sent);
    const text = await response.text();
    const retryAfter = response.headers.get('retry-after');
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text), retryAfter };
  }

  private async send(id: string, letter: Letter): Promise<string> {
    const responseCode = this.refused.get(letter.to);
    if (responseCode !== undefined)
      throw Object.assign(new Error(`refused: ${responseCode}`), { responseCode });
    this.sent.push(letter);
    return `<${id}@postcards.example>`;
  }
}

const open = new Set<PostcardsShop>();

afterEach(async () => {
  await Promise.all([...open].map((shop) => shop.close()));
  open.clear();
});
