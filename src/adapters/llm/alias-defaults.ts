import type { AliasTerms } from '../../domain/alias/events.ts';
import { ratesOf } from '../../domain/wallet/rates.ts';
import type { SaysDefaults } from './default-scenario.ts';
import { defaultScenario } from './default-scenario.ts';
import type { EndpointName } from './endpoints/endpoint.ts';
import type { NameOf } from './field-names.ts';
import type { ModelCall } from './model-call.ts';
import type { Json } from './upstream.ts';

/** A call with what its alias, or its client app, says where it says nothing itself. */
export function withDefaults(call: ModelCall, catalogue: SaysDefaults): ModelCall {
  const { facts, clientApp, rates = [] } = call;
  const { scenario = defaultScenario(catalogue, { alias: facts.model, clientApp }) } = call;
  const terms = catalogue.aliasOf?.(facts.model);
  if (!terms) return { ...call, scenario };
  return {
    ...call,
    ...bodyWith(call, terms),
    scenario,
    rates: [...ratesOf(`alias:${facts.model}`, terms.limits), ...rates],
  };
}

/** Where a model writes as it is told to. */
const sampled: ReadonlySet<EndpointName> = new Set(['chat', 'completions']);

type Asked = Pick<ModelCall, 'endpoint' | 'body' | 'nameOf'>;
type Filled = Pick<ModelCall, 'body'> & Partial<ModelCall>;

/** The same of what is asked, and what is different then: a prompt is for chats. */
export function bodyWith(asked: Asked, terms: AliasTerms | undefined): Filled {
  const { endpoint, body, nameOf } = asked;
  if (!(terms && sampled.has(endpoint))) return { body };
  const { messages } = body;
  const missing = missingIn(body, terms);
  const prompt = Array.isArray(messages) ? promptOf(terms) : [];
  if (missing.length + prompt.length === 0) return { body };
  const defaults = new Set(missing.map(([field]) => field));
  const filled = { ...body, ...Object.fromEntries(missing) };
  // What an alias adds is said in a chat's words alone.
  const added = { native: undefined, defaults, unsaid: defaults };
  if (!Array.isArray(messages) || prompt.length === 0) return { ...added, body: filled };
  return {
    ...added,
    body: { ...filled, messages: [...prompt, ...messages] },
    unsaid: new Set([...defaults, ...prompt.map(({ role }) => role)]),
    nameOf: behind(prompt.length, nameOf),
  };
}

const promptOf = ({ systemPrompt }: AliasTerms) =>
  systemPrompt === null ? [] : [{ role: 'system', content: systemPrompt }];

const missingIn = (body: Readonly<Json>, { sampling }: AliasTerms) =>
  Object.entries(sampling).filter(([field]) => (body[field] ?? null) === null);

/** Names messages as if those that were put before them weren't there. */
function behind(before: number, nameOf: NameOf = (path) => path): NameOf {
  return (path) => {
    const [, index, rest = ''] = /^messages\.?\[?(\d+)\]?(.*)$/.exec(path) ?? [];
    if (index === undefined) return nameOf(path);
    const place = Number(index) - before;
    return place < 0 ? undefined : nameOf(`messages[${place}]${rest}`);
  };
}
