import type { ExecutionContext } from 'ava';
import type { Decider } from '../../src/domain/decider.ts';
import type { RejectionCode } from '../../src/domain/rejection.ts';
import { Rejection } from '../../src/domain/rejection.ts';

/** `given(decider, ...events)(t).when(command).yields(...events)`: a rule as one sentence. */
export const given =
  <Command, Event, State>(decider: Decider<Command, Event, State>, ...history: readonly Event[]) =>
  (t: ExecutionContext) => ({
    when: (command: Command) => {
      const decide = () => decider.decide(command, fold(decider, history));
      return {
        yields: (...expected: readonly Event[]) => t.deepEqual(decide(), expected),
        yieldsTypes: (...types: readonly string[]) => {
          const events = decide();
          t.deepEqual(events.map(typeOf), types);
          return events;
        },
        isRefused: (code: RejectionCode) => {
          const error = t.throws(decide, { instanceOf: Rejection });
          t.is(error?.code, code);
        },
      };
    },
  });

/** What a history makes of the initial state. */
export const fold = <Command, Event, State>(
  { initialState, evolve }: Decider<Command, Event, State>,
  history: readonly Event[],
): State => history.reduce((state, event) => evolve(state, event), initialState);

const typeOf = (event: unknown): unknown =>
  typeof event === 'object' && event !== null && 'type' in event ? event.type : undefined;
