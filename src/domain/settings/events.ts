import { z } from 'zod';
import type { EventOf } from '../event-table.ts';
import { Uuid } from '../ids.ts';
import { Alias } from '../price-list/events.ts';

const FirstAdminAppointed = z
  .object({ memberId: Uuid, walletId: Uuid })
  .describe('The installation was set up: this member is its first admin.');

const Link = z
  .url({ protocol: /^https?$/ })
  .max(2_000)
  .nullable();

export const OperatorSettings = z.object({
  defaultAlias: Alias.nullable().describe(
    'answers calls that name no model; null: they are refused',
  ),
  unknownAlias: Alias.nullable().describe(
    'answers calls that name a model there is not; null: they are refused',
  ),
  plansUrl: Link.describe('where a member chooses a plan; null: the page of our own'),
  accountUrl: Link.describe('where a member sees to the account; null: the page of our own'),
  apiKeysPerMember: z
    .int()
    .min(1)
    .max(1_000)
    .optional()
    .describe('so many keys of a member may be good at once; absent: the usual number, 50'),
});
/** What an operator decides for the whole installation. */
export type OperatorSettings = z.infer<typeof OperatorSettings>;

export const usualSettings: OperatorSettings = {
  defaultAlias: null,
  unknownAlias: null,
  plansUrl: null,
  accountUrl: null,
};

/** How many keys of a member may be good at once. */
export const mostApiKeys = ({ apiKeysPerMember = 50 }: OperatorSettings): number =>
  apiKeysPerMember;

const SettingsChanged = z
  .object(OperatorSettings.shape)
  .describe('What holds for the whole installation, from now on.');

export const settingsEvents = { FirstAdminAppointed, SettingsChanged };
export type SettingsEvent = EventOf<typeof settingsEvents>;
