import { z } from 'zod';
import type { EventOf } from '../event-table.ts';
import { Uuid } from '../ids.ts';

const FirstAdminAppointed = z
  .object({ memberId: Uuid, walletId: Uuid })
  .describe('The installation was set up: this member is its first admin.');

export const settingsEvents = { FirstAdminAppointed };
export type SettingsEvent = EventOf<typeof settingsEvents>;
