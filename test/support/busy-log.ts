import { setTimeout as sleep } from 'node:timers/promises';
import type { Log, NewEvent } from '../../src/adapters/eventstore/log.ts';
import type { DomainEvent } from '../../src/domain/events.ts';
import { nameId } from '../../src/domain/ids.ts';
import { streamOf } from '../../src/domain/streams.ts';
import { recordedAs } from './recorded.ts';
import { routeTo } from './routes.ts';
import { abandonOf, grantOf, history, releaseOf, reserveOf, settleOf } from './wallets.ts';

interface Story {
  readonly stream: string;
  readonly events: readonly DomainEvent[];
  done: number;
}

const candidate = { upstream: 'sandbox', model: 'demo', weight: 1 };

/** Several wallets whose calls end in each way, and some other nouns, to be written bit by bit. */
function stories(wallets: number, calls: number): Story[] {
  const ofWallets = Array.from({ length: wallets }, (_, w): Story => {
    const walletId = nameId(`busy/${w}`);
    const named = (n: number) => `busy/${w}/${n}`;
    const commands = Array.from({ length: calls }, (_, n) => [
      reserveOf(named(n)),
      ...(n === 0 ? [] : [endOf(named(n - 1), n)]),
    ]).flat();
    const granted = grantOf('10', { walletId, memberId: nameId(`busy/member/${w}`) });
    return { stream: streamOf.wallet(walletId), events: history(granted, ...commands), done: 0 };
  });
  const routed = Array.from({ length: 10 }, (_, n): Story => {
    const alias = `busy-${n}`;
    const event: DomainEvent = { type: 'RouteChanged', data: { alias, ...routeTo([candidate]) } };
    return { stream: streamOf.route(alias), events: Array(10).fill(event), done: 0 };
  });
  return [...ofWallets, ...routed];
}

function endOf(call: string, n: number) {
  if (n % 7 === 0) return releaseOf(call);
  return n % 11 === 0 ? abandonOf(call) : settleOf(call, { input: n, output: 2 * n });
}

export interface BusyLog {
  /** Writes so many events more, one append after the other; returns the position of the last. */
  write(events: number): Promise<bigint>;
  /** Writes until it is told to stop, some events every few milliseconds. */
  start(): { stop(): Promise<bigint> };
}

/** A log to which things are written as a program would, that many there are in all. */
export function busyLog(
  log: Pick<Log, 'append'>,
  { wallets = 12, calls = 400 }: { readonly wallets?: number; readonly calls?: number } = {},
): BusyLog {
  const all = stories(wallets, calls);
  let turn = 0;

  async function append(most: number): Promise<{ count: number; position: bigint }> {
    const waiting = all.filter(({ done, events }) => done < events.length);
    const story = waiting[turn % waiting.length];
    if (!story) throw new Error('Everything there was is written.');
    turn += 1;
    const { stream, events, done } = story;
    const part = events.slice(done, done + 1 + (turn % Math.min(most, 5)));
    const expected = done === 0 ? 'no_stream' : BigInt(done - 1);
    const appended = await log.append(
      stream,
      expected,
      part.map((event, n): NewEvent => recordedAs(event, { stream, revision: BigInt(done + n) })),
    );
    if (!appended.ok) throw new Error(`${stream} is somebody else's.`);
    story.done += part.length;
    return { count: part.length, position: appended.position };
  }

  async function write(events: number): Promise<bigint> {
    let position = -1n;
    for (let left = events; left > 0; ) {
      const appended = await append(left);
      left -= appended.count;
      ({ position } = appended);
    }
    return position;
  }

  return {
    write,
    start() {
      let running = true;
      let last = -1n;
      const writing = (async () => {
        while (running) {
          last = await write(5);
          await sleep(5);
        }
      })();
      return {
        async stop() {
          running = false;
          await writing;
          return last;
        },
      };
    },
  };
}
