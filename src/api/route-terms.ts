import { z } from 'zod';
import { Conditions } from '../domain/route/conditions.ts';
import type { Candidate as DomainCandidate, RouteTerms } from '../domain/route/events.ts';
import {
  Candidate,
  HangUp,
  Scoring,
  RouteTerms as Terms,
  usualScoring,
} from '../domain/route/events.ts';
import { costOf, shownCost, WrittenCost } from './written-cost.ts';

const { plans, clientApps, apiKeys, scenarios, inputTokens, hours } = Conditions.shape;
const { upstream, model, weight, priority } = Candidate.shape;
const { strategy, sticky } = Terms.shape;
const hang_up = HangUp.default('cancel');

const Hours = z.strictObject({
  from: hours.unwrap().shape.from,
  to: hours.unwrap().shape.to,
  days: hours.unwrap().shape.days,
  time_zone: hours.unwrap().shape.timeZone.default('UTC'),
});

const WrittenConditions = z.strictObject({
  plans,
  client_apps: clientApps,
  api_keys: apiKeys,
  scenarios,
  input_tokens: z.strictObject(inputTokens.unwrap().shape).optional(),
  hours: Hours.optional(),
});

const WrittenCandidate = z.strictObject({
  upstream,
  model,
  weight: weight.optional(),
  priority,
  cost: WrittenCost.optional(),
  conditions: WrittenConditions.optional(),
});

/** What is left out counts as it usually does. */
const WrittenScoring = z
  .strictObject({
    load: Scoring.shape.load.default(usualScoring.load),
    cost: Scoring.shape.cost.default(usualScoring.cost),
    latency: Scoring.shape.latency.default(usualScoring.latency),
    health: Scoring.shape.health.default(usualScoring.health),
  })
  .pipe(Scoring);

/** A route as an administrator writes it. */
export const WrittenRoute = z.strictObject({
  strategy: strategy.optional(),
  candidates: z.array(WrittenCandidate).min(1).max(32),
  scoring: WrittenScoring.optional(),
  sticky: sticky.optional(),
  hang_up,
});

/** A route as it is answered: with everything that was left out. */
export const ShownRoute = z.object({
  strategy,
  candidates: z.array(
    z.object({
      ...WrittenCandidate.shape,
      weight,
    }),
  ),
  scoring: Scoring,
  sticky,
  hang_up,
});

type WrittenCandidate = z.output<typeof WrittenCandidate>;

/** What is left out is filled in; who gives weights and nothing else wants them to decide. */
export function termsOf(written: z.output<typeof WrittenRoute>): RouteTerms {
  const { candidates, scoring = usualScoring, sticky = true } = written;
  const isWeighted = candidates.every(
    ({ weight, priority, cost }) => weight !== undefined && priority === undefined && !cost,
  );
  return {
    strategy: written.strategy ?? (isWeighted ? 'weighted' : 'auto'),
    candidates: candidates.map(candidateOf),
    scoring,
    sticky,
    hangUp: written.hang_up,
  };
}

function candidateOf({ weight = 1, cost, conditions, ...rest }: WrittenCandidate): DomainCandidate {
  return {
    ...rest,
    weight,
    ...(cost && { cost: costOf(cost) }),
    ...(conditions && { conditions: conditionsOf(conditions) }),
  };
}

function conditionsOf(written: z.output<typeof WrittenConditions>): Conditions {
  const { client_apps, api_keys, input_tokens, hours: during, ...rest } = written;
  return {
    ...rest,
    ...(client_apps && { clientApps: client_apps }),
    ...(api_keys && { apiKeys: api_keys }),
    ...(input_tokens && { inputTokens: input_tokens }),
    ...(during && { hours: hoursOf(during) }),
  };
}

const hoursOf = ({ time_zone, ...rest }: z.output<typeof Hours>) => ({
  ...rest,
  timeZone: time_zone,
});

export const shownRoute = ({
  candidates,
  hangUp = 'cancel',
  ...terms
}: RouteTerms): z.output<typeof ShownRoute> => ({
  ...terms,
  hang_up: hangUp,
  candidates: candidates.map(({ cost, conditions, ...rest }) => ({
    ...rest,
    ...(cost && { cost: shownCost(cost) }),
    ...(conditions && { conditions: shownConditions(conditions) }),
  })),
});

function shownConditions(conditions: Conditions): z.output<typeof WrittenConditions> {
  const { clientApps: apps, apiKeys: keys, inputTokens: size, hours: during, ...rest } = conditions;
  return {
    ...rest,
    ...(apps && { client_apps: apps }),
    ...(keys && { api_keys: keys }),
    ...(size && { input_tokens: size }),
    ...(during && { hours: shownHours(during) }),
  };
}

const shownHours = ({ timeZone, ...rest }: NonNullable<Conditions['hours']>) => ({
  ...rest,
  time_zone: timeZone,
});
