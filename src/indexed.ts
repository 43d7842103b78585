import type { Runner } from './adapters/eventstore/execute.ts';
import type { DomainEvent, Recorded } from './domain/events.ts';

/** A runner whose process sees what it wrote at its next request, before the log's feed brings it. */
export function indexed<Command, Event extends DomainEvent, State>(
  runner: Runner<Command, Event, State>,
  apply: (events: readonly Recorded<Event>[]) => void,
): Runner<Command, Event, State> {
  return {
    load: runner.load,
    async run(stream, command, context) {
      const outcome = await runner.run(stream, command, context);
      apply(outcome.events);
      return outcome;
    },
  };
}
