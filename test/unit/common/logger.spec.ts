import { describe, expect, it } from '@jest/globals';
import { guardedLogger } from '../../../lib/common/logger.js';

describe('a guarded logger', () => {
  it('passes everything on, as the method of its owner', () => {
    class Recorder {
      readonly lines: unknown[] = [];
      log(message: string): void {
        this.lines.push(message);
      }
      warn(message: string): void {
        this.lines.push(message);
      }
      error(message: string, stack?: string): void {
        this.lines.push(message, stack);
      }
    }
    const recorder = new Recorder();
    const logger = guardedLogger(recorder);
    logger.log('a');
    logger.warn('b');
    logger.error('c', 'stack');
    expect(recorder.lines).toEqual(['a', 'b', 'c', 'stack']);
  });

  it('does not throw what the logger throws', () => {
    const fail = (): never => {
      throw new Error('disk full');
    };
    const logger = guardedLogger({ log: fail, warn: fail, error: fail });
    expect(() => {
      logger.log('a');
      logger.warn('b');
      logger.error('c');
    }).not.toThrow();
  });
});
