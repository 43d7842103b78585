import { isAfter } from './stream-history.ts';

/** What was last said of each thing, whatever the order in which it is heard. */
export interface NewestSaid<Value> {
  /** `revision` is the event's that said so; null for a row, which anything from the log outdoes. */
  say(name: string, value: Value, revision: bigint | null): void;
  of(name: string): Value | undefined;
}

export function newestSaid<Value>(): NewestSaid<Value> {
  const said = new Map<string, { readonly value: Value; readonly revision: bigint | null }>();
  return {
    say(name, value, revision) {
      if (!isAfter(said.get(name)?.revision ?? null, revision)) said.set(name, { value, revision });
    },
    of: (name) => said.get(name)?.value,
  };
}
