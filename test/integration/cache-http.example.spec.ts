import { expect, it } from '@jest/globals';
import {
  Body,
  Controller,
  Get,
  Injectable,
  Param,
  Post,
  Query,
  Req,
  UseInterceptors,
  type ExecutionContext,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { Request } from 'express';
import { CacheInterceptor, CacheKey, CacheService, CacheTTL, NoCache } from 'nestjs-depot';
import { missingExamples } from '../support/examples.js';
import { startHttp } from './cache-http.app.js';

interface User {
  readonly id: string;
}

interface Product {
  readonly name: string;
}

@Injectable()
class ProductService {
  private readonly all: Product[] = [{ name: 'card' }];
  calls = 0;

  async list(page: number): Promise<Product[]> {
    this.calls++;
    return page === 1 ? this.all : [];
  }

  async find(id: string): Promise<Product> {
    this.calls++;
    return { name: `product ${id}` };
  }

  async stock(): Promise<number> {
    return ++this.calls;
  }

  async add(product: Product): Promise<void> {
    this.all.push(product);
  }
}

@Controller('products')
@UseInterceptors(CacheInterceptor.with({ ttl: '1m', tags: ['products'] }))
class ProductController {
  constructor(
    private readonly products: ProductService,
    private readonly cache: CacheService,
  ) {}

  @Get()
  list(@Query('page') page = '1'): Promise<Product[]> {
    return this.products.list(Number(page));
  }

  @Get('stock')
  @NoCache()
  stock(): Promise<number> {
    return this.products.stock();
  }

  @Get(':id')
  @CacheTTL('10m')
  @CacheKey((request) => CacheKey.of('product', request.url.split('/').at(-1) ?? ''))
  find(@Param('id') id: string): Promise<Product> {
    return this.products.find(id);
  }

  @Post()
  async add(@Body() product: Product): Promise<void> {
    await this.products.add(product);
    await this.cache.invalidateTags('products');
  }
}

@Controller('account')
@UseInterceptors(CacheInterceptor.with({ scope: (request: Request & { user?: User }) => request.user?.id }))
class AccountController {
  @Get()
  overview(@Req() request: Request & { user: User }): string {
    return `account of ${request.user.id}`;
  }
}

/** Stands for whatever recognises users. */
class Login {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<{ headers: Record<string, string>; user?: User }>();
    const id = request.headers.authorization;
    if (id !== undefined) request.user = { id };
    return true;
  }
}

it('does what docs/http-cache.md shows', async () => {
  const http = await startHttp('express', [ProductController, AccountController], {
    cache: false,
    module: { providers: [ProductService, { provide: APP_GUARD, useClass: Login }] },
  });
  const { text, headers } = await http.get('/products');
  expect([text, headers['cache-control']]).toEqual(['[{"name":"card"}]', 'public, max-age=60']);
  await http.get('/products?page=1');
  expect((await http.get('/products')).text).toBe(text);
  expect((await http.get('/products/7')).headers['cache-control']).toBe('public, max-age=600');
  expect(http.app.get(ProductService).calls).toBe(3);
  expect(await http.cache.namespace('http').delete('product:7')).toBe(true);
  expect((await http.get('/products/stock')).text).toBe('4');
  expect((await http.get('/products/stock')).text).toBe('5');
  await http.ask('POST', '/products', { 'content-type': 'application/json' }, '{"name":"stamp"}');
  expect((await http.get('/products')).text).toBe('[{"name":"card"},{"name":"stamp"}]');
  for (const authorization of ['ann', 'bob', 'ann']) {
    const account = await http.get('/account', { authorization });
    expect(account.text).toBe(`account of ${authorization}`);
    expect(account.headers['cache-control']).toMatch(/^private, max-age=(300|299)$/);
  }
});

it('has all examples of docs/http-cache.md', async () => {
  expect(await missingExamples('docs/http-cache.md', 'test/integration/cache-http.example.spec.ts')).toEqual(
    [],
  );
});
