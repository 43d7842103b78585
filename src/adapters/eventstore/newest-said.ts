import { isAfter } from './stream-history.ts';

/** What was last said of each thing, whatever the order in which it is heard. */
export interface NewestSaid<Value> {
  /**
   * `revision` is the event's that said so; null for a row, which anything from the log outdoes.
   * Undefined: the thing is no more.
   */
  say(name: string, value: Value | undefined, revision: bigint | null): void;
  /** Nothing is ever said of it again. */
  forget(name: string): void;
  of(name: string): Value | undefined;
  /** What there is, by name. */
  all(): ReadonlyMap<string, Value>;
}

interface Said<Value> {
  readonly value: Value | undefined;
  readonly revision: bigint | null;
}

export function newestSaid<Value>(): NewestSaid<Value> {
  const said = new Map<string, Said<Value>>();
  return {
    say(name, value, revision) {
      if (!isAfter(said.get(name)?.revision ?? null, revision)) said.set(name, { value, revision });
    },
    forget: (name) => void said.delete(name),
    of: (name) => said.get(name)?.value,
    all() {
      const all = new Map<string, Value>();
      for (const [name, { value }] of said) if (value !== undefined) all.set(name, value);
      return all;
    },
  };
}
