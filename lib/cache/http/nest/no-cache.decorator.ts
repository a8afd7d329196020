import { SetMetadata } from '@nestjs/common';

export const NO_CACHE = 'nestjs-depot:http.none';

/** `CacheInterceptor` leaves the answers of the handler alone, or of all of a controller. */
export const NoCache = (): ClassDecorator & MethodDecorator => SetMetadata(NO_CACHE, true);
