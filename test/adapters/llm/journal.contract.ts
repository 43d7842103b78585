import { randomUUID } from 'node:crypto';
import type { TestFn } from 'ava';
import type {
  CallNote,
  Journal,
  OpenCall,
  Taken,
  Testimony,
} from '../../../src/adapters/llm/journal.ts';
import { eventually } from '../../support/eventually.ts';

const openCall = (): OpenCall => ({
  callId: randomUUID(),
  walletId: randomUUID(),
  processId: randomUUID(),
  requestId: 'req_1',
  beganAt: '2026-01-01T12:00:00.000Z',
});

const noteOf = (call: OpenCall, output: number | null): CallNote => ({
  ...call,
  asked: [{ upstream: 'mock', model: 'gpt-4o' }],
  counted:
    output === null
      ? null
      : {
          basis: 'checkpoint',
          usage: { input: 8, cachedInput: 0, output, reasoning: 0 },
          characters: null,
        },
  ending: {
    outcome: 'abandoned',
    upstream: 'mock',
    upstreamModel: 'gpt-4o',
    latencyMs: 2_000,
    firstTokenMs: null,
  },
});

/** What every journal promises. */
const outputOf = (taken: Taken | 'unreadable' | undefined): number | undefined =>
  taken === 'unreadable' ? undefined : taken?.counted?.usage.output;

export function journalContract(test: TestFn, journal: () => Journal & Testimony): void {
  test('what was noted last is what is taken', async (t) => {
    const call = openCall();
    t.is(await journal().note(noteOf(call, null)), 'noted');
    t.is(await journal().note(noteOf(call, 256)), 'noted');
    const { asked, counted, ending } = noteOf(call, 256);
    t.like((await journal().take([call])).get(call.callId), { asked, counted, ending });
  });

  test('notes of many calls at once are all there', async (t) => {
    const calls = Array.from({ length: 200 }, openCall);
    await Promise.all(calls.map((call, index) => journal().note(noteOf(call, index))));
    const taken = await journal().take(calls);
    t.deepEqual(
      calls.map(({ callId }) => outputOf(taken.get(callId))),
      calls.map((_, index) => index),
    );
  });

  test('a call that noted nothing has nothing to be taken', async (t) => {
    t.is((await journal().take([openCall()])).size, 0);
    t.is((await journal().take([])).size, 0);
  });

  for (const output of [null, 256]) {
    test(`after it was taken a call adds nothing (${output})`, async (t) => {
      const call = openCall();
      if (output !== null) await journal().note(noteOf(call, output));
      await journal().take([call]);
      t.is(await journal().note(noteOf(call, 512)), 'taken');
      const again = await journal().take([call]);
      t.is(outputOf(again.get(call.callId)), output ?? undefined);
      await journal().resolved([call.callId]);
      t.is(await journal().note(noteOf(call, 512)), 'taken');
    });
  }

  test('a call that is over is forgotten, some time', async (t) => {
    const call = openCall();
    await journal().note(noteOf(call, 256));
    journal().forget(call.callId);
    await eventually(async () => (await journal().take([call])).size === 0);
    t.is((await journal().take([call])).size, 0);
  });
}
