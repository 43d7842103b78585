import test from 'ava';
import { OutcomeUnknown } from '../../../src/adapters/eventstore/execute.ts';
import type { Claim, RunClaimed } from '../../../src/adapters/eventstore/once.ts';
import { once } from '../../../src/adapters/eventstore/once.ts';
import type { OnceFor } from '../../../src/adapters/eventstore/once-turns.ts';
import { singleWriter } from '../../../src/adapters/eventstore/single-writer.ts';
import { onceAudit } from '../../../src/domain/once/audit.ts';
import { Rejection } from '../../../src/domain/rejection.ts';
import type { MemoryLog } from '../../support/memory-log.ts';
import { memoryLog } from '../../support/memory-log.ts';
import { contextOf, purse } from '../../support/purse.ts';

const target = 'wallet-1@0';
const clock = () => new Date('2025-01-01T00:00:00.000Z');
const doneOtherwise = new Error('It was done otherwise.');
const otherwise = { is: doneOtherwise };

/** A process in which anybody may ask for a thing that happens once. */
function processOn(log: MemoryLog) {
  const { run: move, load } = singleWriter(purse, { log, clock });
  const replyOf = ({ code }: Rejection) => ({ status: 409, body: { code } });
  const claimed = once({ log, clock, replyOf, patienceMs: 30 });
  const never = (): never => {
    throw new Rejection('idempotency_conflict', 'It has had its turn.');
  };
  const onceFor: OnceFor = {
    what: 'things/1',
    otherwise: () => doneOtherwise,
    prevent: (command) =>
      move(target, never, { ...contextOf('ignored'), ...command }).then(
        () => false,
        (error) => error instanceof Rejection,
      ),
  };
  const claimOf = (key: string, bodyHash: string): Claim => ({
    ...{ scope: 'things/ann', key, bodyHash, onceFor },
    place: () => load(target),
    context: contextOf('ignored'),
  });
  const give =
    (amount: number): RunClaimed =>
    async (run) => {
      const context = { ...contextOf('ignored'), ...run };
      const { events } = await move(target, () => ({ amount }), context);
      return { status: 201, body: { id: events[0]?.id ?? null } };
    };
  return {
    claimed,
    claimOf,
    give,
    ask: (key: string, amount: number, run = give(amount)) =>
      claimed(claimOf(key, `${amount}`), run),
    move: (id: string, amount: number) => move(target, () => ({ amount }), contextOf(id)),
    left: async () => (await load(target)).state,
  };
}

const moves = (log: MemoryLog) =>
  log.events.filter(({ stream }) => stream === target).map(({ type }) => type);
/** No claimed command has more than one reply. */
const findings = ({ events }: MemoryLog) => {
  const audit = onceAudit();
  return events.filter(({ stream }) => stream.startsWith('once-')).flatMap(audit.take);
};
const gate = () => Promise.withResolvers<void>();
const dies = () => Promise.reject(new OutcomeUnknown(target));

/** Asks and falls asleep before it writes anything. */
async function asleep({ ask, give }: ReturnType<typeof processOn>, key: string, amount: number) {
  const [began, awake] = [gate(), gate()];
  const answer = ask(key, amount, async (claimed) => {
    began.resolve();
    await awake.promise;
    return await give(amount)(claimed);
  });
  answer.catch(() => undefined);
  await began.promise;
  return { answer, wake: awake.resolve };
}

test('who asks for the same under another key gets the same reply, and nothing is run', async (t) => {
  const log = memoryLog();
  const { ask } = processOn(log);
  const first = await ask('a', 5);
  const second = await processOn(log).ask('b', 5, () => Promise.reject(new Error('ran')));
  t.deepEqual(second.body, first.body);
  t.deepEqual((await ask('b', 5)).body, first.body);
  t.deepEqual(moves(log), ['CreditExpired']);
  t.deepEqual(findings(log), []);
});

test('who asks for something else is told so, and their key stays free', async (t) => {
  const log = memoryLog();
  const { ask } = processOn(log);
  await ask('a', 5);
  const written = log.events.length;
  await t.throwsAsync(ask('b', 6), otherwise);
  t.is(log.events.length, written);
  t.is((await ask('b', 5)).status, 201);
});

test('a key that was used for another thing conflicts, whatever became of that', async (t) => {
  const log = memoryLog();
  const { ask, claimed, claimOf, give } = processOn(log);
  await ask('a', 5);
  const { onceFor, ...claim } = claimOf('a', 'of another thing');
  t.truthy(onceFor);
  const another = { ...claim, ...(onceFor && { onceFor: { ...onceFor, what: 'things/2' } }) };
  await t.throwsAsync(claimed(another, give(5)), { code: 'idempotency_conflict' });
  t.deepEqual(moves(log), ['CreditExpired']);
});

test('a refusal is kept for its key, and leaves the turn to the next', async (t) => {
  const log = memoryLog();
  const { ask, move, left } = processOn(log);
  const refused = await ask('a', -5);
  t.is(refused.status, 409);
  await move('rich', 100);
  t.deepEqual(await ask('a', -5), { ...refused, replayed: true });
  t.is((await ask('b', -7)).status, 201);
  await t.throwsAsync(ask('c', -5), otherwise);
  t.deepEqual(await ask('a', -5), { ...refused, replayed: true });
  t.is(await left(), 93);
});

test('a refusal that stands in the log leaves the turn to the next too', async (t) => {
  const log = memoryLog();
  const { ask, move, left } = processOn(log);
  await t.throwsAsync(ask('a', -5, dies), { instanceOf: OutcomeUnknown });
  t.is((await ask('a', -5)).status, 409);
  await move('rich', 100);
  t.is((await ask('b', -5)).status, 201);
  t.is((await ask('a', -5)).status, 409);
  t.is(await left(), 95);
});

test('nobody gets past a command that seems dead and has written', async (t) => {
  const log = memoryLog();
  const { ask, give, left } = processOn(log);
  const died = ask('a', 5, async (claimed) => {
    await give(5)(claimed);
    throw new OutcomeUnknown(target);
  });
  await t.throwsAsync(died, { instanceOf: OutcomeUnknown });
  await t.throwsAsync(processOn(log).ask('b', 6), otherwise);
  const same = await processOn(log).ask('c', 5);
  t.deepEqual((await ask('a', 5)).body, same.body);
  t.is(await left(), 5);
});

for (const amount of [5, 6]) {
  test(`who seems dead has lost its turn when it wakes up (${amount})`, async (t) => {
    const log = memoryLog();
    const [slow, quick] = [processOn(log), processOn(log)];
    const { answer, wake } = await asleep(slow, 'a', 5);
    t.is((await quick.ask('b', amount)).status, 201);
    wake();
    t.is((await answer).status, 409);
    t.deepEqual(moves(log), ['CommandRefused', 'CreditExpired']);
    t.is((await quick.ask('a', 5)).status, 409);
  });
}

test('what was refused does not happen when its first runner wakes up in a later turn', async (t) => {
  const log = memoryLog();
  const [slow, quick] = [processOn(log), processOn(log)];
  const { answer, wake } = await asleep(slow, 'a', -5);
  t.is((await quick.ask('a', -5)).status, 409);
  await quick.move('rich', 100);
  wake();
  t.is((await answer).status, 409);
  t.is((await quick.ask('b', -5)).status, 201);
  t.is(await quick.left(), 95);
});

test('what was done before there were turns is done, and what was refused may be tried', async (t) => {
  for (const { amount, status } of [
    { amount: 5, status: 201 },
    { amount: -5, status: 409 },
  ]) {
    const log = memoryLog();
    const { claimed, claimOf, give, ask, move } = processOn(log);
    const { onceFor, ...claim } = claimOf('1', `${amount}`);
    t.truthy(onceFor);
    const before = await claimed({ ...claim, scope: 'things' }, give(amount));
    t.is(before.status, status);
    await move('rich', 100);
    if (status === 201) {
      t.deepEqual((await ask('a', amount)).body, before.body);
      await t.throwsAsync(ask('b', 6), otherwise);
    } else {
      t.is((await ask('a', amount)).status, 201);
    }
    t.deepEqual(findings(log), []);
  }
});

test('many that ask at once, in several processes, for two different things: one happens', async (t) => {
  const log = memoryLog();
  const asked = [1, 2, 3].flatMap((process) => {
    const { ask } = processOn(log);
    return [5, 6].map((amount) => ask(`${process}/${amount}`, amount));
  });
  const answers = await Promise.allSettled(asked);
  t.is(moves(log).filter((type) => type === 'CreditExpired').length, 1);
  t.true(answers.some(({ status }) => status === 'fulfilled'));
  for (const answer of answers) {
    if (answer.status === 'rejected') t.is(answer.reason, doneOtherwise);
  }
});
