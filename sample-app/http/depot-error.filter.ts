import { type ArgumentsHost, Catch, type ExceptionFilter, HttpStatus, Logger } from '@nestjs/common';
import { DepotError } from 'nestjs-depot';
import type { Response } from 'express';

const STATUS: Record<string, HttpStatus> = {
  DEPOT_ENGINE_UNAVAILABLE: HttpStatus.SERVICE_UNAVAILABLE,
  DEPOT_RESULT_TIMEOUT: HttpStatus.GATEWAY_TIMEOUT,
  DEPOT_LOCK_CONFLICT: HttpStatus.CONFLICT,
  DEPOT_LOCK_TIMEOUT: HttpStatus.SERVICE_UNAVAILABLE,
  DEPOT_QUEUE_FULL: HttpStatus.SERVICE_UNAVAILABLE,
  DEPOT_TASK_EXPIRED: HttpStatus.SERVICE_UNAVAILABLE,
  DEPOT_TASK_CANCELLED: HttpStatus.CONFLICT,
};

/** When it may be worth another try. */
const RETRY_AFTER_S = 5;

/** Tells the client what the library could not do, by the code of its error. */
@Catch(DepotError)
export class DepotErrorFilter implements ExceptionFilter<DepotError> {
  private readonly logger = new Logger('Postcards');

  catch(error: DepotError, host: ArgumentsHost): void {
    // Handlers' errors travel to their queue, which deals with them.
    if (host.getType<string>() !== 'http') throw error;
    const statusCode = STATUS[error.code] ?? HttpStatus.INTERNAL_SERVER_ERROR;
    if (statusCode === HttpStatus.INTERNAL_SERVER_ERROR) this.logger.error(error.stack);
    const body = { statusCode, code: error.code, message: error.message };
    const response = host.switchToHttp().getResponse<Response>();
    if (statusCode === HttpStatus.SERVICE_UNAVAILABLE) response.setHeader('Retry-After', RETRY_AFTER_S);
    response.status(statusCode).json(body);
  }
}
