import type { RunPoliciesFor } from '../adapters/postgres/policy-runner.ts';
import type { AppParts } from './app.ts';
import { app } from './app.ts';
import { authenticator } from './auth.ts';
import { reactor } from './command-context.ts';
import { emailHasher } from './email-address.ts';
import type { FirstAdmin } from './first-admin.ts';
import { firstAdmin } from './first-admin.ts';
import type { Limits } from './limits.ts';
import { usualLimits } from './limits.ts';
import { linksFor } from './links.ts';
import type { MetricsParts } from './metrics.ts';
import { metrics } from './metrics.ts';
import { passwordCheck } from './passwords.ts';
import type { Route } from './route.ts';
import type { RouteParts } from './routes.ts';
import { routes } from './routes.ts';
import { sessionTokens } from './session-tokens.ts';

/** What only the composition root can give. */
export interface ApiParts
  extends Omit<
    RouteParts,
    'appoint' | 'hashEmail' | 'isPassword' | 'limits' | 'metrics' | 'react' | 'tokens'
  > {
  readonly runPoliciesFor: RunPoliciesFor;
  readonly consumers: MetricsParts['consumers'];
  readonly openWork: MetricsParts['openWork'];
  readonly checked?: MetricsParts['checked'];
  readonly readModels: MetricsParts['readModels'];
  readonly canaries: MetricsParts['canaries'];
  readonly relay: MetricsParts['relay'];
  readonly log: AppParts['log'];
  readonly trustProxy: boolean;
  readonly mostBodyBytes?: number;
  /** The usual ones unless said. */
  readonly limits?: Limits;
}

export interface Api {
  /** Koa's; `callback()` goes into an HTTP server. */
  readonly app: ReturnType<typeof app>;
  readonly routes: readonly Route[];
  /** To be called once the log and Postgres are there; says how the first administrator comes to be. */
  readonly ensureSetUp: FirstAdmin['ensure'];
}

/** The whole HTTP side. The secrets behind sessions and address hashes come from the vault. */
export async function api(parts: ApiParts): Promise<Api> {
  const { clock, log, run, trustProxy, mostBodyBytes, vault } = parts;
  const hashEmail = emailHasher(await vault.secret('email-hmac'));
  const tokens = sessionTokens(await vault.secret('session-signing'), clock);
  const react = reactor(parts.runPoliciesFor, parts.head);
  const isPassword = passwordCheck();
  const first = firstAdmin({ ...run, ...vault, react, hashEmail, isPassword, clock });
  const measured = metrics({ ...parts, gate: parts.chat.gate });
  const limits = parts.limits ?? usualLimits(clock);
  const all = routes({
    ...parts,
    hashEmail,
    tokens,
    react,
    isPassword,
    limits,
    appoint: first.appoint,
    metrics: measured.route,
  });
  const authenticate = authenticator(parts.access, tokens);
  const linkOf = linksFor(parts);
  return {
    app: app({
      ...{ routes: all, authenticate, log, trustProxy, linkOf, observe: measured.observe },
      ...(mostBodyBytes && { mostBodyBytes }),
    }),
    routes: all,
    ensureSetUp: first.ensure,
  };
}
