import { z } from 'zod';
import { Name } from './ids.ts';
import { Alias } from './price-list/events.ts';

/** What a call may say that it is for. */
export const Scenario = Name.describe('what a call is for, in the words of whoever makes it');

export const Endpoint = z
  .string()
  .regex(/^\/v1(\/[a-z0-9_-]+){1,4}$/)
  .describe('the path of an endpoint, e.g. `/v1/chat/completions`');

const most = 500;
const listOf = <Each extends z.ZodType>(each: Each) => z.array(each).max(most).nullable();

export const Permits = z
  .object({
    aliases: listOf(Alias).describe('null: all; an empty list: none'),
    scenarios: listOf(Scenario).describe('null: all; a call that names none needs none of them'),
    endpoints: listOf(Endpoint).describe('null: all'),
  })
  .describe('what calls are permitted');
export type Permits = z.infer<typeof Permits>;

export const everything: Permits = { aliases: null, scenarios: null, endpoints: null };

/** What a permission is asked for. */
export interface Wanted {
  readonly alias: string;
  readonly scenario: string | undefined;
  readonly endpoint: string;
}

/** The first thing of a call that isn't permitted; undefined: it may run. */
export function forbiddenIn(permits: Permits, wanted: Wanted): keyof Wanted | undefined {
  const { alias, scenario, endpoint } = wanted;
  if (!has(permits.endpoints, endpoint)) return 'endpoint';
  if (!has(permits.aliases, alias)) return 'alias';
  if (scenario !== undefined && !has(permits.scenarios, scenario)) return 'scenario';
  return undefined;
}

const has = (list: readonly string[] | null, value: string): boolean =>
  list === null || list.includes(value);

/** Whether calls of this alias are permitted at all. */
export const permitsAlias = ({ aliases }: Permits, alias: string): boolean => has(aliases, alias);
