import { existsSync } from 'node:fs';
import { loadEnvFile } from 'node:process';
import { z } from 'zod';
import type { KafkaSettings } from './adapters/kafka/client.ts';
import type { Retrying } from './adapters/llm/in-turn.ts';
import type { TracingSettings } from './adapters/tracing/otlp.ts';
import type { ProviderConfig } from './providers.ts';
import { providersIn, providerVariables } from './providers.ts';

const roles = ['engines', 'api', 'relay', 'projector', 'scheduler'] as const;
export type Role = (typeof roles)[number];

/** Unset and empty mean the same, so that a copied `.env.example` changes nothing. */
const optional = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional());
const withDefault = <Schema extends z.ZodType>(schema: Schema, value: z.output<Schema>) =>
  optional(schema).transform((given) => given ?? value);

const urlOf = (...protocols: readonly string[]) =>
  z.url({ protocol: new RegExp(`^(${protocols.join('|')})$`) });
const HttpUrl = urlOf('http', 'https');
const Flag = z
  .enum(['true', 'false', '1', '0'])
  .transform((text) => text === 'true' || text === '1');
const RoleList = z
  .string()
  .transform((text) => text.split(',').map((each) => each.trim()))
  .pipe(z.array(z.enum(roles)).min(1));

const BrokerList = z
  .string()
  .transform((text) => text.split(',').map((each) => each.trim()))
  .pipe(z.array(z.string().regex(/^[^\s:/]+:\d{1,5}$/, 'a list of host:port is expected')).min(1));

/** `name=value,name=value`, percent-encoded, as OpenTelemetry has it. */
const HeaderList = z.string().transform((text, { addIssue }) => {
  try {
    const pairs = text.split(',').map((each) => {
      const [, name = '', value = ''] = /^\s*([\w.-]+)\s*=\s*(.*?)\s*$/.exec(each) ?? [];
      return [name, decodeURIComponent(value)] as const;
    });
    if (pairs.every(([name]) => name !== '')) return Object.fromEntries(pairs);
  } catch {
    // Told below: what is percent-encoded is no text.
  }
  addIssue('a list of name=value, percent-encoded, is expected');
  return z.NEVER;
});

const Environment = z.object({
  PORT: withDefault(z.coerce.number().int().min(0).max(65_535), 8080),
  HOST: withDefault(z.string(), '0.0.0.0'),
  PUBLIC_URL: optional(HttpUrl),
  TRUST_PROXY: withDefault(Flag, false),
  LOG_LEVEL: withDefault(z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']), 'info'),
  DATA_DIR: withDefault(z.string(), './data'),
  ROLES: withDefault(RoleList, [...roles]),
  DATABASE_URL: optional(urlOf('postgres', 'postgresql')),
  EVENTSTORE_URL: optional(z.string().regex(/^(esdb|kurrentdb)(\+discover)?:\/\//)),
  KAFKA_BROKERS: optional(BrokerList),
  KAFKA_SSL: withDefault(Flag, false),
  KAFKA_SASL_MECHANISM: optional(z.enum(['plain', 'scram-sha-256', 'scram-sha-512'])),
  KAFKA_USERNAME: optional(z.string()),
  KAFKA_PASSWORD: optional(z.string()),
  KAFKA_TOPIC_PREFIX: withDefault(z.string().regex(/^[a-zA-Z0-9._-]{1,100}$/), ''),
  MASTER_KEY: optional(z.base64().refine((text) => Buffer.from(text, 'base64').length === 32)),
  REQUEST_BODIES_MB: withDefault(z.coerce.number().int().min(32).max(65_536), 256),
  SHUTDOWN_GRACE_MS: withDefault(z.coerce.number().int().min(0).max(3_600_000), 30_000),
  WALLET_ROLL_EVENTS: withDefault(z.coerce.number().int().min(10).max(10_000_000), 50_000),
  WALLET_OVERRUN: withDefault(z.enum(['absorbed', 'owed']), 'absorbed'),
  MAIL_URL: optional(urlOf('smtp', 'smtps')),
  MAIL_FROM: withDefault(z.string(), 'LLM Member <no-reply@localhost>'),
  ADMIN_EMAIL: optional(z.email()),
  ADMIN_PASSWORD: optional(z.string().min(8).max(200)),
  ...providerVariables(optional(z.string()), optional(HttpUrl)),
  UPSTREAM_CONNECT_TIMEOUT_MS: withDefault(z.coerce.number().int().positive(), 10_000),
  UPSTREAM_FIRST_TOKEN_TIMEOUT_MS: withDefault(z.coerce.number().int().positive(), 120_000),
  UPSTREAM_IDLE_TIMEOUT_MS: withDefault(z.coerce.number().int().positive(), 60_000),
  UPSTREAM_ATTEMPTS: withDefault(z.coerce.number().int().min(1).max(100), 8),
  UPSTREAM_RETRIES: withDefault(z.coerce.number().int().min(0).max(10), 2),
  UPSTREAM_RETRY_PAUSE_MS: withDefault(z.coerce.number().int().min(1).max(60_000), 5_000),
  UPSTREAM_RETRY_WINDOW_MS: withDefault(z.coerce.number().int().min(0).max(3_600_000), 150_000),
  UPSTREAM_CIRCUIT_OPEN_MS: withDefault(z.coerce.number().int().min(0).max(3_600_000), 15_000),
  UPSTREAM_HEALTH_CHECKS: withDefault(Flag, true),
  UPSTREAM_ALLOW_LINK_LOCAL: withDefault(Flag, false),
  CALL_TIMEOUT_MS: withDefault(z.coerce.number().int().positive(), 600_000),
  OTEL_EXPORTER_OTLP_ENDPOINT: optional(HttpUrl),
  OTEL_EXPORTER_OTLP_HEADERS: optional(HeaderList),
  OTEL_SERVICE_NAME: withDefault(z.string(), 'llm-member'),
  OTEL_TRACES_SAMPLER_ARG: withDefault(z.coerce.number().min(0).max(1), 1),
});

/** Before an upstream is asked again for the first time; the pause doubles. */
const firstPauseMs = 250;

export interface Config {
  readonly port: number;
  readonly host: string;
  readonly publicUrl: string | undefined;
  readonly trustProxy: boolean;
  /** What the bodies of all requests may take together. */
  readonly mostBodyBytes: number;
  readonly logLevel: z.infer<typeof Environment>['LOG_LEVEL'];
  readonly dataDir: string;
  readonly roles: ReadonlySet<Role>;
  readonly databaseUrl: string | undefined;
  readonly eventstoreUrl: string | undefined;
  /** Absent: the read models are fed from the log itself. */
  readonly kafka: KafkaSettings | undefined;
  readonly masterKey: string | undefined;
  readonly shutdownGraceMs: number;
  /** A wallet's stream with so many events is closed, and continued in the next one. */
  readonly walletRollEvents: number;
  /** Who bears what a call consumes beyond its hold: we, or its member as a debt. */
  readonly walletOverrun: 'absorbed' | 'owed';
  readonly mailUrl: string | undefined;
  readonly mailFrom: string;
  readonly admin: { readonly email: string; readonly password: string } | undefined;
  readonly providers: readonly ProviderConfig[];
  readonly timeouts: {
    readonly connectMs: number;
    readonly firstTokenMs: number;
    readonly wholeMs: number;
    readonly idleMs: number;
    readonly totalMs: number;
  };
  readonly retrying: Retrying;
  /** How long an upstream that fails is left alone. */
  readonly circuitOpenMs: number;
  /** Whether it is asked then, by what is no call, if it is back. */
  readonly healthChecks: boolean;
  /** Upstreams may be where clouds keep a machine's own secrets. */
  readonly allowsLinkLocal: boolean;
  /** Absent: nothing is traced. */
  readonly tracing: TracingSettings | undefined;
}

/** Something in the environment is wrong; the message names each variable and why. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Reads `.env` (what is set already wins) and the environment; the only place that does. */
export function readConfig(): Config {
  if (existsSync('.env')) loadEnvFile('.env');
  return parseConfig(process.env);
}

/** The variables there are, as `.env.example` must list them. */
export const variables: readonly string[] = Object.keys(Environment.shape);

export function parseConfig(environment: NodeJS.ProcessEnv): Config {
  const parsed = Environment.safeParse(environment);
  if (!parsed.success) {
    const lines = parsed.error.issues.map(({ path, message }) => `  ${path.join('.')}: ${message}`);
    throw new ConfigError(`The environment is not usable:\n${lines.join('\n')}`);
  }
  const env = parsed.data;
  if (Boolean(env.ADMIN_EMAIL) !== Boolean(env.ADMIN_PASSWORD)) {
    throw new ConfigError('ADMIN_EMAIL and ADMIN_PASSWORD go together: set both or neither.');
  }
  const sasl = [env.KAFKA_SASL_MECHANISM, env.KAFKA_USERNAME, env.KAFKA_PASSWORD];
  if (sasl.some(Boolean) && !sasl.every(Boolean)) {
    throw new ConfigError(
      'KAFKA_SASL_MECHANISM, KAFKA_USERNAME and KAFKA_PASSWORD go together: set all or none.',
    );
  }
  if (!env.MASTER_KEY && (env.DATABASE_URL || env.EVENTSTORE_URL || env.KAFKA_BROKERS)) {
    throw new ConfigError(
      'With DATABASE_URL, EVENTSTORE_URL or KAFKA_BROKERS set, MASTER_KEY is needed: 32 bytes in base64 ' +
        '(openssl rand -base64 32), the same for every process.',
    );
  }
  if (!env.ROLES.includes('engines') && !(env.DATABASE_URL && env.EVENTSTORE_URL)) {
    throw new ConfigError(
      'Without the role `engines`, DATABASE_URL and EVENTSTORE_URL are needed: ' +
        '`ROLES=engines npm start` prints them.',
    );
  }
  return Object.freeze(toConfig(env));
}

function toConfig(env: z.infer<typeof Environment>): Config {
  return {
    port: env.PORT,
    host: env.HOST,
    publicUrl: env.PUBLIC_URL?.replace(/\/+$/, ''),
    trustProxy: env.TRUST_PROXY,
    mostBodyBytes: env.REQUEST_BODIES_MB * 1_024 * 1_024,
    logLevel: env.LOG_LEVEL,
    dataDir: env.DATA_DIR,
    roles: new Set(env.ROLES),
    databaseUrl: env.DATABASE_URL,
    eventstoreUrl: env.EVENTSTORE_URL,
    kafka: kafkaOf(env),
    masterKey: env.MASTER_KEY,
    shutdownGraceMs: env.SHUTDOWN_GRACE_MS,
    walletRollEvents: env.WALLET_ROLL_EVENTS,
    walletOverrun: env.WALLET_OVERRUN,
    mailUrl: env.MAIL_URL,
    mailFrom: env.MAIL_FROM,
    admin:
      env.ADMIN_EMAIL && env.ADMIN_PASSWORD
        ? { email: env.ADMIN_EMAIL, password: env.ADMIN_PASSWORD }
        : undefined,
    providers: providersIn(env),
    timeouts: {
      connectMs: env.UPSTREAM_CONNECT_TIMEOUT_MS,
      firstTokenMs: env.UPSTREAM_FIRST_TOKEN_TIMEOUT_MS,
      wholeMs: wholeMsOf(env),
      idleMs: env.UPSTREAM_IDLE_TIMEOUT_MS,
      totalMs: env.CALL_TIMEOUT_MS,
    },
    retrying: {
      attempts: env.UPSTREAM_ATTEMPTS,
      retries: env.UPSTREAM_RETRIES,
      firstPauseMs: Math.min(firstPauseMs, env.UPSTREAM_RETRY_PAUSE_MS),
      longestPauseMs: env.UPSTREAM_RETRY_PAUSE_MS,
      windowMs: env.UPSTREAM_RETRY_WINDOW_MS,
    },
    circuitOpenMs: env.UPSTREAM_CIRCUIT_OPEN_MS,
    healthChecks: env.UPSTREAM_HEALTH_CHECKS,
    allowsLinkLocal: env.UPSTREAM_ALLOW_LINK_LOCAL,
    tracing: tracingOf(env),
  };
}

/** All of the call's time, less what another upstream needs to begin in this one's place. */
const wholeMsOf = ({
  CALL_TIMEOUT_MS: total,
  UPSTREAM_FIRST_TOKEN_TIMEOUT_MS: first,
}: z.infer<typeof Environment>): number => Math.max(first, total - first);

function kafkaOf(env: z.infer<typeof Environment>): KafkaSettings | undefined {
  const { KAFKA_BROKERS: brokers, KAFKA_SASL_MECHANISM: mechanism } = env;
  if (!brokers) return undefined;
  const { KAFKA_USERNAME: username = '', KAFKA_PASSWORD: password = '' } = env;
  return {
    brokers,
    ssl: env.KAFKA_SSL,
    sasl: mechanism ? { mechanism, username, password } : undefined,
    topicPrefix: env.KAFKA_TOPIC_PREFIX,
  };
}

function tracingOf(env: z.infer<typeof Environment>): TracingSettings | undefined {
  if (!env.OTEL_EXPORTER_OTLP_ENDPOINT) return undefined;
  return {
    endpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT.replace(/\/+$/, ''),
    headers: env.OTEL_EXPORTER_OTLP_HEADERS ?? {},
    serviceName: env.OTEL_SERVICE_NAME,
    share: env.OTEL_TRACES_SAMPLER_ARG,
  };
}
