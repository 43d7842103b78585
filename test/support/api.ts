import { randomBytes, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { Logger } from 'pino';
import { pino } from 'pino';
import { z } from 'zod';
import { behind } from '../../src/adapters/eventstore/behind.ts';
import type { BudgetIndex } from '../../src/adapters/eventstore/budgets.ts';
import { budgetIndex } from '../../src/adapters/eventstore/budgets.ts';
import type { Catalogue } from '../../src/adapters/eventstore/catalogue.ts';
import { catalogue } from '../../src/adapters/eventstore/catalogue.ts';
import { once } from '../../src/adapters/eventstore/once.ts';
import type { Runners } from '../../src/adapters/eventstore/runners.ts';
import { runners } from '../../src/adapters/eventstore/runners.ts';
import { upstreamIndex } from '../../src/adapters/eventstore/upstream-index.ts';
import { walletHistory } from '../../src/adapters/eventstore/wallet-history.ts';
import { liveUpstreams } from '../../src/adapters/llm/live-upstreams.ts';
import { upstreamOpener } from '../../src/adapters/llm/open-upstream.ts';
import type { ImaginedCall } from '../../src/adapters/llm/preview-route.ts';
import { previewRoute } from '../../src/adapters/llm/preview-route.ts';
import { sandboxUpstream } from '../../src/adapters/llm/sandbox.ts';
import { upstreamKinds } from '../../src/adapters/llm/upstream-kinds.ts';
import { upstreamWatch } from '../../src/adapters/llm/upstream-watch.ts';
import type { Mail } from '../../src/adapters/mail/mailer.ts';
import { buildOrders } from '../../src/adapters/postgres/build-orders.ts';
import type { RunPoliciesFor } from '../../src/adapters/postgres/policy-runner.ts';
import { policyRunner } from '../../src/adapters/postgres/policy-runner.ts';
import type { UpstreamKeys } from '../../src/adapters/vault/upstream-keys.ts';
import { upstreamKeys } from '../../src/adapters/vault/upstream-keys.ts';
import { openVault } from '../../src/adapters/vault/vault.ts';
import type { Api } from '../../src/api/api.ts';
import { api } from '../../src/api/api.ts';
import { storedRefusal } from '../../src/api/errors.ts';
import type { Limits } from '../../src/api/limits.ts';
import type { GateReason } from '../../src/api/ready.ts';
import { scenarioNames } from '../../src/domain/budget/scenario-names.ts';
import type { UpstreamKind } from '../../src/domain/upstream/events.ts';
import { indexed } from '../../src/indexed.ts';
import { projections } from '../../src/projections/registry.ts';
import { accessOver } from './access-over.ts';
import type { JsonRequest } from './json-request.ts';
import { jsonRequest } from './json-request.ts';
import type { MemoryLog } from './memory-log.ts';
import { memoryLog } from './memory-log.ts';
import { noCatalogueRows } from './no-rows.ts';
import { testCatalogue } from './price-catalogue.ts';
import { feedFrom, readDatabase } from './read-side.ts';
import { serving } from './serving.ts';

interface Hooks {
  readonly serial: { before(title: string, run: () => Promise<void>): void };
  readonly after: { always(title: string, run: () => Promise<void>): void };
}

export const administrator = { email: 'root@example.com', password: 'correct-horse-battery' };

/** A running API on real deciders, a real vault and real read models, over a log in memory. */
export interface TestApi {
  readonly url: string;
  readonly databaseUrl: string;
  readonly api: Api;
  readonly eventLog: MemoryLog;
  readonly run: Runners;
  readonly runPoliciesFor: RunPoliciesFor;
  /** All that was sent, the oldest first. */
  readonly mails: readonly Mail[];
  /** All that was logged, as lines of JSON. */
  readonly logged: readonly string[];
  /** What may be changed while it runs. */
  readonly world: World;
}

interface World {
  now: () => Date;
  closed: GateReason | null;
  failing: string | null;
  reasons: string[];
  send: (mail: Mail) => Promise<void>;
}

const shown = { schema: 'balance_v1', differs: false };
const unlimited = { take: () => undefined, giveBack: () => undefined };
const noLimits: Limits = {
  signups: unlimited,
  mails: unlimited,
  codes: unlimited,
  guesses: { byPair: unlimited, byEmail: unlimited, byIp: unlimited },
};

/** Starts it for one test file and returns how to get it. */
export function testApi(test: Hooks, { limited = false } = {}): () => TestApi {
  const ends: (() => Promise<void>)[] = [];
  let started: TestApi | undefined;
  test.serial.before('the API starts', async () => {
    started = await start({ teardown: (end) => void ends.push(end) }, limited);
  });
  test.after.always('the API stops', async () => {
    for (const end of ends.reverse()) await end();
  });
  return () => {
    if (!started) throw new Error('The API has not started.');
    return started;
  };
}

async function start(
  t: { teardown(end: () => Promise<void>): void },
  limited: boolean,
): Promise<TestApi> {
  const mails: Mail[] = [];
  const logged: string[] = [];
  const world: World = {
    now: () => new Date(),
    closed: null,
    failing: null,
    reasons: [],
    send: async (mail) => void mails.push(mail),
  };
  const clock = () => world.now();
  const log = pino({ level: 'info' }, { write: (line) => void logged.push(line) });
  const eventLog = memoryLog();
  const { url: databaseUrl, pool } = await readDatabase(t);
  feedFrom(t, databaseUrl, eventLog);
  const bare = runners({ log: eventLog, clock });
  const budgets = budgetIndex({
    ...{ log: eventLog, logger: log, clock, scenarios: scenarioNames() },
    rows: () => Promise.resolve({ budgets: [], scenarios: [], after: null }),
    costRows: () => Promise.resolve({ booked: [], positions: new Map(), after: null }),
  });
  t.teardown(budgets.close);
  const listed = catalogueOver(t, { eventLog, log, clock });
  const run = seenAtOnce(bare, { budgets, listed });
  const runOnce = once({ log: eventLog, clock, replyOf: storedRefusal });
  const runPoliciesFor = policyRunner({ ...run, once: runOnce, clock, log });
  const vault = await openVault({ pool, masterKey: randomBytes(32) });
  const keys = upstreamKeys(vault);
  let url = '';
  const made = await api({
    ...{ run, head: eventLog.head, reads: pool, access: accessOver(eventLog), clock, log },
    history: walletHistory(eventLog),
    once: runOnce,
    vault,
    mailer: { send: (mail) => world.send(mail) },
    runPoliciesFor,
    chat: {
      answer: () => Promise.reject(new Error('no models here')),
      countInput: () => Promise.reject(new Error('no models here')),
      gate: () => world.closed,
    },
    models: { aliases: () => ['demo'] },
    catalogue: listed,
    priceCatalogue: testCatalogue,
    budgets,
    settings: listed.settings,
    ...upstreamsOver(t, { eventLog, log, keys }),
    previewRoute: previewOver({ listed, log, clock, budgets }),
    projections,
    behind: (after) => behind(eventLog, { after, now: Date.now() }),
    buildOrders: buildOrders(databaseUrl),
    ...observedIn(world),
    publicUrl: () => url,
    version: '0.0.1',
    trustProxy: true,
    ...(limited ? {} : { limits: noLimits }),
  });
  const served = await serving(createServer(made.app.callback()));
  t.teardown(served.close);
  url = served.url;
  const open = { url, databaseUrl, api: made, eventLog };
  return { ...open, run, runPoliciesFor, mails, logged, world };
}

/** What is written here is in its index at once. */
const seenAtOnce = (
  bare: Runners,
  { budgets, listed }: { readonly budgets: BudgetIndex; readonly listed: Catalogue },
): Runners => ({
  ...bare,
  budget: indexed(bare.budget, budgets.apply),
  alias: indexed(bare.alias, listed.apply),
  clientApp: indexed(bare.clientApp, listed.apply),
  priceList: indexed(bare.priceList, listed.apply),
  route: indexed(bare.route, listed.apply),
  settings: indexed(bare.settings, listed.apply),
});

/** How the rest of such a program would fare. */
const observedIn = (world: World) => ({
  readiness: () => ({ reasons: world.reasons, state: { log: 'here' } }),
  consumers: () => ({ projections: { lagSeconds: 0.5, failing: world.failing } }),
  failing: () => world.failing,
  readModels: () => new Map([['balance', { ...shown, lagSeconds: 0.25, stopped: 1 }]]),
  canaries: () => new Map([['balance', shown.schema]]),
  relay: () => ({ active: true, lagSeconds: 0.75 }),
  openWork: () => ({ holds: { '10s': 3, older: 0 }, journalRows: 2 }),
  checked: () => ({
    ...{ ranAt: new Date(1_000), tookMs: 20, wallets: 3, completeAt: null, findings: [] },
    differences: { I1: 0, I2: 1, I3: 0, I4: 0, I5: 0, I6: 0, I7: 0, I8: 0, books: 0 },
  }),
});

interface PreviewParts {
  readonly listed: Catalogue;
  readonly log: Logger;
  readonly clock: () => Date;
  readonly budgets: BudgetIndex;
}

interface OverLog {
  readonly eventLog: MemoryLog;
  readonly log: Logger;
  readonly keys: UpstreamKeys;
}

/** Upstreams as a process has them that the environment gives `openai_like`; nobody asks them anything. */
function upstreamsOver(
  t: { teardown(end: () => Promise<void>): void },
  { eventLog, log, keys }: OverLog,
) {
  const nowMs = () => performance.now();
  const timeouts = { connectMs: 1_000, firstTokenMs: 1_000, wholeMs: 1_000, idleMs: 1_000 };
  const live = liveUpstreams({
    fixed: [{ id: 'openai_like', kind: 'openai_like', baseUrl: 'http://127.0.0.1:9', apiKey: '' }],
    builtIn: sandboxUpstream(),
    open: upstreamOpener({ timeouts, nowMs, circuitOpenMs: 1_000, log }),
    ...{ keyOf: keys.keyOf, log },
  });
  const rows = () => Promise.resolve({ upstreams: [], after: null });
  const index = upstreamIndex({ log: eventLog, logger: log, rows, changed: live.change });
  t.teardown(live.close);
  t.teardown(index.close);
  const state = () => ({ inFlight: 2, fails: false });
  return {
    upstreamView: { ...live, state },
    upstreams: {
      keys,
      usualBaseUrl: (kind: UpstreamKind) => upstreamKinds[kind].baseUrl,
      allowsLinkLocal: false,
    },
  };
}

/** The log's prices, terms and routes. */
function catalogueOver(
  t: { teardown(end: () => Promise<void>): void },
  { eventLog, log, clock }: Omit<OverLog, 'keys'> & { readonly clock: () => Date },
): Catalogue {
  const rows = () => Promise.resolve(noCatalogueRows);
  const scenarios = scenarioNames();
  const listed = catalogue({ log: eventLog, logger: log, rows, clock, scenarios });
  t.teardown(listed.close);
  return listed;
}

/** Decides as a process that has seen nothing yet of its upstreams, on the log's prices and routes. */
function previewOver({ listed, log, clock, budgets }: PreviewParts) {
  const watch = upstreamWatch({
    nowMs: () => performance.now(),
    ...{ capacityOf: () => null, circuitOpenMs: 1_000, log },
  });
  const upstreams = new Map([['sandbox', sandboxUpstream()]]);
  const parts = { catalogue: listed, upstreams, watch, budgets, clock };
  return (call: ImaginedCall) => previewRoute(parts, call);
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed where it is JSON. */
  readonly body: unknown;
  readonly text: string;
}

/** One request, JSON unless said. */
export async function ask(
  { url }: TestApi,
  method: string,
  path: string,
  more: Omit<JsonRequest, 'method'> = {},
): Promise<Reply> {
  const response = await jsonRequest(`${url}${path}`, { ...more, method });
  const text = await response.text();
  const json = /json/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    body: json ? JSON.parse(text) : undefined,
    text,
  };
}

export const newAddress = () => `${randomUUID()}@example.com`;
export const password = 'a-long-enough-password';

export const signUp = (to: TestApi, email: string, more: Record<string, unknown> = {}) =>
  ask(to, 'POST', '/api/signup', { body: { email, password, ...more } });

/** The code in the newest mail to an address. */
export function codeFor({ mails }: TestApi, email: string): string {
  const text = mails.findLast(({ to }) => to === email)?.text ?? '';
  const code = /verify-email\?code=(\S+)/.exec(text)?.[1];
  if (!code) throw new Error(`There is no code for ${email}.`);
  return code;
}

export const verify = (to: TestApi, code: string) =>
  ask(to, 'POST', '/api/verify-email', { body: { code } });

const Session = z.object({ token: z.string(), member_id: z.uuid(), expires_at: z.string() });
export const sessionOf = ({ body }: Reply) => Session.parse(body);

export const signIn = (to: TestApi, email: string, secret = password) =>
  ask(to, 'POST', '/api/signin', { body: { email, password: secret } });

/** A verified member with a session. */
export async function newMember(to: TestApi, email = newAddress()) {
  await signUp(to, email, { username: 'Ann' });
  await verify(to, codeFor(to, email));
  const { token, member_id: memberId } = sessionOf(await signIn(to, email));
  return { email, token, memberId };
}

const Key = z.object({ id: z.uuid(), key: z.string(), prefix: z.string() });

export const newKey = async (to: TestApi, token: string) =>
  Key.parse((await ask(to, 'POST', '/api/api-keys', { token, body: { name: 'test' } })).body);

/** The session of the administrator, whom the environment names. */
export async function adminToken(to: TestApi): Promise<string> {
  await to.api.ensureSetUp(administrator);
  return sessionOf(await signIn(to, administrator.email, administrator.password)).token;
}
