import { randomUUID } from 'node:crypto';
import test from 'ava';
import { z } from 'zod';
import { Decimal } from '../../src/domain/money.ts';
import { streamOf } from '../../src/domain/streams.ts';
import { adminToken, ask, newMember, testApi } from '../support/api.ts';
import { contextOf } from '../support/purse.ts';
import { grantOf, releaseOf, reserveOf, settleOf } from '../support/wallets.ts';

const api = testApi(test);
let token = '';
test.serial.before(async () => {
  token = await adminToken(api());
});

const Amounts = z.record(z.string(), z.string());
const Statement = z.object({
  wallet_id: z.string(),
  opening: Amounts,
  lines: z.array(
    z.object({
      at: z.string(),
      event_id: z.string(),
      position: z.string(),
      type: z.string(),
      explanation: z.string(),
      asset: z.string(),
      amount: z.string(),
      balance: z.string(),
    }),
  ),
  closing: Amounts,
  read_model: Amounts,
  difference: Amounts,
  next_cursor: z.string().nullable(),
});

/** A member who was granted credit and made three calls. */
async function storyteller() {
  const member = await newMember(api());
  const { wallet_id: id } = z
    .object({ wallet_id: z.string() })
    .parse((await ask(api(), 'GET', '/api/wallet', { token: member.token })).body);
  const run: (typeof api extends () => infer A ? A : never)['run']['wallet']['run'] = (...all) =>
    api().run.wallet.run(...all);
  const by = (command: Parameters<typeof run>[1]) =>
    run(streamOf.wallet(id), command, contextOf(randomUUID()));
  await by((at) => ({ ...grantOf('1'), walletId: id, memberId: member.memberId, at }));
  for (const name of ['a', 'b']) {
    await by((at) => reserveOf(`${id}${name}`, { at }));
    await by((at) => settleOf(`${id}${name}`, { input: 100, output: 50 }, { at }));
  }
  await by((at) => reserveOf(`${id}c`, { at }));
  await by((at) => releaseOf(`${id}c`, { at }));
  return { ...member, id };
}

const statementOf = async (path: string, of: string, language = 'en') =>
  Statement.parse(
    (await ask(api(), 'GET', path, { token: of, headers: { 'accept-language': language } })).body,
  );

test('a member’s balance is explained line by line, and the read model agrees', async (t) => {
  const member = await storyteller();
  const told = await statementOf('/api/wallet/statement', member.token);
  t.deepEqual(
    told.lines.map(({ type, asset, amount, balance }) => [type, asset, amount, balance]),
    [
      ['CreditGranted', 'CNY', '1', '1'],
      ['UsageSettled', 'CNY', '-0.00025', '0.99975'],
      ['UsageSettled', 'CNY', '-0.00025', '0.9995'],
    ],
  );
  t.deepEqual([told.opening, told.closing], [{}, { CNY: '0.9995' }]);
  t.deepEqual([told.read_model, told.difference], [{ CNY: '0.9995' }, { CNY: '0' }]);
  t.regex(told.lines[1]?.explanation ?? '', /A call to demo: 100 tokens in, 50 out/);
  t.notRegex(JSON.stringify(told), /sandbox|cogs|payable/);
});

test('the explanations are in the reader’s language', async (t) => {
  const member = await storyteller();
  const told = await statementOf('/api/wallet/statement', member.token, 'zh');
  t.regex(told.lines[0]?.explanation ?? '', /发放额度/);
});

test('support sees any wallet as of any moment', async (t) => {
  const member = await storyteller();
  const path = `/api/admin/wallets/${member.id}/statement`;
  const all = await statementOf(path, token);
  const first = all.lines[1];
  t.truthy(first);
  const then = await statementOf(`${path}?position=${first?.position}`, token);
  t.deepEqual(then.lines, all.lines.slice(0, 2));
  t.deepEqual([then.closing, then.difference], [{ CNY: '0.99975' }, { CNY: '0' }]);
  const by = await statementOf(`${path}?at=${all.lines[2]?.at}`, token);
  t.deepEqual(by.closing, all.closing);
  const before = await statementOf(`${path}?at=2000-01-01T00:00:00Z`, token);
  t.deepEqual([before.lines, before.difference], [[], { CNY: '0' }]);
});

test('pages make the same lines, each opening where the one before closed', async (t) => {
  const member = await storyteller();
  const path = `/api/admin/wallets/${member.id}/statement`;
  const all = await statementOf(path, token);
  const lines: (typeof all)['lines'] = [];
  let closing: Record<string, string> = {};
  let cursor: string | null = '';
  while (cursor !== null) {
    const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const page: z.infer<typeof Statement> = await statementOf(`${path}?limit=1${query}`, token);
    t.deepEqual(page.opening, closing);
    for (const { asset, amount } of page.lines) {
      const before = new Decimal(page.opening[asset] ?? '0');
      t.is(before.plus(amount).toFixed(), page.closing[asset] ?? '');
    }
    lines.push(...page.lines);
    closing = page.closing;
    cursor = page.next_cursor;
  }
  t.deepEqual(lines, all.lines);
});

test('other members see nothing of it, and a bad moment is refused', async (t) => {
  const member = await storyteller();
  const path = `/api/admin/wallets/${member.id}/statement`;
  t.is((await ask(api(), 'GET', path, { token: member.token })).status, 403);
  t.is((await ask(api(), 'GET', `${path}?at=yesterday`, { token })).status, 400);
  t.is((await ask(api(), 'GET', `${path}?cursor=none`, { token })).status, 400);
  const nowhere = `/api/admin/wallets/${randomUUID()}/statement`;
  t.is((await ask(api(), 'GET', nowhere, { token })).status, 404);
});
