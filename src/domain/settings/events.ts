import { z } from 'zod';
import type { EventOf } from '../event-table.ts';
import { Uuid } from '../ids.ts';

const FirstAdminAppointed = z.object({ memberId: Uuid, walletId: Uuid });

export const settingsEvents = { FirstAdminAppointed };
export type SettingsEvent = EventOf<typeof settingsEvents>;
