import type { ExecutionContext } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import { headerOf, type HeaderValue, type HttpExchange, type HttpRequest } from '../http.message.js';

type HttpAdapter = HttpAdapterHost['httpAdapter'];

/** What Express and Fastify have in common, beyond what adapters offer. */
interface ServedRequest extends HttpRequest {
  readonly protocol?: string;
  readonly host?: string;
  readonly user?: unknown;
  readonly auth?: unknown;
  readonly socket?: { getPeerCertificate?: () => object | null | undefined };
}

interface ServedResponse {
  readonly statusCode: number;
  /** Fastify's own has Node's inside. */
  readonly raw?: object;
  getHeaders(): Record<string, HeaderValue | undefined>;
  removeHeader(name: string): void;
}

/** The request and the answer that a handler is about to be called for. */
export function exchangeOf(context: ExecutionContext, adapter: HttpAdapter): HttpExchange {
  const http = context.switchToHttp();
  const request = http.getRequest<ServedRequest>();
  const response = http.getResponse<ServedResponse>();
  return {
    request,
    method: adapter.getRequestMethod(request) as string,
    origin: `${request.protocol ?? 'http'}://${request.host ?? headerOf(request, 'host') ?? ''}`,
    url: adapter.getRequestUrl(request) as string,
    isKnownUser: isKnownUser(request),
    answer: {
      get status() {
        return response.statusCode;
      },
      set status(status) {
        adapter.status(response, status);
      },
      get isSent() {
        return adapter.isHeadersSent(response) as boolean;
      },
      headers: () => headersOf(response),
      setHeader: (name, value) => {
        adapter.setHeader(response, name, value as string);
      },
      removeHeader: (name) => response.removeHeader(name),
      isSender: (value) => value === response || (value !== undefined && value === response.raw),
    },
  };
}

/** Guards put there whom they have recognised. A certificate needs no header. */
function isKnownUser({ user, auth, socket }: ServedRequest): boolean {
  if ((user ?? auth ?? undefined) !== undefined) return true;
  const certificate = socket?.getPeerCertificate?.();
  return Object.keys(certificate ?? {}).length > 0;
}

function headersOf(response: ServedResponse): ReadonlyMap<string, HeaderValue> {
  const headers = new Map<string, HeaderValue>();
  for (const [name, value] of Object.entries(response.getHeaders())) {
    // A list may grow while it is held.
    if (value !== undefined) headers.set(name.toLowerCase(), typeof value === 'object' ? [...value] : value);
  }
  return headers;
}
