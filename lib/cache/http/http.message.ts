/** What is asked of a request: Express, Fastify and Node's own have it. */
export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A function of the request, which may be declared with the type that the framework gives it. */
export type OfRequest<T> = {
  // A method, whose parameters are compared both ways: `(request: express.Request) => …` is one, too.
  of(request: HttpRequest): T;
}['of'];

export type HeaderValue = string | number | readonly string[];

/** A request and the answer to it, as the cache sees them. `nest/nest.exchange.ts` makes it of what the adapter has. */
export interface HttpExchange {
  readonly request: HttpRequest;
  readonly method: string;
  /** Scheme and host, as the client has them: `https://shop.example`. */
  readonly origin: string;
  /** Path and query, as they came. */
  readonly url: string;
  /** Whether somebody has shown who he is: a certificate, or what a guard has found out. */
  readonly isKnownUser: boolean;
  readonly answer: {
    status: number;
    /** Whether something was sent already. */
    readonly isSent: boolean;
    /** Those that are set so far, by lower-case name. */
    headers(): ReadonlyMap<string, HeaderValue>;
    setHeader(name: string, value: HeaderValue): void;
    removeHeader(name: string): void;
    /** Whether a value is the object that answers are sent with. */
    isSender(value: unknown): boolean;
  };
}

/** The value of a request's header; one that was sent several times as one list. */
export function headerOf(request: HttpRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

export const textOf = (value: HeaderValue | undefined): string | undefined =>
  value === undefined ? undefined : typeof value === 'object' ? value.join(', ') : String(value);
