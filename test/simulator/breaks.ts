import { randomUUID } from 'node:crypto';
import { backOff } from '../../src/adapters/back-off.ts';
import type { Log } from '../../src/adapters/eventstore/log.ts';
import type { Recorded } from '../../src/domain/events.ts';
import { eventIdOf } from '../../src/domain/ids.ts';
import { Rejection } from '../../src/domain/rejection.ts';
import { walletBooks } from '../../src/domain/wallet/books.ts';
import { wallet } from '../../src/domain/wallet/decider.ts';
import type { WalletEvent } from '../../src/domain/wallet/events.ts';
import { walletEvents } from '../../src/domain/wallet/events.ts';
import { emptyWallet } from '../../src/domain/wallet/wallet.ts';
import type { Rules, WalletRunner } from './rules.ts';
import type { SeeThrough } from './wire.ts';
import { resending } from './wire.ts';

/** A rule of the program, and how it is broken. */
export interface Break {
  readonly what: string;
  readonly rules: Partial<Rules>;
}

const again = (failures: number) => backOff(failures, { firstMs: 20, mostMs: 2_000 });

const withNewIds: SeeThrough = (wire) => async (stream, expected, events) => {
  let sent = events;
  for (let failures = 0; ; failures += 1) {
    const answer = await wire.attempt(stream, expected, sent);
    if (answer) return answer;
    sent = events.map((event) => ({ ...event, id: randomUUID() }));
    await again(failures);
  }
};

const unfenced: SeeThrough = (wire) => {
  const append = resending(wire);
  return async (stream, _, events) =>
    await append(stream, (await wire.last(stream))?.revision ?? 'no_stream', events);
};

/** Says yes at once; what was said yes to is sent afterwards, in its order. */
const beforeTheAcknowledgement: SeeThrough = (wire) => {
  const append = resending(wire);
  const sending = new Map<string, ReturnType<Log['append']>>();
  return (stream, expected, events) => {
    const before = sending.get(stream) ?? Promise.resolve();
    sending.set(
      stream,
      before.then(() => append(stream, expected, events)),
    );
    const first = expected === 'no_stream' ? -1n : expected;
    return Promise.resolve({ ok: true, revision: first + BigInt(events.length), position: 0n });
  };
};

/** Opens the next stream first and then asks for the fence, which may come too late. */
const openingFirst: SeeThrough = (wire) => {
  const append = resending(wire);
  return async (stream, expected, events) => {
    const [closing] = events;
    if (closing?.type === 'WalletPeriodClosed') {
      const closed = walletEvents.WalletPeriodClosed.parse(closing.data);
      const opened = walletBooks.open({ type: 'WalletPeriodClosed', data: closed });
      const id = eventIdOf(closed.next, 0);
      await append(closed.next, 'no_stream', [{ ...closing, ...opened, id }]);
    }
    return await append(stream, expected, events);
  };
};

const believingReads: SeeThrough = (wire) => async (stream, expected, events) => {
  const answer = await wire.attempt(stream, expected, events);
  if (answer) return answer;
  const after = expected === 'no_stream' ? undefined : expected;
  const found = await Array.fromAsync(wire.read(stream, after));
  const last = found.find(({ id }) => id === events.at(-1)?.id);
  if (!last) throw new Error('It is not there, so it was not written.');
  return { ok: true, revision: last.revision, position: last.position };
};

const settlingLater = (runner: WalletRunner): WalletRunner => ({
  ...runner,
  run(stream, command, context) {
    const running = runner.run(stream, command, context);
    if (!context.commandId.endsWith('/settle')) return running;
    running.catch(() => undefined);
    const events = [assumed(stream)];
    return Promise.resolve({ events, state: emptyWallet, stream, revision: null, position: null });
  },
});

const refusingUnwritten = (runner: WalletRunner): WalletRunner => ({
  ...runner,
  run: (stream, command, context) => runner.run(stream, command, { ...context, again: false }),
});

const chargedOrSilent = (runner: WalletRunner): WalletRunner => ({
  ...runner,
  async run(stream, command, context) {
    if (context.commandId.endsWith('/late')) {
      const { state } = await runner.load(stream);
      const decided = wallet.decide(command(context.at), state);
      if (decided.some(({ type }) => type === 'LateCostsPosted')) {
        throw new Rejection('insufficient_quota', 'What it cost us is nobody’s concern.');
      }
    }
    return await runner.run(stream, command, context);
  },
});

const assumed = (stream: string): Recorded<WalletEvent> => ({
  type: 'WalletUnfrozen',
  data: { walletId: stream, reason: 'Only its being here is looked at.' },
  id: stream,
  stream,
  revision: 0n,
  position: 0n,
  meta: {
    v: 1,
    commandId: stream,
    $correlationId: stream,
    actor: { type: 'system', id: 'test' },
    recordedAt: '2026-01-01T00:00:00.000Z',
    effectiveAt: '2026-01-01T00:00:00.000Z',
    source: 'test',
  },
});

/** Rules of appending, of holds and of leases, each broken in one place by a double. */
export const breaks: Readonly<Record<string, Break>> = {
  'new-ids': {
    what: 'after an ambiguous answer other ids are sent instead of the same bytes',
    rules: { seeThrough: withNewIds },
  },
  'no-fence': {
    what: 'an append expects the revision that there is, not the one that was decided on',
    rules: { seeThrough: unfenced },
  },
  'early-answer': {
    what: 'whoever waits is answered before the log has acknowledged',
    rules: { seeThrough: beforeTheAcknowledgement },
  },
  'believed-read': {
    what: 'what is not found after an ambiguous answer is taken for not written',
    rules: { seeThrough: believingReads },
  },
  'sweep-living': {
    what: 'the sweeper ends holds whose process has its lease',
    rules: { isLapsed: () => true },
  },
  'hasty-judge': {
    what: 'the sweeper judges others right after an interruption of Postgres',
    rules: { judge: () => ({ held: () => true, steadyForMs: () => Number.POSITIVE_INFINITY }) },
  },
  'open-first': {
    what: 'the next stream of a wallet is opened before the one before it is closed',
    rules: { seeThrough: openingFirst },
  },
  'early-ending': {
    what: 'the last piece of an answer is handed out before its settlement is recorded',
    rules: { callRunner: settlingLater },
  },
  'untold-cost': {
    what: 'a call that can’t be charged what it consumed doesn’t say what it cost us',
    rules: { callRunner: chargedOrSilent },
  },
  'unwritten-refusal': {
    what: 'a command that is refused, or changes nothing, when it is run again leaves no trace',
    rules: { orderRunner: refusingUnwritten },
  },
  'unfenced-turn': {
    what: 'a command that seems dead loses its turn, and is not kept from writing',
    rules: { preventing: () => () => Promise.resolve(true) },
  },
};
