import type { AliasTerms } from '../../domain/alias/events.ts';
import { ratesOf } from '../../domain/wallet/rates.ts';
import type { ModelCall } from './model-call.ts';
import type { Json } from './upstream.ts';

/** A call with what its alias says where it says nothing itself. */
export function withDefaults(call: ModelCall, terms: AliasTerms | undefined): ModelCall {
  if (!terms) return call;
  const { facts, body, scenario = terms.scenario ?? undefined, rates = [] } = call;
  const whole = bodyWith(body, terms);
  return {
    ...call,
    body: whole,
    // What an alias adds is said in a chat's words alone.
    native: whole === body ? call.native : undefined,
    scenario,
    rates: [...ratesOf(`alias:${facts.model}`, terms.limits), ...rates],
  };
}

/** The same of a body: one without messages is no chat and stays as it is. */
export function bodyWith(body: Readonly<Json>, terms: AliasTerms | undefined): Readonly<Json> {
  if (!(terms && Array.isArray(body.messages))) return body;
  const { sampling, systemPrompt } = terms;
  const missing = Object.entries(sampling).filter(([field]) => (body[field] ?? null) === null);
  if (missing.length === 0 && systemPrompt === null) return body;
  const prompt = systemPrompt === null ? [] : [{ role: 'system', content: systemPrompt }];
  return {
    ...body,
    ...Object.fromEntries(missing),
    messages: [...prompt, ...body.messages],
  };
}
