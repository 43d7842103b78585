import type { Decider } from '../decider.ts';
import { Rejection } from '../rejection.ts';
import type { SettingsEvent } from './events.ts';
import { OperatorSettings, usualSettings } from './events.ts';

export interface AppointFirstAdmin {
  readonly type: 'AppointFirstAdmin';
  readonly memberId: string;
  readonly walletId: string;
}

export interface ChangeSettings {
  readonly type: 'ChangeSettings';
  /** What is left out stays as it is. */
  readonly changes: Partial<OperatorSettings>;
}

interface Settings {
  readonly firstAdmin?: string;
  readonly terms: OperatorSettings;
}

/** What concerns the whole installation: that it is set up exactly once, and what its operator decides. */
export const settings: Decider<AppointFirstAdmin | ChangeSettings, SettingsEvent, Settings> = {
  initialState: { terms: usualSettings },
  decide(command, { firstAdmin, terms }) {
    switch (command.type) {
      case 'AppointFirstAdmin':
        return appoint(command, firstAdmin);
      case 'ChangeSettings':
        return change(command, terms);
    }
  },
  evolve(state, event) {
    switch (event.type) {
      case 'FirstAdminAppointed':
        return { ...state, firstAdmin: event.data.memberId };
      case 'SettingsChanged':
        return { ...state, terms: event.data };
    }
  },
};

function appoint(
  { memberId, walletId }: AppointFirstAdmin,
  firstAdmin: string | undefined,
): readonly SettingsEvent[] {
  if (firstAdmin === memberId) return [];
  if (firstAdmin) throw new Rejection('already_set_up', 'There is an administrator already.');
  return [{ type: 'FirstAdminAppointed', data: { memberId, walletId } }];
}

function change({ changes }: ChangeSettings, terms: OperatorSettings): readonly SettingsEvent[] {
  const changed = OperatorSettings.parse({ ...terms, ...changes });
  const same = OperatorSettings.keyof().options.every((name) => changed[name] === terms[name]);
  return same ? [] : [{ type: 'SettingsChanged', data: changed }];
}
