import test from 'ava';
import { z } from 'zod';
import { canonical, Decimal } from '../../src/domain/money.ts';
import { streamOf } from '../../src/domain/streams.ts';
import { walletBooks } from '../../src/domain/wallet/books.ts';
import { adminToken, ask, newMember, testApi } from '../support/api.ts';
import { memberWithCalls, memberWithWallet } from '../support/member-calls.ts';
import { stored } from '../support/recorded.ts';
import { settleOf } from '../support/wallets.ts';

const api = testApi(test);
let admin = '';
test.serial.before(async () => {
  admin = await adminToken(api());
});

const amounts = z.object({ CNY: z.string().optional() }).catchall(z.string());
const Line = z.looseObject({
  type: z.string(),
  amount: z.string(),
  position: z.string().optional(),
  reason: z.string().nullish(),
});
const Statement = z.strictObject({
  wallet_id: z.uuid(),
  opening: amounts,
  lines: z.array(Line),
  closing: amounts,
  read_model: amounts,
  difference: amounts,
  next_cursor: z.string().nullable(),
  as_of_position: z.string().nullable(),
});

async function statementOf(token: string, query = '', headers = {}) {
  const { status, body } = await ask(api(), 'GET', `/api/wallet/statement${query}`, {
    token,
    headers,
  });
  if (status !== 200) throw new Error(`${query} was answered ${status}: ${JSON.stringify(body)}`);
  return Statement.parse(body);
}

test('a balance is explained from nothing to what it is', async (t) => {
  const { token, walletId, settled } = await memberWithCalls(api(), 'explained');
  const statement = await statementOf(token);
  t.like(statement, {
    wallet_id: walletId,
    opening: { CNY: '0' },
    closing: { CNY: '0.99975' },
    read_model: { CNY: '0.99975' },
    difference: { CNY: '0' },
    next_cursor: null,
  });
  t.deepEqual(
    statement.lines.map(({ type, explanation, amount, balance, call_id }) => [
      ...[type, explanation, amount, balance, call_id],
    ]),
    [
      ['CreditGranted', 'Credit as a gift', '1', '1', null],
      [
        'UsageSettled',
        'A call to demo: 0.00025 CNY for 100 tokens in and 50 out',
        '-0.00025',
        '0.99975',
        settled,
      ],
    ],
  );
  const chinese = await statementOf(token, '', { 'accept-language': 'zh-CN' });
  t.deepEqual(
    chinese.lines.map(({ explanation }) => explanation),
    ['赠送额度到账', '调用 demo：0.00025 CNY（输入 100、输出 50 个 token）'],
  );
  t.false(/sandbox|cogs|payable/.test(JSON.stringify(statement)));
});

test('what was just granted is in it', async (t) => {
  const { token, memberId } = await newMember(api());
  for (const amount of ['1', '2', '3']) {
    const answer = await ask(api(), 'POST', `/api/admin/members/${memberId}/grants`, {
      token: admin,
      body: { asset: 'CNY', amount, reason: 'why not' },
      headers: { 'idempotency-key': `${memberId}/${amount}` },
    });
    const { lines, as_of_position } = await statementOf(token);
    t.is(lines.at(-1)?.amount, amount);
    t.is(as_of_position, answer.headers.get('x-position'));
  }
});

test('pages join without a seam, in one asset or in all', async (t) => {
  const member = await memberWithWallet(api(), 'paged');
  for (let n = 1; n <= 5; n += 1) {
    await member.grant(`${n}`, { asset: n % 2 ? 'CNY' : 'tokens' });
    await member.reserve(`paged/${n}`);
    await member.run((at) => settleOf(`paged/${n}`, { input: n, output: n }, { at }));
  }
  const whole = await statementOf(member.token, '?limit=100');
  t.is(whole.lines.length, 10);
  t.deepEqual(Object.values(whole.difference), ['0', '0']);
  for (const asset of ['', '&asset=CNY', '&asset=tokens']) {
    const all = await statementOf(member.token, `?limit=100${asset}`);
    const seen: unknown[] = [];
    let cursor: string | null = '';
    let closing: unknown;
    while (cursor !== null) {
      const next: string = cursor && `&cursor=${cursor}`;
      const page = await statementOf(member.token, `?limit=3${asset}${next}`);
      for (const [name, amount] of Object.entries(page.opening)) {
        t.is(amount, (closing as Record<string, string> | undefined)?.[name] ?? '0');
      }
      t.true(Object.values(page.difference).every((amount) => amount === '0'));
      seen.push(...page.lines);
      closing = page.closing;
      cursor = page.next_cursor;
    }
    t.deepEqual(seen, all.lines);
    t.deepEqual(closing, all.closing);
  }
});

test('a past moment and a past place are told exactly, the place itself included', async (t) => {
  const { token, walletId } = await memberWithCalls(api(), 'past');
  const events = api().eventLog.events.filter(({ stream }) => stream.includes(walletId));
  let expected = new Decimal(0);
  for (const { position, type, metadata } of events) {
    if (type === 'CreditGranted') expected = expected.plus(1);
    if (type === 'UsageSettled') expected = expected.minus('0.00025');
    const at = await statementOf(token, `?position=${position}`);
    t.is(at.closing.CNY ?? '0', canonical(expected), type);
    t.is(at.difference.CNY ?? '0', '0');
    t.is(at.as_of_position, `${position}`);
    const { recordedAt } = z.object({ recordedAt: z.string() }).parse(metadata);
    const until = await statementOf(token, `?at=${recordedAt}`);
    t.true(BigInt(until.as_of_position ?? -1) >= position);
  }
  const before = await statementOf(token, '?at=2020-01-01T00:00:00%2B08:00');
  t.deepEqual([before.lines, before.closing, before.as_of_position], [[], {}, null]);
  const later = await statementOf(token, '?at=2999-01-01T00:00:00Z');
  t.like(later, { closing: { CNY: '0.99975' }, difference: { CNY: '0' } });
});

test('wrong questions are refused by field', async (t) => {
  const { token } = await newMember(api());
  for (const [field, query] of [
    ['at', '?at=yesterday'],
    ['position', '?position=-1'],
    ['cursor', '?cursor=x'],
    ['limit', '?limit=0'],
    ['asset', '?asset=gold'],
  ]) {
    const { status, body } = await ask(api(), 'GET', `/api/wallet/statement${query}`, { token });
    t.is(status, 400, field);
    t.like(body, { errors: [{ field }] });
  }
});

test('support sees reasons and places, and the look is in the log', async (t) => {
  const { walletId } = await memberWithCalls(api(), 'support');
  const answer = await ask(api(), 'GET', `/api/admin/wallets/${walletId}/statement`, {
    token: admin,
  });
  const { lines, difference } = Statement.parse(answer.body);
  t.deepEqual(difference, { CNY: '0' });
  t.regex(String(lines[0]?.position), /^\d+$/);
  t.is(lines[0]?.reason, null);
  const id = answer.headers.get('x-request-id') ?? '?';
  t.true(api().logged.some((line) => line.includes(id) && line.includes(walletId)));
});

test('a statement goes on through streams that continue each other', async (t) => {
  const { token, walletId } = await memberWithCalls(api(), 'rolled');
  const { eventLog, run } = api();
  const first = streamOf.wallet(walletId);
  const { state, revision } = await run.wallet.load(first);
  const at = new Date().toISOString();
  const closed = walletBooks.close(state, { stream: first, at });
  const write = (stream: string, expected: bigint | 'no_stream', event: typeof closed) => {
    const { id, data, metadata } = stored(event, { stream, revision: 99n, at });
    const added = {
      id,
      type: event.type,
      data: { ...Object(data) },
      metadata: { ...Object(metadata) },
    };
    return eventLog.append(stream, expected, [added]);
  };
  await write(first, revision ?? 'no_stream', closed);
  await write(streamOf.wallet(walletId, 1n), 'no_stream', walletBooks.open(closed));
  const statement = await statementOf(token);
  t.is(statement.lines.length, 2);
  t.like(statement, { closing: { CNY: '0.99975' }, difference: { CNY: '0' } });
  t.is(
    statement.as_of_position,
    `${eventLog.events.findLast(({ stream }) => stream.includes(walletId))?.position}`,
  );
  const page = await statementOf(token, '?limit=1');
  const rest = await statementOf(token, `?limit=1&cursor=${page.next_cursor}`);
  t.like(rest, { opening: { CNY: '1' }, closing: { CNY: '0.99975' }, next_cursor: null });
});
