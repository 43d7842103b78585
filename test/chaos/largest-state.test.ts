import test from 'ava';
import { pino } from 'pino';
import { eventStoreDbLog } from '../../src/adapters/eventstore/eventstoredb.ts';
import { runners } from '../../src/adapters/eventstore/runners.ts';
import { Rejection } from '../../src/domain/rejection.ts';
import { streamOf } from '../../src/domain/streams.ts';
import { toBook } from '../../src/domain/wallet/book.ts';
import { hashOf } from '../../src/domain/wallet/books.ts';
import type { WalletCommand } from '../../src/domain/wallet/commands.ts';
import type { LimitMeasure, LimitWindow } from '../../src/domain/wallet/limit-events.ts';
import type { Wallet } from '../../src/domain/wallet/wallet.ts';
import { entriesIn } from '../../src/domain/wallet/wallet.ts';
import { lonelyCall, longAlias, wide, wideLot } from '../support/full-wallets.ts';
import { newDataDir, removeDataDir, startEnginesAlone } from '../support/program.ts';
import { contextOf } from '../support/purse.ts';
import { walletHistory } from '../support/wallet-history.ts';
import { limitOf } from '../support/wallet-story.ts';
import { grantOf, noon, releaseOf, reserveOf, settleOf, walletId } from '../support/wallets.ts';

const lastAppendBytes = 900 * 1024;
const mostEntries = 4_000;
/** The machine may be busy with something else; nothing here is about time. */
const patienceMs = 120_000;
const longScope = Array.from({ length: 20 }, (_, n) => longAlias(n));

/** Every limit that a wallet itself can have: each of its calls counts against all of them. */
const limits = (['minute', 'day', 'month', 'total'] satisfies LimitWindow[]).flatMap((window) =>
  (['requests', 'tokens', 'money'] satisfies LimitMeasure[]).map((measure) =>
    limitOf({ window, measure, most: wide }),
  ),
);

const others = Array.from({ length: 10 }, (_, n) => `other ${n}`);

const forms = {
  'lots with long scopes': (n: number) => wideLot(n, longScope),
  'lots that share nothing': (n: number) => wideLot(n, null),
  'calls that share nothing': lonelyCall,
} satisfies Record<string, (n: number) => WalletCommand>;

for (const [name, commandOf] of Object.entries(forms)) {
  test.serial(`a wallet full of ${name} closes, and goes on in the next stream`, async (t) => {
    t.timeout(240_000);
    const dataDir = await newDataDir();
    const engines = await startEnginesAlone(dataDir);
    const log = eventStoreDbLog({
      url: engines.eventstoreUrl,
      log: pino({ level: 'silent' }),
      signal: new AbortController().signal,
    });
    t.teardown(async () => {
      await log.close();
      await engines.stop();
      await removeDataDir(dataDir);
    });
    const clock = () => new Date(noon);
    const stream = streamOf.wallet(walletId);
    let commands = 0;
    const runOn = (writer: ReturnType<typeof runners>['wallet']) => (command: WalletCommand) => {
      commands += 1;
      return writer.run(stream, () => command, contextOf(`command ${commands}`));
    };

    const { wallet } = runners({ log, clock, mostEvents: 50_000, patienceMs });
    const run = runOn(wallet);
    await run(grantOf(`${wide}.5`, { priority: -2_000 }));
    await run(grantOf('1000', { asset: 'requests', scope: ['other'], past: 'block' }));
    for (const limit of limits) await run(limit);
    await run(reserveOf('first'));
    for (const call of others) await run(reserveOf(call));
    await untilFull((n) => run(commandOf(n)));
    const { state: full, revision } = await wallet.load(stream);
    t.true(entriesIn(full, noon) > 3_900, `${entriesIn(full, noon)} entries`);

    // A process that rolls at once: the next command finds a stream that must be closed first.
    const rolling = runOn(runners({ log, clock, mostEvents: Number(revision), patienceMs }).wallet);
    t.is((await rolling(settleOf('first', { input: 10, output: 10 }))).events.length, 1);
    const events = await walletHistory(log, walletId);
    const closed = events.find(({ type }) => type === 'WalletPeriodClosed');
    t.is(closed?.type, 'WalletPeriodClosed');
    if (closed?.type !== 'WalletPeriodClosed') return;
    const { id, type, data, meta } = closed;
    const bytes = Buffer.byteLength(JSON.stringify({ id, type, data, metadata: meta }));
    t.log(`${entriesIn(full, noon)} entries close in ${Math.ceil(bytes / 1_024)} KiB`);
    t.true(bytes < lastAppendBytes);
    t.is(data.hash, hashed(full));
    t.is(data.hash, hashOf(data.state));
    t.is(events.at(-2)?.type, 'WalletPeriodOpened');
    t.is(events.at(-1)?.stream, data.next);

    // What a full wallet may still do, the next stream does, and what was freed is free.
    for (const call of others) await rolling(releaseOf(call));
    t.true(await fits(rolling(lonelyCall(10_000))));
    const { state } = await wallet.load(stream);
    t.true(entriesIn(state, noon) <= mostEntries);
    const newcomer = await runners({ log, clock, patienceMs }).wallet.load(stream);
    t.is(hashed(newcomer.state), hashed(state), 'another process folds the same');
  });
}

function hashed(state: Wallet): string {
  const book = toBook(state);
  return book === null ? 'no wallet' : hashOf(book);
}

/** A hundred at a time, because so the log takes them together. */
async function untilFull(step: (n: number) => Promise<unknown>, from = 0): Promise<void> {
  const some = Array.from({ length: 100 }, (_, n) => fits(step(from + n)));
  if ((await Promise.all(some)).every(Boolean)) await untilFull(step, from + some.length);
}

/** False when the wallet is full. */
async function fits(outcome: Promise<unknown>): Promise<boolean> {
  try {
    await outcome;
    return true;
  } catch (error) {
    if (error instanceof Rejection && error.code === 'wallet_full') return false;
    throw error;
  }
}
