import { windowAt } from './spending.ts';

/** Of names that nobody but members wrote down: so many different ones count in a month. */
export const mostNames = 1_000;

/**
 * The names of scenarios that costs are counted under, so that whoever makes names up makes neither rows
 * nor memory without end. What an operator has written down always counts. Other names do, those of keys
 * included, until there are so many of them in a month of UTC; one that is beyond that counts as none.
 *
 * The limit is each process's own. One that starts begins with what the month's rows have, so that a
 * restart makes no new room.
 */
export interface ScenarioNames {
  /** An operator says them: they count from now on. */
  write(names: readonly string[]): void;
  /** Something is booked under it already, at a moment of that month. */
  booked(name: string, at: string): void;
  /** What a cost is counted under at a moment; undefined: under no scenario. */
  counted(name: string | undefined, at: string): string | undefined;
}

export function scenarioNames(most = mostNames): ScenarioNames {
  const written = new Set<string>();
  let month = '';
  let others = new Set<string>();

  /** False: there is no room for it. */
  const take = (name: string, at: string): boolean => {
    const now = windowAt('month', at);
    if (now > month) {
      month = now;
      others = new Set();
    }
    if (others.has(name)) return true;
    if (others.size >= most) return false;
    others.add(name);
    return true;
  };

  return {
    write(names) {
      for (const name of names) {
        written.add(name);
        others.delete(name);
      }
    },
    booked(name, at) {
      if (!written.has(name) && windowAt('month', at) >= month) take(name, at);
    },
    counted(name, at) {
      if (name === undefined || written.has(name) || take(name, at)) return name;
      return undefined;
    },
  };
}
