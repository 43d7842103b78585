import { setTimeout as sleep } from 'node:timers/promises';
import { backOff } from '../../src/adapters/back-off.ts';
import type {
  Appended,
  ExpectedRevision,
  Log,
  NewEvent,
} from '../../src/adapters/eventstore/log.ts';
import { LogUnavailable } from '../../src/adapters/eventstore/log.ts';
import type { Chance } from './chance.ts';
import type { EventServer } from './event-server.ts';
import type { Owner, Schedule } from './schedule.ts';
import type { Weather } from './weather.ts';
import { wayMs } from './weather.ts';

export interface World {
  readonly random: Chance;
  readonly schedule: Schedule;
  readonly weather: Weather;
  readonly server: EventServer;
  /** Appends on their way to the log, whoever waits for them or not. */
  flying: number;
}

/** One process's connection to the log. */
export interface Wire extends Pick<Log, 'read' | 'last'> {
  /** One attempt; undefined: nobody can say whether it was, or will be, written. */
  attempt(
    stream: string,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
  ): Promise<Appended | undefined>;
}

/** How appends with ambiguous answers are seen through. */
export type SeeThrough = (wire: Wire) => Log['append'];

const deadlineMs = 5_000;
const readPatienceMs = 10_000;

export function wireOf(world: World, owner: Owner): Wire {
  const { random, schedule, weather, server } = world;
  const isDown = () => schedule.nowMs() < weather.logDownUntilMs;
  const arrive = (ms: number, step: () => void) => schedule.after(ms, step, { owner: null });

  const deliver = (ms: number, step: () => void) => {
    world.flying += 1;
    arrive(ms, () => {
      world.flying -= 1;
      step();
    });
  };

  function attempt(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]) {
    return new Promise<Appended | undefined>((resolve) => {
      const said = (answer: Appended | undefined, ms: number) => {
        const what = answer === undefined ? 'no answer' : answer.ok ? 'acknowledged' : 'lost';
        schedule.after(ms, () => resolve(answer), {
          owner,
          label: `append to ${short(stream)} after ${expected}: ${what}`,
        });
      };
      const write = (when: string) => {
        const answer = server.write(stream, expected, events);
        const types = events.map(({ type }) => type).join(', ');
        schedule.note(
          `log: ${when} ${short(stream)} after ${expected} by ${owner.name}: ${answer.ok ? types : 'wrong revision'}`,
        );
        return answer;
      };
      switch (fateOf(isDown())) {
        case 'fine':
          return deliver(wayMs(weather, random), () => {
            if (isDown()) return said(undefined, random.between(0, deadlineMs));
            said(write('writes'), wayMs(weather, random));
          });
        case 'lost':
          return said(undefined, random.pick([random.between(1, 50), deadlineMs]));
        case 'unsaid':
          deliver(wayMs(weather, random), () => void write('writes, unsaid,'));
          return said(undefined, random.pick([random.between(5, 50), deadlineMs]));
        case 'late': {
          const lateMs = random.pick([random.between(20, 400), random.between(500, 9_000)]);
          const upMs = Math.max(0, weather.logDownUntilMs - schedule.nowMs());
          deliver(upMs + lateMs, () => void write('writes late'));
          return said(undefined, random.between(1, Math.min(lateMs, deadlineMs)));
        }
      }
    });
  }

  function fateOf(down: boolean): 'fine' | 'lost' | 'unsaid' | 'late' {
    if (down) return random.pick(['lost', 'lost', 'late']);
    if (weather.isFair || !random.is(weather.ambiguous)) return 'fine';
    return random.pick(['lost', 'unsaid', 'late']);
  }

  return { attempt, ...readsOf(world, owner) };
}

/** Questions that change nothing, asked again for a while. */
function readsOf(world: World, owner: Owner): Pick<Wire, 'read' | 'last'> {
  const { random, schedule, weather, server } = world;
  const isDown = () => schedule.nowMs() < weather.logDownUntilMs;

  /** Asks the server something that changes nothing. */
  const ask = <Answer>(question: () => Answer): Promise<Answer | undefined> =>
    new Promise((resolve) => {
      const arrived = () => {
        const answer = isDown() ? undefined : question();
        schedule.after(wayMs(weather, random), () => resolve(answer), { owner });
      };
      schedule.after(wayMs(weather, random), arrived, { owner: null });
    });

  async function patiently<Answer>(question: () => Answer): Promise<Answer> {
    const since = schedule.nowMs();
    for (;;) {
      const answer = await ask(question);
      if (answer !== undefined) return answer;
      if (schedule.nowMs() - since > readPatienceMs) throw new LogUnavailable('It is down.');
      await sleep(random.between(50, 500));
    }
  }

  return {
    async *read(stream, after) {
      const from = after === undefined ? 0 : Number(after) + 1;
      yield* await patiently(() => server.of(stream).slice(from));
    },
    async last(stream) {
      const { event } = await patiently(() => ({ event: server.of(stream).at(-1) }));
      return event ?? null;
    },
  };
}

const short = (stream: string): string => stream.replace(/-([0-9a-f]{4})[0-9a-f-]{32}/, '-$1');

/** The rule: the same bytes again, until the log says yes or no. */
export const resending: SeeThrough = (wire) => async (stream, expected, events) => {
  for (let failures = 0; ; failures += 1) {
    const answer = await wire.attempt(stream, expected, events);
    if (answer) return answer;
    await backOff(failures, { firstMs: 20, mostMs: 2_000 });
  }
};
