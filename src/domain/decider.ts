/** The write side of one noun: pure functions, no clock, no randomness, no I/O. */
export interface Decider<Command, Event, State> {
  readonly initialState: State;
  /** What happens, or throws `Rejection`. Deciding the same thing twice yields nothing. */
  decide(command: Command, state: State): readonly Event[];
  /** Never throws: what was recorded has happened. */
  evolve(state: State, event: Event): State;
}
