import type { Decider } from '../decider.ts';
import { Rejection } from '../rejection.ts';
import type { SettingsEvent } from './events.ts';

export interface AppointFirstAdmin {
  readonly type: 'AppointFirstAdmin';
  readonly memberId: string;
  readonly walletId: string;
}

interface Settings {
  readonly firstAdmin?: string;
}

/** What concerns the whole installation; here, that it is set up exactly once. */
export const settings: Decider<AppointFirstAdmin, SettingsEvent, Settings> = {
  initialState: {},
  decide({ memberId, walletId }, { firstAdmin }) {
    if (firstAdmin === memberId) return [];
    if (firstAdmin) throw new Rejection('already_set_up', 'There is an administrator already.');
    return [{ type: 'FirstAdminAppointed', data: { memberId, walletId } }];
  },
  evolve(_, { data }) {
    return { firstAdmin: data.memberId };
  },
};
