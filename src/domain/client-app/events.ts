import { z } from 'zod';
import type { EventOf } from '../event-table.ts';
import { Name } from '../ids.ts';
import { Scenario } from '../permits.ts';

export const ClientAppId = Name.describe('what the client app is called');

export const ClientAppTerms = z.object({
  scenario: Scenario.nullable().describe('of calls for which nobody else names one'),
});
/** What holds for the calls of a client app's members. */
export type ClientAppTerms = z.infer<typeof ClientAppTerms>;

export const plainClientApp: ClientAppTerms = { scenario: null };

const ClientAppChanged = z
  .object({ clientApp: ClientAppId, ...ClientAppTerms.shape })
  .describe(`What calls of a client app's members take where they say nothing.`);

export const clientAppEvents = { ClientAppChanged };
export type ClientAppEvent = EventOf<typeof clientAppEvents>;
