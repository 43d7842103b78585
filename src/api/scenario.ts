import { z } from 'zod';
import { ApiError } from './errors.ts';

/** What a call may say that it is for. */
export const Scenario = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);

/** The scenario of a header; one that no route knows meets no condition. Undefined when there is none. */
export function scenarioOf(header: string): string | undefined {
  if (header === '') return undefined;
  const scenario = Scenario.safeParse(header);
  if (scenario.success) return scenario.data;
  throw new ApiError('invalid_request', { param: 'x-scenario', why: 'scenario_name' });
}
