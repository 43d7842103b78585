import type { RequestListener } from 'node:http';
import packageJson from '../package.json' with { type: 'json' };
import { behind } from './adapters/eventstore/behind.ts';
import { denials } from './adapters/eventstore/denials.ts';
import { walletHistory } from './adapters/eventstore/wallet-history.ts';
import { metered } from './adapters/llm/metered.ts';
import type { PlanParts } from './adapters/llm/plan-call.ts';
import type { ImaginedCall } from './adapters/llm/preview-route.ts';
import { previewRoute } from './adapters/llm/preview-route.ts';
import { upstreamKinds } from './adapters/llm/upstream-kinds.ts';
import { upstreamProbes } from './adapters/llm/upstream-probes.ts';
import type { UpstreamWatch } from './adapters/llm/upstream-watch.ts';
import { upstreamWatch } from './adapters/llm/upstream-watch.ts';
import { buildOrders } from './adapters/postgres/build-orders.ts';
import { openWork } from './adapters/postgres/open-work.ts';
import { readModelWatch } from './adapters/postgres/read-model-state.ts';
import { genaiPrices } from './adapters/prices/genai-prices.ts';
import { api } from './api/api.ts';
import type { SetUp } from './api/first-admin.ts';
import { operations } from './api/operations.ts';
import type { Config } from './config.ts';
import { defaultRoute, sandboxId } from './domain/route/default-route.ts';
import { aliasFor } from './domain/settings/alias-for.ts';
import type { StartedFeeds, StartedRelay } from './feeds.ts';
import { listen } from './listen.ts';
import type { PortParts, Ports } from './ports.ts';
import type { StartedChecks, WriteSide } from './program.ts';
import { projections } from './projections/registry.ts';
import { publishFirstModels } from './publish-first-models.ts';
import { readiness } from './readiness.ts';

/** An upstream that is never left alone is not asked all the time either. */
const shortestProbeMs = 250;

/** For requests that are no calls, when the calls are through. */
const lastRequestsMs = 5_000;

export interface Served {
  readonly url: string;
  /** Absent where nobody but an operator asks. */
  readonly setUp?: SetUp;
}

/** What runs in this process; undefined where it lacks the role. */
export interface Running {
  readonly ports: Ports;
  readonly write: WriteSide;
  readonly feed: StartedFeeds | undefined;
  readonly relay: StartedRelay;
  readonly checks: StartedChecks | undefined;
}

/** Serves members, administrators and operators. */
export async function serve(parts: PortParts, running: Running): Promise<Served> {
  const { config } = parts;
  const { ports, write } = running;
  const { upstreams, providerKeys, eventLog, pool, vault, mailer, clock, log } = ports;
  const { run, access, catalogue, budgets, following, runPoliciesFor } = write;
  let url = '';
  const state = stateOf(parts, running);
  const calls = openCalls(ports, write, parts);
  const { app, ensureSetUp } = await api({
    ...state,
    run,
    access,
    vault,
    mailer,
    runPoliciesFor,
    once: write.once,
    head: eventLog.head,
    reads: pool,
    history: walletHistory(eventLog),
    chat: {
      ...{ answer: calls.answer, countInput: calls.countInput, gate: state.gate, clock },
      aliasFor: (name) => aliasFor(name, catalogue.settings(), calls.isKnown),
    },
    models: { aliases: catalogue.aliases, isOffered: calls.isOffered, clock },
    catalogue,
    settings: catalogue.settings,
    priceCatalogue: genaiPrices(packageJson.dependencies['@pydantic/genai-prices']),
    budgets,
    upstreamView: { ...upstreams, state: calls.upstreamState },
    upstreams: {
      keys: providerKeys,
      usualBaseUrl: (kind) => upstreamKinds[kind].baseUrl,
      allowsLinkLocal: config.allowsLinkLocal,
    },
    previewRoute: calls.preview,
    projections,
    buildOrders: buildOrders(ports.databaseUrl),
    publicUrl: () => config.publicUrl ?? url,
    version: packageJson.version,
    trustProxy: config.trustProxy,
    mostBodyBytes: config.mostBodyBytes,
    clock,
    log,
  });
  await publishFirstModels(run, clock);
  // Until then a session that was signed out elsewhere would not be known as such.
  const indexes = [access, catalogue, budgets, following];
  await Promise.all(indexes.map(({ filled }) => filled));
  await upstreams.settled();
  const setUp = await ensureSetUp(config.admin);
  url = await listenOn(parts, app.callback(), async () => {
    state.stop();
    await calls.drain(config.shutdownGraceMs);
  });
  return { url: config.publicUrl ?? url, setUp };
}

/** Serves operators alone: whether this process runs, and how it is. */
export async function serveOperations(parts: PortParts, running: Running): Promise<Served> {
  const { trustProxy } = parts.config;
  const { gate: _, ...state } = stateOf(parts, running);
  const app = operations({ ...state, trustProxy, log: running.ports.log });
  return { url: await listenOn(parts, app.callback(), state.stop) };
}

/** How this process is, for whoever asks. */
function stateOf({ engines, started }: PortParts, { ports, write, feed, relay, checks }: Running) {
  const { eventLog, pool, lease, journal, clock } = ports;
  let isStopping = false;
  const { gate, now } = readiness({
    engines: engines.state,
    lease,
    log: eventLog.health,
    indexes: [write.access, write.catalogue, write.budgets, write.following].map(
      ({ fresh }) => fresh,
    ),
    feed,
    stopping: () => isStopping,
  });
  const work = openWork({ pool, journal });
  started.add(work.close);
  const behindOf = (after: bigint | null) => behind(eventLog, { after, now: clock().getTime() });
  const watch = readModelWatch({ pool, behind: behindOf });
  started.add(watch.close);
  return {
    gate,
    readiness: now,
    behind: behindOf,
    openWork: work.now,
    consumers: () => feed?.consumers() ?? {},
    failing: () => feed?.models().failing ?? null,
    checked: () => checks?.checking.state(),
    readModels: watch.now,
    canaries: () => checks?.comparing.found() ?? new Map<string, string>(),
    relay: () => relay?.(),
    stop: () => {
      isStopping = true;
    },
  };
}

/** Listens until the program stops, and returns where. */
async function listenOn(
  { config, started }: PortParts,
  handle: RequestListener,
  stop: () => unknown,
): Promise<string> {
  const server = await listen(config, handle);
  started.add(async () => {
    const stopped = stop();
    const closed = server.close();
    await stopped;
    const timer = setTimeout(server.cut, lastRequestsMs);
    await closed;
    clearTimeout(timer);
  });
  return `http://${config.host === '0.0.0.0' ? '127.0.0.1' : config.host}:${server.port}`;
}

/** The upstreams, paid for from the wallets. */
function openCalls(
  { upstreams, lease, journal, clock, log }: Ports,
  { run, catalogue, budgets, scenarios }: WriteSide,
  { config: { timeouts, walletOverrun, retrying, ...config }, started }: PortParts,
) {
  const refusals = denials({ wallet: run.wallet, processId: lease.processId, clock, log });
  started.add(refusals.close);
  const nowMs = () => performance.now();
  const watch = watchOver(upstreams, { ...config, nowMs, log, started });
  const ids = () => [...upstreams.upstreams.keys()].filter((id) => id !== sandboxId);
  const planParts: PlanParts = {
    catalogue: {
      priceOf: catalogue.priceOf,
      routeOf: (alias) => catalogue.routeOf(alias) ?? defaultRoute(alias, ids()),
      aliasOf: catalogue.aliasOf,
      clientAppOf: catalogue.clientAppOf,
    },
    upstreams: upstreams.upstreams,
    isSetUp: upstreams.isSetUp,
    watch,
    budgets,
    clock,
    random: Math.random,
  };
  const calls = metered({
    ...planParts,
    ...{ watch, retrying, nowMs, scenarios },
    wallet: run.wallet,
    processId: lease.processId,
    journal,
    refused: refusals.refused,
    totalMs: timeouts.totalMs,
    overrun: walletOverrun,
    log,
  });
  const { priceOf, routeOf } = planParts.catalogue;
  return {
    ...calls,
    isKnown: (alias: string) => priceOf(alias) !== undefined && routeOf(alias) !== undefined,
    /** Somebody who is set up may answer for it. */
    isOffered: (alias: string) =>
      routeOf(alias)?.candidates.some(({ upstream }) => upstreams.isSetUp(upstream)) ?? false,
    preview: (call: ImaginedCall) => previewRoute(planParts, call),
    upstreamState: watch.state,
  };
}

interface WatchOverParts extends Pick<Config, 'circuitOpenMs' | 'healthChecks'> {
  readonly nowMs: () => number;
  readonly log: Ports['log'];
  readonly started: PortParts['started'];
}

/** Sees how the upstreams fare, and asks those that fail whether they are back. */
function watchOver(
  { capacityOf, probeOf, onReplaced }: Ports['upstreams'],
  { circuitOpenMs, healthChecks, nowMs, log, started }: WatchOverParts,
): UpstreamWatch {
  const probes = upstreamProbes({
    probeOf,
    watch: () => watch,
    everyMs: Math.max(circuitOpenMs, shortestProbeMs),
  });
  started.add(probes.close);
  const checks = healthChecks
    ? { isProbed: probes.isProbed, circuitChanged: probes.circuitChanged }
    : {};
  const watch: UpstreamWatch = upstreamWatch({ nowMs, capacityOf, circuitOpenMs, log, ...checks });
  onReplaced(watch.renew);
  return watch;
}
