import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import test from 'ava';
import { ConfigError, parseConfig, variables } from '../src/config.ts';

const example = parseEnv(readFileSync('.env.example', 'utf8'));

test('.env.example lists every variable', (t) => {
  t.deepEqual(Object.keys(example).sort(), [...variables].sort());
});

test('.env.example, copied unchanged, means the defaults', (t) => {
  t.deepEqual(parseConfig(example), parseConfig({}));
  t.is(parseConfig(example).databaseUrl, undefined);
});

test('what is wrong is named', (t) => {
  const error = t.throws(() => parseConfig({ PORT: 'http', LOG_LEVEL: 'loud' }), {
    instanceOf: ConfigError,
  });
  t.regex(error?.message ?? '', /PORT[\s\S]*LOG_LEVEL/);
});

test('an address of another protocol than is spoken there is refused', (t) => {
  const addresses = { PUBLIC_URL: 'ftp://x', DATABASE_URL: 'mysql://x/y', MAIL_URL: 'http://x' };
  const error = t.throws(() => parseConfig(addresses), { instanceOf: ConfigError });
  t.regex(error?.message ?? '', /PUBLIC_URL[\s\S]*DATABASE_URL[\s\S]*MAIL_URL/);
  t.is(parseConfig({ MAIL_URL: 'smtps://u:p@mail.example' }).mailUrl, 'smtps://u:p@mail.example');
});

test('an engine of one’s own needs the master key that all processes share', (t) => {
  const DATABASE_URL = 'postgres://localhost/x';
  t.throws(() => parseConfig({ DATABASE_URL }), { instanceOf: ConfigError });
  const MASTER_KEY = Buffer.alloc(32, 7).toString('base64');
  t.is(parseConfig({ DATABASE_URL, MASTER_KEY }).databaseUrl, DATABASE_URL);
  t.throws(() => parseConfig({ MASTER_KEY: 'c2hvcnQ=' }), { instanceOf: ConfigError });
});

test('a process without engines must be told where they are', (t) => {
  t.throws(() => parseConfig({ ROLES: 'api,projector' }), { instanceOf: ConfigError });
  t.true(parseConfig({ ROLES: 'engines' }).roles.has('engines'));
});

test('the first admin’s address and password go together', (t) => {
  t.throws(() => parseConfig({ ADMIN_EMAIL: 'ann@example.com' }), { instanceOf: ConfigError });
});

test('an overrun is absorbed unless it is to be owed', (t) => {
  t.is(parseConfig({}).walletOverrun, 'absorbed');
  t.is(parseConfig({ WALLET_OVERRUN: 'owed' }).walletOverrun, 'owed');
  t.throws(() => parseConfig({ WALLET_OVERRUN: 'shared' }), { instanceOf: ConfigError });
});

test('a provider exists when its key, or its address, is set', (t) => {
  const ids = (environment: NodeJS.ProcessEnv) =>
    parseConfig(environment).providers.map(({ id }) => id);
  t.deepEqual(ids({}), []);
  t.deepEqual(ids({ OPENAI_API_KEY: 'sk-x' }), ['openai']);
  t.deepEqual(ids({ OPENAI_LIKE_BASE_URL: 'http://127.0.0.1:9/v1' }), ['openai_like']);
  t.deepEqual(ids({ AZURE_API_KEY: 'x' }), []);
  const AZURE_BASE_URL = 'https://x.openai.azure.com/';
  t.deepEqual(ids({ AZURE_API_KEY: 'x', AZURE_BASE_URL, CLAUDE_API_KEY: 'y' }), [
    'claude',
    'azure',
  ]);
  t.like(parseConfig({ GROK_API_KEY: 'z', GROK_BASE_URL: 'http://127.0.0.1/v1/' }).providers[0], {
    ...{ id: 'grok', kind: 'grok', apiKey: 'z', baseUrl: 'http://127.0.0.1/v1' },
  });
});

test('link-local addresses are for who allows them, and health checks on unless said', (t) => {
  t.like(parseConfig({}), { allowsLinkLocal: false, healthChecks: true });
  const switched = { UPSTREAM_ALLOW_LINK_LOCAL: 'true', UPSTREAM_HEALTH_CHECKS: 'false' };
  t.like(parseConfig(switched), { allowsLinkLocal: true, healthChecks: false });
});

test('traces are sent where a collector is named, with what belongs to it', (t) => {
  t.is(parseConfig({ OTEL_SERVICE_NAME: 'mine' }).tracing, undefined);
  const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://127.0.0.1:4318/';
  const tracing = (more: NodeJS.ProcessEnv) =>
    parseConfig({ OTEL_EXPORTER_OTLP_ENDPOINT, ...more }).tracing;
  t.deepEqual(tracing({}), {
    endpoint: 'http://127.0.0.1:4318',
    headers: {},
    serviceName: 'llm-member',
    share: 1,
  });
  t.deepEqual(tracing({ OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20eA==, x=' })?.headers, {
    authorization: 'Basic eA==',
    x: '',
  });
  for (const OTEL_EXPORTER_OTLP_HEADERS of ['x', '=y', 'x=%E0%A4%A']) {
    t.throws(() => tracing({ OTEL_EXPORTER_OTLP_HEADERS }), { instanceOf: ConfigError });
  }
  t.throws(() => tracing({ OTEL_TRACES_SAMPLER_ARG: '2' }), { instanceOf: ConfigError });
});

test('a whole answer has the time of its call, less what another upstream needs to begin', (t) => {
  const wholeMs = (env: Record<string, string>) => parseConfig(env).timeouts.wholeMs;
  t.is(wholeMs({}), 480_000);
  t.is(wholeMs({ CALL_TIMEOUT_MS: '15000', UPSTREAM_FIRST_TOKEN_TIMEOUT_MS: '3000' }), 12_000);
  t.is(wholeMs({ CALL_TIMEOUT_MS: '60000' }), 120_000);
});
