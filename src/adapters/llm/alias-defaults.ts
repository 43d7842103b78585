import type { AliasTerms } from '../../domain/alias/events.ts';
import { ratesOf } from '../../domain/wallet/rates.ts';
import type { SaysDefaults } from './default-scenario.ts';
import { defaultScenario } from './default-scenario.ts';
import type { EndpointName } from './endpoints/endpoint.ts';
import type { ModelCall } from './model-call.ts';
import type { Json } from './upstream.ts';

/** A call with what its alias, or its client app, says where it says nothing itself. */
export function withDefaults(call: ModelCall, catalogue: SaysDefaults): ModelCall {
  const { facts, body, clientApp, rates = [] } = call;
  const { scenario = defaultScenario(catalogue, { alias: facts.model, clientApp }) } = call;
  const terms = catalogue.aliasOf?.(facts.model);
  if (!terms) return { ...call, scenario };
  const whole = bodyWith(call, terms);
  const added = whole === body ? [] : missingIn(body, terms);
  return {
    ...call,
    body: whole,
    defaults: new Set(added.map(([field]) => field)),
    // What an alias adds is said in a chat's words alone.
    native: whole === body ? call.native : undefined,
    scenario,
    rates: [...ratesOf(`alias:${facts.model}`, terms.limits), ...rates],
  };
}

/** Where a model writes as it is told to. */
const sampled: ReadonlySet<EndpointName> = new Set(['chat', 'completions']);

/** The same of a body: a prompt is for chats alone. */
export function bodyWith(
  { endpoint, body }: Pick<ModelCall, 'endpoint' | 'body'>,
  terms: AliasTerms | undefined,
): Readonly<Json> {
  if (!(terms && sampled.has(endpoint))) return body;
  const { messages } = body;
  const systemPrompt = Array.isArray(messages) ? terms.systemPrompt : null;
  const missing = missingIn(body, terms);
  if (missing.length === 0 && systemPrompt === null) return body;
  const prompt = systemPrompt === null ? [] : [{ role: 'system', content: systemPrompt }];
  return {
    ...body,
    ...Object.fromEntries(missing),
    ...(Array.isArray(messages) ? { messages: [...prompt, ...messages] } : {}),
  };
}

const missingIn = (body: Readonly<Json>, { sampling }: AliasTerms) =>
  Object.entries(sampling).filter(([field]) => (body[field] ?? null) === null);
