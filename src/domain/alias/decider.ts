import type { Decider } from '../decider.ts';
import type { AliasEvent } from './events.ts';
import { AliasTerms, plainAlias } from './events.ts';

export interface ChangeAlias {
  readonly type: 'ChangeAlias';
  readonly alias: string;
  /** What is left out stays as it is. */
  readonly changes: Partial<AliasTerms>;
}

interface AliasState {
  readonly terms: AliasTerms;
}

/** The operator's defaults for calls of one alias; changing nothing changes nothing. */
export const alias: Decider<ChangeAlias, AliasEvent, AliasState> = {
  initialState: { terms: plainAlias },
  decide({ alias: name, changes }, { terms }) {
    const changed = AliasTerms.parse({ ...terms, ...changes });
    if (said(changed) === said(terms)) return [];
    return [{ type: 'AliasChanged', data: { alias: name, ...changed } }];
  },
  evolve(_, { data: { alias: __, ...terms } }) {
    return { terms };
  },
};

/** The schema puts the fields in one order, and leaves out what says nothing. */
const said = (terms: AliasTerms): string => JSON.stringify(AliasTerms.parse(terms));
