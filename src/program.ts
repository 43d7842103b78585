import packageJson from '../package.json' with { type: 'json' };
import { checker } from './adapters/checker/checker.ts';
import { accessIndex } from './adapters/eventstore/access.ts';
import { budgetIndex } from './adapters/eventstore/budgets.ts';
import { catalogue as catalogueIndex } from './adapters/eventstore/catalogue.ts';
import { once } from './adapters/eventstore/once.ts';
import { runners } from './adapters/eventstore/runners.ts';
import { upstreamIndex } from './adapters/eventstore/upstream-index.ts';
import { budgetThresholds } from './adapters/postgres/budget-thresholds.ts';
import { canary } from './adapters/postgres/canary.ts';
import { expiry } from './adapters/postgres/expiry.ts';
import { goneCalls } from './adapters/postgres/gone-calls.ts';
import {
  accessRows,
  budgetRows,
  catalogueRows,
  costRows,
  upstreamRows,
} from './adapters/postgres/index-rows.ts';
import { overdueFirst } from './adapters/postgres/overdue.ts';
import { policyRunner } from './adapters/postgres/policy-runner.ts';
import { snapshots } from './adapters/postgres/snapshots.ts';
import { sweeper } from './adapters/postgres/sweeper.ts';
import { orphanKeyRemoval } from './adapters/vault/orphan-keys.ts';
import { orphanUpstreamKeyRemoval } from './adapters/vault/orphan-upstream-keys.ts';
import { budgetMails } from './api/budget-mails.ts';
import { storedRefusal } from './api/errors.ts';
import { scenarioNames } from './domain/budget/scenario-names.ts';
import { startFeeds, startRelay } from './feeds.ts';
import { indexed } from './indexed.ts';
import type { PortParts, Ports } from './ports.ts';
import { openPorts } from './ports.ts';
import { projections } from './projections/registry.ts';
import type { Served } from './serve.ts';
import { serve, serveOperations } from './serve.ts';

/** Everything but the engines: the ports on the two URLs, then what this process's roles name. */
export async function startProgram(parts: PortParts): Promise<Served> {
  await trace(parts);
  const ports = await openPorts(parts);
  const write = openWriteSide(ports, parts);
  const feed = parts.config.roles.has('projector') ? startFeeds(ports, write, parts) : undefined;
  const relay = parts.config.roles.has('relay') ? startRelay(ports, parts) : undefined;
  const schedules = parts.config.roles.has('scheduler');
  if (schedules) startJobs(ports, write, parts);
  const checks = schedules ? startChecks(ports, parts) : undefined;
  const running = { ports, write, feed, relay, checks };
  return parts.config.roles.has('api') ? serve(parts, running) : serveOperations(parts, running);
}

/** The SDK is loaded by those who trace; its last spans are sent when all else has ended. */
async function trace({ config: { tracing }, started, log }: PortParts): Promise<void> {
  if (!tracing) return;
  const { startTracing } = await import('./adapters/tracing/otlp.ts');
  started.add(startTracing({ settings: tracing, version: packageJson.version, log }).close);
}

/** Whoever sends a mail is not taken for dead before a mail server would have given up. */
const mailPatienceMs = 60_000;

export type WriteSide = ReturnType<typeof openWriteSide>;

/** The nouns' runners, and what this process knows of keys, members, prices, routes and upstreams. */
function openWriteSide(ports: Ports, { config, started }: PortParts) {
  const { eventLog, pool, lease, journal, upstreams, vault, mailer, clock, log } = ports;
  const bare = runners({
    log: eventLog,
    clock,
    snapshots: snapshots(pool, log),
    mostEvents: config.walletRollEvents,
  });
  const scenarios = scenarioNames();
  const access = accessIndex({
    ...{ log: eventLog, logger: log, scenarios },
    rows: () => accessRows(pool),
  });
  const catalogue = catalogueIndex({
    ...{ log: eventLog, logger: log, clock, scenarios },
    rows: () => catalogueRows(pool),
  });
  const budgets = budgetIndex({
    ...{ log: eventLog, logger: log, clock, scenarios },
    rows: () => budgetRows(pool, clock),
    costRows: () => costRows(pool, clock),
  });
  const following = upstreamIndex({
    ...{ log: eventLog, logger: log, changed: upstreams.change },
    rows: () => upstreamRows(pool),
  });
  for (const index of [access, catalogue, budgets, following]) started.add(index.close);
  const run = {
    ...bare,
    wallet: overdueFirst(bare.wallet, {
      ...{ lease, testimony: journal, processId: lease.processId, clock, log },
      overrun: config.walletOverrun,
      gone: goneCalls(pool),
    }),
    apiKey: indexed(bare.apiKey, access.apply),
    budget: indexed(bare.budget, budgets.apply),
    member: indexed(bare.member, access.apply),
    alias: indexed(bare.alias, catalogue.apply),
    priceList: indexed(bare.priceList, catalogue.apply),
    route: indexed(bare.route, catalogue.apply),
    clientApp: indexed(bare.clientApp, catalogue.apply),
    settings: indexed(bare.settings, catalogue.apply),
    upstream: indexed(bare.upstream, following.apply),
  };
  const claimed = once({ log: eventLog, clock, replyOf: storedRefusal });
  const runPoliciesFor = policyRunner({ ...run, once: claimed, clock, log });
  const writeTo = budgetMails({
    ...{ reads: pool, unseal: vault.unseal, send: mailer.send },
    once: once({ log: eventLog, clock, replyOf: storedRefusal, patienceMs: mailPatienceMs }),
    ...{ place: bare.budget.load, clock, log },
  });
  const indexes = { access, catalogue, budgets, following, scenarios };
  return { run, ...indexes, once: claimed, runPoliciesFor, writeTo };
}

/** What is done on time, whoever asks. */
function startJobs(
  { pool, lease, journal, clock, log }: Ports,
  { run, budgets }: WriteSide,
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
  const thresholds = budgetThresholds({ budgets, budget: run.budget, clock, log });
  thresholds.start();
  started.add(thresholds.close);
}

export type StartedChecks = ReturnType<typeof startChecks>;

/** What looks after the log and the vault, and changes no wallet. */
function startChecks(
  { databaseUrl, eventLog, wholeLog, pool, clock, log }: Ports,
  { started }: PortParts,
) {
  const checking = checker({ eventLog, pool, clock, log });
  const keys = orphanKeyRemoval({ eventLog, pool, log });
  const providerKeys = orphanUpstreamKeyRemoval({ eventLog, pool, clock, log });
  const finance = projections.filter(({ group }) => group === 'finance');
  const comparing = canary({ databaseUrl, eventLog: wholeLog, projections: finance, log });
  for (const job of [checking, keys, providerKeys, comparing]) {
    job.start();
    started.add(job.close);
  }
  return { checking, comparing };
}
