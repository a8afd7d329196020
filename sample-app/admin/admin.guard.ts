import { createHash, timingSafeEqual } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Injectable, UnauthorizedException } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import type { Request } from 'express';
import type { Settings } from '../config/settings.js';

export const ADMIN_HEADER = 'x-admin-key';

/** Lets in who knows the `ADMIN_KEY`, and everybody when there is none. */
@Injectable()
export class AdminGuard implements CanActivate {
  private readonly key: string | undefined;

  constructor(config: ConfigService<Settings, true>) {
    this.key = config.get('ADMIN_KEY', { infer: true });
  }

  canActivate(context: ExecutionContext): boolean {
    if (this.key === undefined) return true;
    const given = context.switchToHttp().getRequest<Request>().header(ADMIN_HEADER) ?? '';
    if (timingSafeEqual(digest(given), digest(this.key))) return true;
    throw new UnauthorizedException(`the header ${ADMIN_HEADER} must have the ADMIN_KEY`);
  }
}

/** Of equal length, whatever the lengths of the keys. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
