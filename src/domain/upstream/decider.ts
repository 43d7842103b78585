import type { Decider } from '../decider.ts';
import { Rejection } from '../rejection.ts';
import type { ProviderKey, UpstreamEvent } from './events.ts';
import { UpstreamTerms } from './events.ts';

export interface ChangeUpstream extends Omit<UpstreamTerms, 'keys'> {
  readonly type: 'ChangeUpstream';
  readonly id: string;
  /** In the vault already; undefined: those that it has. */
  readonly keys?: readonly ProviderKey[] | undefined;
}

export interface RemoveUpstream {
  readonly type: 'RemoveUpstream';
  readonly id: string;
}

interface Upstream {
  /** Undefined: there is none, or none any more. */
  readonly terms?: UpstreamTerms;
}

/** Where an upstream is, and with which keys it is asked. */
export const upstream: Decider<ChangeUpstream | RemoveUpstream, UpstreamEvent, Upstream> = {
  initialState: {},
  decide(command, { terms }) {
    switch (command.type) {
      case 'ChangeUpstream':
        return change(command, terms);
      case 'RemoveUpstream':
        return terms ? [{ type: 'UpstreamRemoved', data: { id: command.id } }] : [];
    }
  },
  evolve(_, event) {
    switch (event.type) {
      case 'UpstreamChanged':
        return { terms: event.data };
      case 'UpstreamRemoved':
        return {};
    }
  },
};

function change(command: ChangeUpstream, terms?: UpstreamTerms): readonly UpstreamEvent[] {
  const { id, kind, baseUrl, capacity, enabled } = command;
  const keys = [...(command.keys ?? keptKeys(command, terms))];
  // Servers of one's own often want none.
  if (keys.length === 0 && kind !== 'openai_like') {
    throw new Rejection('upstream_key_required', 'An upstream of this kind needs a key.');
  }
  const changed = { kind, baseUrl, capacity, enabled, keys };
  if (terms && said(terms) === said(changed)) return [];
  return [{ type: 'UpstreamChanged', data: { id, ...changed } }];
}

/** A key goes to no other server than it was given for: whoever moves an upstream gives it anew. */
function keptKeys({ baseUrl }: ChangeUpstream, terms?: UpstreamTerms): readonly ProviderKey[] {
  if (!terms) return [];
  if (terms.keys.length > 0 && originOf(terms.baseUrl) !== originOf(baseUrl)) {
    throw new Rejection('upstream_key_required', 'The key was given for another server.', {
      why: 'key_of_other_server',
    });
  }
  return terms.keys;
}

const originOf = (baseUrl: string): string => new URL(baseUrl).origin;

/** The schema puts the fields in one order. */
const said = (terms: UpstreamTerms): string => JSON.stringify(UpstreamTerms.parse(terms));
