import type { Type } from '@nestjs/common';

const PARAMETERS = '__routeArguments__';
const PASSTHROUGH = '__responsePassthrough__';

/** How Nest numbers what a handler's parameters are made of; `@Body()` and files are no part of what is cached anyway. */
const RESPONSE = 1;
const NEXT = 2;
const HEADERS = 6;
const SESSION = 7;
const IP = 11;
const COOKIES = 14;
const SIGNED_COOKIES = 15;

/** What a handler's parameters say of its answers. */
export interface Parameters {
  readonly refusal: string | undefined;
  /** Lower-case names of the request's headers that it gets. */
  readonly headers: readonly string[];
}

export function parametersOf(controller: Type, method: string): Parameters {
  const metadata = (Reflect.getMetadata(PARAMETERS, controller, method) ?? {}) as Record<
    string,
    { readonly data?: unknown }
  >;
  const isPassedThrough = Boolean(Reflect.getMetadata(PASSTHROUGH, controller, method));
  let refusal: string | undefined;
  const headers: string[] = [];
  for (const [key, { data }] of Object.entries(metadata)) {
    switch (kindOf(key)) {
      case RESPONSE:
      case NEXT:
        if (!isPassedThrough) refusal ??= '@Res';
        break;
      case HEADERS:
        if (typeof data === 'string') headers.push(data.toLowerCase());
        break;
      case SESSION:
      case IP:
        // It may be a different answer for everybody.
        refusal ??= 'client';
        break;
      case COOKIES:
      case SIGNED_COOKIES:
        headers.push('cookie');
    }
  }
  return { refusal, headers };
}

/** Those of `createParamDecorator` have no number. */
const kindOf = (key: string): number => (/^\d+:/.test(key) ? Number.parseInt(key, 10) : -1);
