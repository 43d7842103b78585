import { randomBytes } from 'node:crypto';
import { eventually } from './eventually.ts';
import type { EngineName, EnginesAlone, Program } from './program.ts';
import {
  engineOf,
  newDataDir,
  removeDataDir,
  startEnginesAlone,
  startProgram,
  untilReady,
} from './program.ts';

const both = [0, 1] as const;
export type Which = (typeof both)[number];

/** The engines in a process of their own, and two programs on them as on a cluster's. */
export interface TwoPrograms {
  readonly engines: EnginesAlone;
  /** What runs now in the place of the first or the second program. */
  program(which: Which): Program;
  /** `kill -9`, and a start that is waited for until it is ready. */
  killProgram(which: Which): Promise<void>;
  /** `kill -9` of an engine; waits until another runs and both programs are ready. */
  killEngine(engine: EngineName): Promise<void>;
  /** Both programs are ready. */
  ready(): Promise<void>;
  stop(): Promise<void>;
}

export async function startTwoPrograms(
  given: Readonly<Record<string, string>> = {},
): Promise<TwoPrograms> {
  const dataDir = await newDataDir();
  const engines = await startEnginesAlone(dataDir);
  const environment = {
    ROLES: 'api,relay,projector,scheduler',
    DATABASE_URL: engines.databaseUrl,
    EVENTSTORE_URL: engines.eventstoreUrl,
    MASTER_KEY: randomBytes(32).toString('base64'),
    ...given,
  };
  const start = () => startProgram(dataDir, environment);
  // The first one makes the schemas and the administrator, as an operator would have it.
  const programs: [Program, Program] = [await start(), await start()];
  const ready = async () => {
    await Promise.all(programs.map(({ url }) => untilReady(url)));
  };
  await ready();
  return {
    engines,
    program: (which) => programs[which],
    ready,
    async killProgram(which) {
      await programs[which].kill();
      programs[which] = await start();
      await untilReady(programs[which].url);
    },
    async killEngine(engine) {
      const { pid } = engineOf(engines, engine);
      process.kill(pid, 'SIGKILL');
      await eventually(() => engineOf(engines, engine).pid !== pid);
      await ready();
    },
    async stop() {
      await Promise.all(programs.map((program) => program.stop()));
      await engines.stop();
      await removeDataDir(dataDir);
    },
  };
}
