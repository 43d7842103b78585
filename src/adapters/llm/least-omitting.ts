import { isHint } from './beyond-protocol.ts';
import type { ModelCall } from './model-call.ts';
import type { Trial } from './plan-call.ts';

/** What a call wishes, and what of it is only its alias's wish. */
type Wished = Pick<ModelCall, 'endpoint' | 'body' | 'defaults'>;

/**
 * Those that can be told all that a caller wishes go before those that leave some of it out, hints aside;
 * otherwise they stay in their order. What an alias wishes moves no call.
 */
export function leastOmitting(
  trials: readonly [Trial, ...Trial[]],
  { endpoint, body, defaults }: Wished,
): readonly [Trial, ...Trial[]] {
  const each = trials.map((trial) => {
    const fields = trial.upstream.omits?.(endpoint, body) ?? [];
    return { ...trial, omitted: fields.filter((field) => !defaults?.has(field)) };
  });
  const loses = ({ omitted }: (typeof each)[number]) => !omitted.every(isHint);
  const [first = trials[0], ...more] = each.toSorted((a, b) => Number(loses(a)) - Number(loses(b)));
  return [first, ...more];
}
