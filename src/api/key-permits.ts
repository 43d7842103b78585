import { z } from 'zod';
import type { KeyPermits } from '../domain/api-key/events.ts';
import { everything, Permits, Scenario } from '../domain/permits.ts';
import { WrittenEndpoints } from './permitted-endpoints.ts';

/** What a key is good for, as its owner writes it; what is left out stays as it is. */
export const WrittenPermits = z.strictObject({
  aliases: Permits.shape.aliases.exactOptional(),
  scenarios: Permits.shape.scenarios.exactOptional(),
  endpoints: WrittenEndpoints.exactOptional(),
  /** Of calls that name none. */
  scenario: Scenario.nullable().exactOptional(),
});

/** The same as it is now; null: everything. */
export const shownPermits = (permits: KeyPermits | null): KeyPermits =>
  permits ?? { ...everything, scenario: null };
