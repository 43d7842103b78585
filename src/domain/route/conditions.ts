import { z } from 'zod';
import type { CallSize } from './cost.ts';

const oneOf = z.array(z.string().min(1).max(128)).min(1).max(100);
const ClockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day, `HH:MM`');

/** A time zone that this runtime knows, by its IANA name. */
const TimeZone = z.string().refine(isTimeZone, 'no known time zone');

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

const Window = z
  .object({
    from: ClockTime.describe('the first minute of it'),
    to: ClockTime.describe('the first minute after it; before `from`: it goes over midnight'),
    days: z.array(z.int().min(1).max(7)).min(1).max(7).optional(),
    timeZone: TimeZone,
  })
  .describe('hours of the day; on the days that they begin on, 1 for Monday to 7 for Sunday');
type Window = z.infer<typeof Window>;

const Size = z
  .object({ min: z.int().min(0).optional(), max: z.int().min(0).optional() })
  .describe('tokens of input, as they are held');

/** What must hold of a call; each that is given, and one of each list. */
export const Conditions = z
  .object({
    plans: oneOf.optional().describe('plans of the member'),
    clientApps: oneOf.optional().describe('client apps that the call comes from'),
    apiKeys: oneOf.optional().describe('ids of API keys'),
    scenarios: oneOf.optional().describe('scenarios that the call names'),
    inputTokens: Size.optional(),
    hours: Window.optional(),
  })
  .describe('the calls that a candidate is for; it goes before those that are for all');
export type Conditions = z.infer<typeof Conditions>;
export type Condition = keyof Conditions;

/** What routing knows of a call. */
export interface RoutedCall {
  readonly plan?: string | undefined;
  readonly clientApp?: string | undefined;
  readonly apiKeyId?: string | undefined;
  readonly scenario?: string | undefined;
  /** The bound of its input. */
  readonly inputTokens: number;
  /** The most that it may write, all choices together. */
  readonly outputTokens: number;
  /** Some of that may be sound. */
  readonly speaks?: boolean;
  /** What else of it may cost something: see `CallSize`. */
  readonly atMost?: CallSize['atMost'];
  readonly at: Date;
  /** What calls of one conversation have in common; undefined: each is for itself. */
  readonly session?: string | undefined;
}

/** The first condition that a call doesn't meet; undefined when it meets all. */
export function unmetBy(conditions: Conditions, call: RoutedCall): Condition | undefined {
  const { plans, clientApps, apiKeys, scenarios, inputTokens, hours } = conditions;
  if (!names(plans, call.plan)) return 'plans';
  if (!names(clientApps, call.clientApp)) return 'clientApps';
  if (!names(apiKeys, call.apiKeyId)) return 'apiKeys';
  if (!names(scenarios, call.scenario)) return 'scenarios';
  if (inputTokens && !isWithin(inputTokens, call.inputTokens)) return 'inputTokens';
  if (hours && !isDuring(hours, call.at)) return 'hours';
  return undefined;
}

const names = (list: readonly string[] | undefined, value: string | undefined): boolean =>
  list === undefined || (value !== undefined && list.includes(value));

const isWithin = ({ min = 0, max = Number.POSITIVE_INFINITY }: z.infer<typeof Size>, n: number) =>
  n >= min && n <= max;

const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

function isDuring({ from, to, days, timeZone }: Window, at: Date): boolean {
  const { time, day } = localTime(at, timeZone);
  const isOn = (weekday: number) => days === undefined || days.includes(weekday);
  if (from < to) return time >= from && time < to && isOn(day);
  if (time >= from) return isOn(day);
  return time < to && isOn(day === 1 ? 7 : day - 1);
}

function localTime(at: Date, timeZone: string): { readonly time: string; readonly day: number } {
  const format = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  });
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
  return {
    time: `${parts.get('hour')}:${parts.get('minute')}`,
    day: weekdays.indexOf(parts.get('weekday') ?? '') + 1,
  };
}
