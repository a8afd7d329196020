import { createHash } from 'node:crypto';
import type { ReportOrder } from './reports.processor.js';

/** The same for orders of the same figures. */
export function reportKey({ from, countries }: ReportOrder): string {
  return createHash('sha256')
    .update(JSON.stringify([from, countries && [...countries].sort()]))
    .digest('base64url');
}
