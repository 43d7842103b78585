import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import type { Counts, Stage } from './gateway-stage.ts';
import { drained } from './gateway-stage.ts';
import { taken } from './load.ts';

/** One event a half second, so that all of them are open at once for most of the time. */
export const heldModel = 'mock-40-every-500';
const events = 41;

/** Holds so many streams open at once: says what was lost, and what the program's memory did. */
export async function holdStreams(stage: Stage, count: number, say: (text: string) => void) {
  const { program, people } = stage;
  const pool = new Pool(program.url, { connections: count, pipelining: 1 });
  const body = JSON.stringify({
    model: heldModel,
    messages: [{ role: 'user', content: 'Say something slowly.' }],
    max_tokens: 64,
    stream: true,
  });
  let open = 0;
  let mostOpen = 0;
  const one = async (index: number) => {
    const answer = await pool.request({
      path: '/v1/chat/completions',
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${people[index % people.length]?.key ?? ''}`,
      },
      body,
    });
    if (answer.statusCode !== 200) return { isWhole: false, seen: 0 };
    open += 1;
    mostOpen = Math.max(mostOpen, open);
    const { isWhole, seen } = await taken(answer.body, events);
    open -= 1;
    return { isWhole, seen };
  };
  const running = Promise.all(Array.from({ length: count }, (_, index) => one(index)));
  const memory = await memoryWhile(running, program.pid, () => open === count);
  const answers = await running;
  await pool.close();
  await drained(stage);
  const complete = answers.filter(({ isWhole }) => isWhole).length;
  const seen = answers.reduce((total, answer) => total + answer.seen, 0);
  const lost = count * events - seen;
  say(
    `${mostOpen} streams held open at once: ${complete} of ${count} whole, ${lost} events lost; ` +
      `memory ${memory.first} MB once all were open, ${memory.most} MB at most, ${memory.last} MB at the end`,
  );
  return { beside: 0, complete, failed: count - complete } satisfies Counts;
}

/** The program's resident memory, twice a second, from when all are open to the end. */
async function memoryWhile(running: Promise<unknown>, pid: number, allOpen: () => boolean) {
  const seen: number[] = [];
  let isOver = false;
  void running.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    if (allOpen()) seen.push(await residentMb(pid));
    await sleep(500);
  }
  return { first: seen[0] ?? 0, most: Math.max(0, ...seen), last: seen.at(-1) ?? 0 };
}

async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
}
