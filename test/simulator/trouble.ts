import type { Chance } from './chance.ts';
import type { SimulatedProcess } from './process.ts';
import type { Schedule } from './schedule.ts';
import type { Weather } from './weather.ts';

export interface Troubled {
  readonly random: Chance;
  readonly schedule: Schedule;
  readonly weather: Weather;
  readonly living: () => readonly SimulatedProcess[];
  readonly start: () => void;
}

/** Plans what goes wrong until a moment; all of it is over then, and every process started again. */
export function trouble(scene: Troubled, untilMs: number): void {
  const { random, schedule, weather } = scene;
  const endOf = (longestMs: number) =>
    Math.min(untilMs, schedule.nowMs() + random.between(200, longestMs));

  const kill = (process: SimulatedProcess) => {
    schedule.note(`world: ${process.name} is killed`);
    process.isAlive = false;
    const backMs = Math.min(random.between(100, 3_000), untilMs - schedule.nowMs());
    schedule.after(backMs, scene.start, { owner: null });
  };
  const happens = () => {
    const process = random.some(scene.living());
    if (!process) return;
    const { name } = process;
    switch (random.whole(0, 7)) {
      case 0:
      case 1:
      case 2:
        return kill(process);
      case 3:
        process.stalledUntilMs = endOf(20_000);
        return schedule.note(`world: ${name} stands still until ${process.stalledUntilMs}`);
      case 4:
        process.postgres.downUntilMs = endOf(20_000);
        return schedule.note(
          `world: ${name} has no Postgres until ${process.postgres.downUntilMs}`,
        );
      case 5:
        weather.postgresDownUntilMs = endOf(14_000);
        return schedule.note(`world: no Postgres until ${weather.postgresDownUntilMs}`);
      case 6:
        weather.logDownUntilMs = endOf(random.pick([500, 3_000, 25_000]));
        return schedule.note(`world: no log until ${weather.logDownUntilMs}`);
      default:
        return process.start(async () => {
          schedule.note(`world: ${name} is told to stop`);
          await process.metered.drain(1_000);
          kill(process);
        });
    }
  };
  for (let count = random.whole(0, 5); count > 0; count -= 1) {
    schedule.after(random.between(300, untilMs), happens, { owner: null });
  }
}

/** A process stands still in the middle of what it has begun, for longer than others wait for it. */
export function standStillSoon(
  { random, schedule }: Pick<Troubled, 'random' | 'schedule'>,
  process: SimulatedProcess,
  untilMs: number,
): void {
  const [inMs, forMs] = [random.between(0, 20), random.between(2_500, 9_000)];
  const standStill = () => {
    const endMs = Math.min(untilMs, schedule.nowMs() + forMs);
    process.stalledUntilMs = Math.max(process.stalledUntilMs, endMs);
    schedule.note(`world: ${process.name} stands still until ${process.stalledUntilMs}`);
  };
  schedule.after(inMs, standStill, { owner: null });
}
