import packageJson from '../package.json' with { type: 'json' };
import { checker } from './adapters/checker/checker.ts';
import { accessIndex } from './adapters/eventstore/access.ts';
import { behind } from './adapters/eventstore/behind.ts';
import { catalogue as catalogueIndex } from './adapters/eventstore/catalogue.ts';
import { denials } from './adapters/eventstore/denials.ts';
import { once } from './adapters/eventstore/once.ts';
import { runners } from './adapters/eventstore/runners.ts';
import { walletHistory } from './adapters/eventstore/wallet-history.ts';
import { metered } from './adapters/llm/metered.ts';
import { buildOrders } from './adapters/postgres/build-orders.ts';
import { canary } from './adapters/postgres/canary.ts';
import { expiry } from './adapters/postgres/expiry.ts';
import { goneCalls } from './adapters/postgres/gone-calls.ts';
import { accessRows, catalogueRows } from './adapters/postgres/index-rows.ts';
import { openWork } from './adapters/postgres/open-work.ts';
import { overdueFirst } from './adapters/postgres/overdue.ts';
import { policyRunner } from './adapters/postgres/policy-runner.ts';
import { readModelWatch } from './adapters/postgres/read-model-state.ts';
import { snapshots } from './adapters/postgres/snapshots.ts';
import { sweeper } from './adapters/postgres/sweeper.ts';
import { orphanKeyRemoval } from './adapters/vault/orphan-keys.ts';
import { api } from './api/api.ts';
import { storedRefusal } from './api/errors.ts';
import type { SetUp } from './api/first-admin.ts';
import { defaultRoute } from './domain/route/default-route.ts';
import type { StartedFeeds } from './feeds.ts';
import { startFeeds, startRelay } from './feeds.ts';
import { indexed } from './indexed.ts';
import { listen } from './listen.ts';
import type { PortParts, Ports } from './ports.ts';
import { openPorts } from './ports.ts';
import { projections } from './projections/registry.ts';
import { publishFirstModels } from './publish-first-models.ts';
import { readiness } from './readiness.ts';

/** For requests that are no calls, when the calls are through. */
const lastRequestsMs = 5_000;

export interface Served {
  readonly url: string;
  readonly setUp: SetUp;
}

/** Everything but the engines: the ports on the two URLs, then what this process's roles name. */
export async function startProgram(parts: PortParts): Promise<Served | undefined> {
  await trace(parts);
  const ports = await openPorts(parts);
  const write = openWriteSide(ports, parts);
  const feed = parts.config.roles.has('projector') ? startFeeds(ports, write, parts) : undefined;
  const relay = parts.config.roles.has('relay') ? startRelay(ports, parts) : undefined;
  const schedules = parts.config.roles.has('scheduler');
  if (schedules) startJobs(ports, write, parts);
  const checks = schedules ? startChecks(ports, parts) : undefined;
  if (!parts.config.roles.has('api')) return undefined;
  return serve(parts, { ports, write, feed, relay, checks });
}

/** The SDK is loaded by those who trace; its last spans are sent when all else has ended. */
async function trace({ config: { tracing }, started, log }: PortParts): Promise<void> {
  if (!tracing) return;
  const { startTracing } = await import('./adapters/tracing/otlp.ts');
  started.add(startTracing({ settings: tracing, version: packageJson.version, log }).close);
}

type WriteSide = ReturnType<typeof openWriteSide>;

/** The nouns' runners, and what this process knows of keys, members, prices and routes. */
function openWriteSide(ports: Ports, { config, started }: PortParts) {
  const { eventLog, pool, lease, journal, clock, log } = ports;
  const bare = runners({
    log: eventLog,
    clock,
    snapshots: snapshots(pool, log),
    mostEvents: config.walletRollEvents,
  });
  const access = accessIndex({ log: eventLog, logger: log, rows: () => accessRows(pool) });
  const catalogue = catalogueIndex({ log: eventLog, logger: log, rows: () => catalogueRows(pool) });
  started.add(access.close);
  started.add(catalogue.close);
  const run = {
    ...bare,
    wallet: overdueFirst(bare.wallet, {
      ...{ lease, testimony: journal, processId: lease.processId, clock, log },
      overrun: config.walletOverrun,
      gone: goneCalls(pool),
    }),
    apiKey: indexed(bare.apiKey, access.apply),
    member: indexed(bare.member, access.apply),
    priceList: indexed(bare.priceList, catalogue.apply),
    route: indexed(bare.route, catalogue.apply),
  };
  const claimed = once({ log: eventLog, clock, replyOf: storedRefusal });
  const runPoliciesFor = policyRunner({ ...run, once: claimed, clock, log });
  return { run, access, catalogue, once: claimed, runPoliciesFor };
}

/** What is done on time, whoever asks. */
function startJobs(
  { pool, lease, journal, clock, log }: Ports,
  { run }: WriteSide,
  { config, started }: PortParts,
) {
  const sweeping = sweeper({
    ...{ lease, testimony: journal, wallet: run.wallet, clock, log },
    overrun: config.walletOverrun,
    gone: goneCalls(pool),
  });
  sweeping.start();
  started.add(sweeping.close);
  const expiring = expiry({ pool, wallet: run.wallet, clock, log });
  expiring.start();
  started.add(expiring.close);
}

/** What looks after the log and the vault, and changes no wallet. */
function startChecks({ databaseUrl, eventLog, pool, clock, log }: Ports, { started }: PortParts) {
  const checking = checker({ eventLog, pool, clock, log });
  const keys = orphanKeyRemoval({ eventLog, pool, log });
  const finance = projections.filter(({ group }) => group === 'finance');
  const comparing = canary({ databaseUrl, eventLog, projections: finance, log });
  for (const job of [checking, keys, comparing]) {
    job.start();
    started.add(job.close);
  }
  return { checking, comparing };
}

/** The upstreams, paid for from the wallets. */
function openCalls(
  { upstreams, lease, journal, clock, log }: Ports,
  { run, catalogue }: WriteSide,
  { config: { providers, timeouts, walletOverrun }, started }: PortParts,
) {
  const refusals = denials({ wallet: run.wallet, processId: lease.processId, clock, log });
  started.add(refusals.close);
  const ids = providers.map(({ id }) => id);
  return metered({
    wallet: run.wallet,
    catalogue: {
      priceOf: catalogue.priceOf,
      routeOf: (alias) => catalogue.routeOf(alias) ?? defaultRoute(alias, ids),
    },
    upstreams,
    processId: lease.processId,
    journal,
    refused: refusals.refused,
    totalMs: timeouts.totalMs,
    overrun: walletOverrun,
    clock,
    log,
    random: Math.random,
  });
}

interface Parts {
  readonly ports: Ports;
  readonly write: WriteSide;
  readonly feed: StartedFeeds | undefined;
  readonly relay: ReturnType<typeof startRelay>;
  readonly checks: ReturnType<typeof startChecks> | undefined;
}

async function serve(
  parts: PortParts,
  { ports, write, feed, relay, checks }: Parts,
): Promise<Served> {
  const { config, engines, started } = parts;
  const { upstreams, eventLog, pool, vault, mailer, lease, journal, clock, log } = ports;
  const { run, access, catalogue, runPoliciesFor } = write;
  let url = '';
  let isStopping = false;
  const { gate, now } = readiness({
    engines: engines.state,
    lease,
    log: eventLog.health,
    indexes: [access.fresh, catalogue.fresh],
    feed,
    stopping: () => isStopping,
  });
  const work = openWork({ pool, journal });
  started.add(work.close);
  const behindOf = (after: bigint | null) => behind(eventLog, { after, now: clock().getTime() });
  const watch = readModelWatch({ pool, behind: behindOf });
  started.add(watch.close);
  const calls = openCalls(ports, write, parts);
  const { app, ensureSetUp } = await api({
    run,
    access,
    vault,
    mailer,
    runPoliciesFor,
    once: write.once,
    head: eventLog.head,
    reads: pool,
    history: walletHistory(eventLog),
    chat: { answer: calls.answer, countInput: calls.countInput, gate },
    models: { aliases: catalogue.aliases },
    upstreams: [...upstreams.keys()],
    projections,
    behind: behindOf,
    buildOrders: buildOrders(ports.databaseUrl),
    readiness: now,
    openWork: work.now,
    feedLag: () => (feed ? { projections: feed.lag.seconds() } : {}),
    checked: () => checks?.checking.state(),
    readModels: watch.now,
    canaries: () => checks?.comparing.found() ?? new Map(),
    relay: () => relay?.(),
    publicUrl: () => config.publicUrl ?? url,
    version: packageJson.version,
    trustProxy: config.trustProxy,
    clock,
    log,
  });
  await publishFirstModels(run, clock);
  // Until then a session that was signed out elsewhere would not be known as such.
  await Promise.all([access.filled, catalogue.filled]);
  const setUp = await ensureSetUp(config.admin);
  const server = await listen(config, app.callback());
  started.add(async () => {
    isStopping = true;
    const closed = server.close();
    await calls.drain(config.shutdownGraceMs);
    const timer = setTimeout(server.cut, lastRequestsMs);
    await closed;
    clearTimeout(timer);
  });
  url = `http://${config.host === '0.0.0.0' ? '127.0.0.1' : config.host}:${server.port}`;
  return { url: config.publicUrl ?? url, setUp };
}
