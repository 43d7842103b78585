import type { AppParts } from './app.ts';
import { app } from './app.ts';
import type { Authenticate } from './caller.ts';
import { ApiError } from './errors.ts';
import { health } from './health.ts';
import type { MetricsParts } from './metrics.ts';
import { metrics } from './metrics.ts';
import type { Readiness } from './ready.ts';
import { ready } from './ready.ts';

export interface OperationsParts extends Omit<MetricsParts, 'gate'> {
  readonly readiness: () => Readiness;
  readonly trustProxy: boolean;
  readonly log: AppParts['log'];
}

/** What a process without the role `api` answers: whether it runs, and how it is. */
export function operations(parts: OperationsParts): ReturnType<typeof app> {
  const { readiness, trustProxy, log } = parts;
  const { observe, route } = metrics(parts);
  const routes = [health(), ready(readiness), route];
  return app({ routes, authenticate: nobody, log, trustProxy, observe });
}

const refuse = () => Promise.reject(new ApiError('unauthenticated'));
const nobody: Authenticate = {
  ...{ session: refuse, key: refuse, session_or_key: refuse, admin: refuse },
  anyone: () => Promise.resolve(undefined),
};
