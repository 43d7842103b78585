import type { Leg } from '../domain/accounts.ts';
import type { Recorded } from '../domain/events.ts';

const none: readonly Leg[] = [];

/** The journal lines of an event; none when it moves no value. */
export const legsOf = ({ data }: Recorded): readonly Leg[] => ('legs' in data ? data.legs : none);
