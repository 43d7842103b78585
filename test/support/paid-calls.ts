import { randomUUID, randomUUIDv7 } from 'node:crypto';
import pino from 'pino';
import { runners } from '../../src/adapters/eventstore/runners.ts';
import type { Budgets } from '../../src/adapters/llm/budgets.ts';
import type { EndpointName } from '../../src/adapters/llm/endpoints/endpoint.ts';
import type { Patience } from '../../src/adapters/llm/in-time.ts';
import type { Retrying } from '../../src/adapters/llm/in-turn.ts';
import type { Metered } from '../../src/adapters/llm/metered.ts';
import { metered } from '../../src/adapters/llm/metered.ts';
import type { ModelAnswer, ModelCall } from '../../src/adapters/llm/model-call.ts';
import type { Catalogue } from '../../src/adapters/llm/plan-call.ts';
import type { Json, Upstream } from '../../src/adapters/llm/upstream.ts';
import { upstreamWatch } from '../../src/adapters/llm/upstream-watch.ts';
import type { CountBounds } from '../../src/adapters/llm/whole-input.ts';
import { resolveAbandoned } from '../../src/adapters/postgres/abandoned.ts';
import type { AliasTerms } from '../../src/domain/alias/events.ts';
import { plainAlias } from '../../src/domain/alias/events.ts';
import type { ScenarioNames } from '../../src/domain/budget/scenario-names.ts';
import { scenarioNames } from '../../src/domain/budget/scenario-names.ts';
import { Decimal, zero } from '../../src/domain/money.ts';
import type { Prices } from '../../src/domain/price-list/events.ts';
import type { Candidate, HangUp, RouteTerms } from '../../src/domain/route/events.ts';
import { streamOf } from '../../src/domain/streams.ts';
import type { Wallet } from '../../src/domain/wallet/wallet.ts';
import type { MemoryJournal } from './memory-journal.ts';
import { memoryJournal } from './memory-journal.ts';
import type { MemoryLog } from './memory-log.ts';
import { memoryLog } from './memory-log.ts';
import { routeTo } from './routes.ts';
import { grantOf, price, reserveOf } from './wallets.ts';

interface PaidCallsOptions {
  readonly upstreams: readonly Upstream[];
  /** The upstream models behind the alias `demo`, tried in this order. */
  readonly models: readonly Pick<Candidate, 'upstream' | 'model' | 'cost'>[];
  /** Instead: how they are routed. */
  readonly route?: RouteTerms;
  readonly retrying?: Partial<Retrying>;
  readonly circuitOpenMs?: number;
  /** Granted at the start: asset → amount. */
  readonly credit?: Readonly<Record<string, string>>;
  readonly totalMs?: number;
  readonly patienceMs?: number;
  /** How long an answer waits for its charge. */
  readonly patience?: Patience;
  readonly defaultMaxOutput?: number;
  /** What the alias's models read at most; nobody has said it unless given. */
  readonly maxInputTokens?: number;
  readonly overrun?: 'absorbed' | 'owed';
  readonly hangUp?: HangUp;
  /** What is asked; a chat unless said. */
  readonly endpoint?: EndpointName;
  readonly scenarios?: ScenarioNames;
  /** What `demo` says where a call says nothing. */
  readonly alias?: Partial<AliasTerms>;
  /** Instead of those of `wallets.ts`. */
  readonly prices?: Prices;
  readonly countBounds?: CountBounds;
  readonly budgets?: Budgets;
}

const silent = pino({ level: 'silent' });

/** As the program does, in a hurry. */
const hasty: Retrying = {
  ...{ attempts: 8, retries: 2 },
  ...{ firstPauseMs: 5, longestPauseMs: 1_500, windowMs: 150_000 },
};

function askedAs({ retrying, circuitOpenMs = 15_000 }: PaidCallsOptions) {
  const nowMs = () => performance.now();
  return {
    nowMs,
    watch: upstreamWatch({ nowMs, capacityOf: () => null, circuitOpenMs, log: silent }),
    retrying: { ...hasty, ...retrying },
  };
}

type End = { readonly type: string; readonly data: Json };

export interface PaidCalls {
  readonly walletId: string;
  readonly log: MemoryLog;
  readonly journal: MemoryJournal;
  /** The codes of what the wallet refused. */
  readonly refusals: readonly string[];
  readonly metered: Metered;
  call(body?: Json, client?: AbortSignal): Promise<ModelAnswer>;
  wallet(): Promise<Wallet>;
  /** What was written about calls, oldest first. */
  ends(): readonly End[];
  /** Another process ends somebody's hold behind the calls' back, as after a crash. */
  expire(callId: string): Promise<void>;
  /** Takes this much credit away with another call, which stays open. */
  spend(amount: string): Promise<void>;
}

const newContext = () => ({
  ...{ commandId: randomUUID(), correlationId: 'test', source: 'test' },
  actor: { type: 'system' as const, id: 'test' },
  at: new Date().toISOString(),
});

/** One wallet and its calls: the real decider and writer on a log in memory, and real upstreams. */
export async function paidCalls(options: PaidCallsOptions): Promise<PaidCalls> {
  const log = memoryLog();
  const journal = memoryJournal();
  const refusals: string[] = [];
  const walletId = randomUUID();
  const { endpoint = 'chat' } = options;
  const stream = streamOf.wallet(walletId);
  const clock = () => new Date();
  const { patienceMs } = options;
  const { wallet } = runners({ log, clock, ...(patienceMs === undefined ? {} : { patienceMs }) });
  for (const [asset, amount] of Object.entries(options.credit ?? { CNY: '1' })) {
    await runners({ log, clock }).wallet.run(
      stream,
      (at) => ({ ...grantOf(amount, { asset }), walletId, amount: new Decimal(amount), at }),
      newContext(),
    );
  }
  const parts = {
    wallet,
    catalogue: catalogueOf(options),
    upstreams: new Map(options.upstreams.map((each) => [each.id, each])),
    processId: randomUUID(),
    random: () => 0,
    ...{ ...askedAs(options), scenarios: options.scenarios ?? scenarioNames() },
    clock,
    log: silent,
    totalMs: options.totalMs ?? 60_000,
    overrun: options.overrun ?? 'absorbed',
    journal,
    refused: (_: string, code: string) => void refusals.push(code),
    ...(options.patience ? { patience: options.patience } : {}),
    ...(options.countBounds && { countBounds: options.countBounds }),
    ...(options.budgets && { budgets: options.budgets }),
  };
  const calls = metered(parts);
  return {
    walletId,
    log,
    journal,
    refusals,
    metered: calls,
    call: (body = {}, client = new AbortController().signal) =>
      calls.answer(callOf(walletId, { ...asked[endpoint], ...body }, { endpoint, client })),
    wallet: async () => (await wallet.load(stream)).state,
    ends: () =>
      log.events
        .filter(({ type }) => /Settled|Settlement|LateCosts|Released|Expired|Overage/.test(type))
        .map(({ type, data }) => ({ type, data: JSON.parse(JSON.stringify(data)) })),
    async spend(amount) {
      const quotes = [{ asset: 'CNY', fixed: new Decimal(amount), perOutput: zero }];
      const { call } = reserveOf(randomUUID());
      await wallet.run(
        stream,
        (at) => ({ ...reserveOf(call.callId), quotes, outputTokens: 0, at }),
        newContext(),
      );
    },
    async expire(callId) {
      const open = { callId, walletId, processId: parts.processId, requestId: 'test' };
      const beganAt = clock().toISOString();
      const another = runners({ log, clock }).wallet;
      const finder = { ...parts, wallet: another, testimony: journal };
      await resolveAbandoned(finder, [{ ...open, beganAt }]);
    },
  };
}

/** With random numbers near zero, the first candidate of those left is always drawn. */
function catalogueOf(options: PaidCallsOptions): Catalogue {
  const { models, route, hangUp, defaultMaxOutput = 64, prices = price.prices } = options;
  const { maxInputTokens } = options;
  const candidates = models.map((each) => ({ ...each, weight: 1 }));
  const terms = route ?? routeTo(candidates, hangUp && { hangUp });
  return {
    priceOf: (alias) => (alias === 'demo' ? { ...price, prices, defaultMaxOutput } : undefined),
    routeOf: (alias) => (alias === 'demo' ? terms : undefined),
    aliasOf: () => ({ ...plainAlias, maxInputTokens, ...options.alias }),
  };
}

/** Eight seconds of sound, as near as anybody can tell; or a picture. */
export const aFile = { filename: 'hello.mp3', type: 'audio/mpeg', bytes: new Uint8Array(64_000) };

/** Of the same length, in a chat. */
export const aSound = {
  type: 'input_audio',
  input_audio: {
    data: Buffer.concat([Buffer.from([0xff, 0xfb, 0x90, 0x64]), aFile.bytes.subarray(4)]).toString(
      'base64',
    ),
    format: 'mp3',
  },
};

/** What `file_data` is for a file of this type. */
export const dataUrl = (type: string, bytes: string | Uint8Array): string =>
  `data:${type};base64,${Buffer.from(bytes).toString('base64')}`;

const filePart = (filename: string, file_data: string) => ({
  type: 'file',
  file: { file_data, filename },
});

export const aPdf = filePart(
  'report.pdf',
  dataUrl('application/pdf', `%PDF-1.7\n${'A page of it. '.repeat(500)}`),
);

/** Of 800 words, each a token. */
export const aText = filePart('notes.txt', dataUrl('text/plain', ' word'.repeat(800)));

/** The same question everywhere. */
const asked: Readonly<Record<EndpointName, Json>> = {
  chat: { messages: [{ role: 'user', content: 'Hello' }] },
  completions: { prompt: 'Hello' },
  embeddings: { input: 'Hello' },
  moderations: { input: 'Hello' },
  image_generations: { prompt: 'Hello' },
  image_edits: {
    form: [
      ['prompt', 'Hello'],
      ['image', aFile],
    ],
  },
  speech: { input: 'Hello', voice: 'alloy' },
  transcriptions: { form: [['file', aFile]] },
  translations: { form: [['file', aFile]] },
};

export function callOf(
  walletId: string,
  more: Json,
  asking: Pick<ModelCall, 'endpoint' | 'client' | 'scenario'>,
): ModelCall {
  const body: Json = { model: 'demo', ...more };
  const { n, max_completion_tokens: newer, max_tokens: older, stream_options: wishes } = body;
  const limit = newer ?? older;
  return {
    facts: {
      callId: randomUUIDv7(),
      memberId: randomUUID(),
      apiKeyId: randomUUID(),
      requestId: `req_${randomUUID()}`,
      clientRequestId: null,
      model: String(body.model),
    },
    walletId,
    body,
    stream: body.stream === true || asking.endpoint === 'speech',
    n: typeof n === 'number' ? n : 1,
    outputTokens: typeof limit === 'number' ? limit : undefined,
    wantsUsage: JSON.stringify(wishes ?? null).includes('"include_usage":true'),
    ...asking,
  };
}

export function bodyOf(answer: ModelAnswer): Json {
  if (answer.stream) throw new Error('It was not to stream.');
  return answer.body;
}

export function chunksOf(answer: ModelAnswer): AsyncIterator<readonly Json[]> {
  if (!answer.stream) throw new Error('It was to stream.');
  return answer.chunks[Symbol.asyncIterator]();
}

/** Reads a stream to its end, chunk by chunk. */
export async function allChunks(answer: ModelAnswer): Promise<readonly Json[]> {
  const chunks: Json[] = [];
  const iterator = chunksOf(answer);
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
    chunks.push(...next.value);
  }
  return chunks;
}

/** The text of a stream's chunks. */
export const textIn = (chunks: readonly Json[]): string =>
  chunks.map((chunk) => JSON.parse(JSON.stringify(chunk)).choices[0]?.delta.content ?? '').join('');
