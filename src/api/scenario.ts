import { Scenario } from '../domain/permits.ts';
import { ApiError } from './errors.ts';

/** The scenario of a header; one that no route knows meets no condition. Undefined when there is none. */
export function scenarioOf(header: string): string | undefined {
  if (header === '') return undefined;
  const scenario = Scenario.safeParse(header);
  if (scenario.success) return scenario.data;
  throw new ApiError('invalid_request', { param: 'x-scenario', why: 'scenario_name' });
}
