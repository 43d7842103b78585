import test from 'ava';
import { pino } from 'pino';
import type { CallJournal } from '../../../src/adapters/postgres/journal.ts';
import { callJournal } from '../../../src/adapters/postgres/journal.ts';
import { statement } from '../../../src/projections/query.ts';
import { readDatabase } from '../../support/read-side.ts';
import { journalContract } from '../llm/journal.contract.ts';

const log = pino({ level: 'silent' });
const ends: (() => Promise<void>)[] = [];
let journal: CallJournal | undefined;

test.before('the journal opens', async () => {
  const { pool } = await readDatabase({ teardown: (end) => void ends.unshift(end) });
  journal = callJournal({ pool, log });
});
test.after.always('the journal closes', async () => {
  await journal?.close();
  for (const end of ends) await end();
});

journalContract(test, () => {
  if (!journal) throw new Error('The journal is not open.');
  return journal;
});

const call = {
  callId: '01890000-0000-7000-8000-000000000001',
  walletId: '01890000-0000-7000-8000-000000000002',
  processId: '01890000-0000-7000-8000-000000000003',
  requestId: 'req_1',
  beganAt: '2026-01-01T12:00:00.000Z',
};

test('what was resolved stays for a day, as long as a call may outlive its hold', async (t) => {
  const { pool } = await readDatabase(t);
  const own = callJournal({ pool, log });
  await own.take([call]);
  t.is(await own.rows(), 1);
  await own.resolved([call.callId]);
  t.is(await own.rows(), 1);
  await pool.query(statement`
    UPDATE journal.calls SET resolved_at = resolved_at - interval '25 hours'`);
  await own.resolved(['01890000-0000-7000-8000-000000000004']);
  t.is(await own.rows(), 0);
  await own.close();
});

test('a note that cannot be written is refused, and the next one is written again', async (t) => {
  const { pool } = await readDatabase(t);
  const own = callJournal({ pool, log });
  const note = {
    ...call,
    asked: [],
    counted: null,
    ending: {
      outcome: 'abandoned',
      upstream: null,
      upstreamModel: null,
      latencyMs: 1,
      firstTokenMs: null,
    },
  } as const;
  await pool.query(statement`ALTER TABLE journal.calls RENAME TO elsewhere`);
  await t.throwsAsync(own.note(note));
  await pool.query(statement`ALTER TABLE journal.elsewhere RENAME TO calls`);
  t.is(await own.note(note), 'noted');
  await own.close();
});
