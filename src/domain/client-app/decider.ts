import type { Decider } from '../decider.ts';
import type { ClientAppEvent } from './events.ts';
import { ClientAppTerms, plainClientApp } from './events.ts';

export interface ChangeClientApp {
  readonly type: 'ChangeClientApp';
  readonly clientApp: string;
  /** What is left out stays as it is. */
  readonly changes: Partial<ClientAppTerms>;
}

interface ClientApp {
  /** Undefined: nobody has said anything of it. */
  readonly terms?: ClientAppTerms;
}

/** The operator's defaults for calls that come from one client app; the same again changes nothing. */
export const clientApp: Decider<ChangeClientApp, ClientAppEvent, ClientApp> = {
  initialState: {},
  decide({ clientApp: id, changes }, { terms }) {
    const changed = ClientAppTerms.parse({ ...plainClientApp, ...terms, ...changes });
    const same = ClientAppTerms.keyof().options.every((name) => changed[name] === terms?.[name]);
    return same ? [] : [{ type: 'ClientAppChanged', data: { clientApp: id, ...changed } }];
  },
  evolve(_, { data: { clientApp: __, ...terms } }) {
    return { terms };
  },
};
