import type { Health, Provider, RoutingWorld } from './world.ts';

export interface ComingAndGoing {
  /** Who lives at a moment, the cheapest first. */
  livingAt(ms: number): readonly string[];
  /** Milliseconds since who lives has last changed. */
  sinceChange(ms: number): number;
  deaths(): number;
}

interface Plan {
  readonly everyMs: number;
  readonly times: number;
}

const ways = ['refuses', 'errors', 'hangs', 'limits'] as const satisfies readonly Health[];

/** From time to time others live and others are dead, each in a way of its own; one of those who lived goes on living. */
export function comeAndGo(
  { time, random, providers }: RoutingWorld,
  { everyMs, times }: Plan,
): ComingAndGoing {
  const changes: { readonly atMs: number; readonly living: readonly string[] }[] = [];
  let deaths = 0;
  const isWell = ({ health }: Provider) => health === 'well';
  const note = () => {
    changes.push({ atMs: time.nowMs(), living: providers.filter(isWell).map(({ id }) => id) });
  };
  const change = () => {
    const stays = random.some(providers.filter(isWell));
    for (const each of providers) {
      const lives = each === stays || random.is(0.4);
      if (!lives && isWell(each)) deaths += 1;
      each.health = lives ? 'well' : random.pick(ways);
    }
    note();
  };
  note();
  for (let n = 1; n <= times; n += 1) time.after(n * everyMs, change);
  const last = (ms: number) => changes.findLast(({ atMs }) => atMs <= ms);
  return {
    livingAt: (ms) => last(ms)?.living ?? [],
    sinceChange: (ms) => ms - (last(ms)?.atMs ?? 0),
    deaths: () => deaths,
  };
}
