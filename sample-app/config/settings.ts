import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { plainToInstance } from 'class-transformer';
import { IsInt, IsOptional, IsString, Length, Matches, Max, Min, validateSync } from 'class-validator';
import type { Duration } from 'nestjs-depot';
import { IsDuration } from './duration.validator.js';
import { ENCRYPTION_KEYS } from './encryption.keys.js';

/**
 * Every setting of the app; `.env.example` says what each one does. Numbers are declared as such, although their
 * default shows it: the declaration is what text of the environment is converted by.
 */
export class Settings {
  @Matches(/^\S+$/)
  HOST = '127.0.0.1';

  @IsInt()
  @Min(0)
  @Max(65_535)
  PORT: number = 3000;

  @IsOptional()
  @Matches(/^rediss?:\/\//, { message: 'must start with redis:// or rediss://' })
  REDIS_URL?: string;

  @IsOptional()
  @IsString()
  REDIS_HOST?: string;

  @IsInt()
  @Min(1)
  @Max(65_535)
  REDIS_PORT: number = 6379;

  @IsInt()
  @Min(0)
  REDIS_DB: number = 0;

  @IsOptional()
  @IsString()
  REDIS_PASSWORD?: string;

  @IsDuration()
  REDIS_CONNECT_TIMEOUT: Duration = '5s';

  @IsOptional()
  @IsDuration()
  REDIS_COMMAND_TIMEOUT?: Duration;

  @Matches(/^[\w-]+$/, { message: 'must be letters, digits, - and _' })
  NAMESPACE = 'postcards';

  @Matches(/^(all|none|[\w-]+(,[\w-]+)*)$/, {
    message: "must be 'all', 'none' or names of queues with commas",
  })
  WORKERS = 'all';

  @IsInt()
  @Min(1)
  CONCURRENCY: number = 4;

  @IsDuration()
  CACHE_TTL: Duration = '10m';

  @IsDuration()
  SHUTDOWN_TIMEOUT: Duration = '10s';

  @IsOptional()
  @Matches(/^smtps?:\/\//, { message: 'must start with smtp:// or smtps://' })
  SMTP_URL?: string;

  @Matches(/^\S+@\S+$/, { message: 'must be an address' })
  MAIL_FROM = 'postcards@postcards.example';

  @IsInt()
  @Min(1)
  MAIL_PER_SECOND: number = 50;

  @IsInt()
  @Min(1)
  MAIL_CONNECTIONS: number = 20;

  @IsInt()
  @Min(1)
  CUSTOMER_BACKLOG: number = 1_000;

  @IsOptional()
  @Matches(ENCRYPTION_KEYS, { message: 'must be id:key with 32 bytes as base64, several with commas' })
  TASK_KEYS?: string;

  @IsOptional()
  @Length(16, 256)
  ADMIN_KEY?: string;

  @IsString()
  DATA_DIR = join(tmpdir(), 'postcards');

  @IsOptional()
  @IsString()
  MAIL_DIR?: string;

  @IsOptional()
  @IsString()
  LEDGER_FILE?: string;
}

/** Says which settings are wrong, and what they should be. */
export class SettingsError extends Error {}

const SECRET = /URL|PASSWORD|KEY/;

/** Reads the settings out of the environment. An empty variable counts as not set. */
export function readSettings(environment: Record<string, unknown>): Settings {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const settings = plainToInstance(Settings, given, {
    enableImplicitConversion: true,
    exposeDefaultValues: true,
  });
  const problems = validateSync(settings).map(({ property, constraints = {} }) => {
    const value = SECRET.test(property) ? '(hidden)' : JSON.stringify(environment[property]);
    // The rule that is declared first comes last, and the others follow from it: what is no number is in no range.
    const reason = Object.values(constraints).at(-1)?.replace(`${property} `, '') ?? 'wrong';
    return `${property} is ${value}; it ${reason}`;
  });
  if (problems.length > 0) throw new SettingsError(`the settings are wrong\n  ${problems.join('\n  ')}`);
  return settings;
}
