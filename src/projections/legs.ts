import type { Leg } from '../domain/accounts.ts';
import type { Recorded } from '../domain/events.ts';
import { eventTable } from '../domain/events.ts';
import type { HandlersByType } from './projection.ts';

const none: readonly Leg[] = [];

/** The journal lines of an event; none when it moves no value. */
export const legsOf = ({ data }: Recorded): readonly Leg[] => ('legs' in data ? data.legs : none);

/** One handler for every event that is an entry of the journal. */
export const onEntries = <Row>(handle: (event: Recorded) => readonly Row[]): HandlersByType<Row> =>
  Object.fromEntries(
    Object.entries(eventTable)
      .filter(([, { shape }]) => 'legs' in shape)
      .map(([type]) => [type, handle]),
  );
