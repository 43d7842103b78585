import type { Wishes } from './anthropic-request.ts';
import type { Json } from './upstream.ts';

/** These think within a budget that they are given; later ones decide it themselves. */
const budgeted =
  /claude-(3-7|(opus|sonnet|haiku)-4(-[015])?(-\d{8}|@\d{8}|-latest|$)|(opus|sonnet|haiku)-4-5)/;
const leastBudget = 1_024;

/** What of an answer a model may think, by how much effort is wished. */
const shares: Readonly<Record<string, number>> = {
  minimal: 0.2,
  low: 0.25,
  medium: 0.5,
  high: 0.75,
  xhigh: 0.9,
};

interface Thinking {
  readonly thinking: Json | undefined;
  readonly effort: string | undefined;
}

/** How a model is to think: in Anthropic's own words where the request has them, else by its effort. */
export function anthropicThinking(
  { thinking, output_config: own, reasoning_effort: effort }: Wishes,
  model: string,
  maxOutput: number,
): Thinking {
  const ownEffort = own?.effort ?? undefined;
  if (thinking) return { thinking: affordable(thinking, maxOutput), effort: ownEffort };
  if (!effort) return { thinking: undefined, effort: ownEffort };
  if (effort === 'none') return { thinking: { type: 'disabled' }, effort: ownEffort };
  if (!budgeted.test(model)) {
    return { thinking: { type: 'adaptive' }, effort: effort === 'minimal' ? 'low' : effort };
  }
  const budget = Math.max(leastBudget, Math.floor(maxOutput * (shares[effort] ?? 0.5)));
  const asked = { type: 'enabled', budget_tokens: budget };
  return { thinking: affordable(asked, maxOutput), effort: ownEffort };
}

/** A budget stays below the limit of the output, which may be less than was asked for. */
function affordable(thinking: Json, maxOutput: number): Json | undefined {
  const { budget_tokens: budget } = thinking;
  if (typeof budget !== 'number' || budget < maxOutput) return thinking;
  if (maxOutput <= leastBudget) return undefined;
  return { ...thinking, budget_tokens: maxOutput - 1 };
}
