import { setTimeout as sleep } from 'node:timers/promises';
import type { Person } from './people.ts';
import { sell } from './people.ts';
import type { Program } from './program.ts';

/** An answer that came whole. */
export interface Complete {
  readonly memberId: string;
  readonly callId: string;
}

export interface Load {
  readonly complete: readonly Complete[];
  /** Calls that were refused, cut off or not answered. */
  failures(): ReadonlyMap<string, number>;
  /** Lets the calls in flight end. */
  stop(): Promise<void>;
}

export interface LoadOptions {
  /** Where the call of a worker goes at this moment. */
  readonly urlOf: (worker: number) => string;
  readonly people: readonly [Person, ...Person[]];
  readonly inFlight: number;
}

/** The aliases that the load asks for; answers end all along, so that a kill meets calls in every state. */
export async function sellForLoad(program: Program, adminToken: string): Promise<void> {
  await sell(program, adminToken, 'quick', 'mock?chunks=4&delay=20');
  await sell(program, adminToken, 'steady', 'mock?chunks=40&delay=50');
}

/** Keeps calls in flight until `stop`; every other one is a stream. Nothing is tried again. */
export function startLoad({ urlOf, people, inFlight }: LoadOptions): Load {
  const complete: Complete[] = [];
  const failures = new Map<string, number>();
  let going = true;
  const worker = async (index: number) => {
    const { memberId, key } = people[index % people.length] ?? people[0];
    // Members by their remainder, streams by their half: each member has both.
    const stream = index % (2 * people.length) < people.length;
    while (going) {
      const answer = await ask(urlOf(index), key, stream);
      if ('callId' in answer) complete.push({ memberId, callId: answer.callId });
      else {
        failures.set(answer.failure, (failures.get(answer.failure) ?? 0) + 1);
        await sleep(100);
      }
    }
  };
  const workers = Array.from({ length: inFlight }, (_, index) => worker(index));
  return {
    complete,
    failures: () => failures,
    async stop() {
      going = false;
      await Promise.all(workers);
    },
  };
}

type Answer = { readonly callId: string } | { readonly failure: string };

async function ask(url: string, key: string, stream: boolean): Promise<Answer> {
  try {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: stream ? 'steady' : 'quick',
        messages: [{ role: 'user', content: 'Hello' }],
        max_tokens: 100,
        stream,
      }),
    });
    const text = await response.text();
    const isWhole = stream ? text.includes('data: [DONE]') : text.endsWith('}');
    const callId = /"id":"chatcmpl-([0-9a-f]{32})"/.exec(text)?.[1];
    if (response.ok && isWhole && callId) return { callId: toUuid(callId) };
    return { failure: `${response.status} ${/"code":"(\w+)"/.exec(text)?.[1] ?? 'cut off'}` };
  } catch {
    return { failure: 'no answer' };
  }
}

const toUuid = (hex: string): string =>
  hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
