import test from 'ava';
import type { ErrorCode } from '../../src/api/error-table.ts';
import { errorTable } from '../../src/api/error-table.ts';
import { ApiError, errorAnswer, refusalFrom, storedRefusal } from '../../src/api/errors.ts';
import type { Locale } from '../../src/api/locale.ts';
import { errorText, reasonText } from '../../src/api/messages.ts';
import type { Reason } from '../../src/api/reasons.ts';
import { reasons, terms } from '../../src/api/reasons.ts';
import { Rejection, RejectionCode } from '../../src/domain/rejection.ts';

const codes = Object.keys(errorTable) as ErrorCode[];
const whys = Object.keys(reasons) as Reason[];
const texts: readonly (readonly [string, (locale: Locale) => string])[] = [
  ...codes.map((code) => [code, (locale: Locale) => errorText(code, locale)] as const),
  ...whys.map((why) => [why, (locale: Locale) => reasonText(why, locale)] as const),
];

const placeholders = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();

for (const [name, textIn] of texts) {
  test(`${name} is said in both languages, and names the same in both`, (t) => {
    const [en, zh] = [textIn('en'), textIn('zh')];
    t.not(en, '');
    t.not(en, zh);
    t.notRegex(en, /\p{sc=Han}/u);
    t.regex(zh, /\p{sc=Han}/u);
    t.notRegex(zh, /\p{sc=Han}[,;:(]|[,;:)]\p{sc=Han}/u);
    t.deepEqual(placeholders(zh), placeholders(en));
  });
}

const detailOf = (error: unknown, openAi: boolean, locale: Locale): unknown => {
  const { body } = errorAnswer(error, { openAi, locale, requestId: 'req_1' });
  const { detail, error: said } = body as { detail?: unknown; error?: { message: unknown } };
  return openAi ? said?.message : detail;
};

test('no refusal is told in its developers’ words, under /v1 or elsewhere', (t) => {
  for (const code of RejectionCode.options) {
    const refused = new Rejection(code, 'for developers');
    for (const openAi of [true, false]) {
      t.is(detailOf(refused, openAi, 'zh'), errorText(code, 'zh'));
      t.is(detailOf(refused, openAi, 'en'), errorText(code, 'en'));
    }
  }
});

test('a reason is told instead of its code, with what it names', (t) => {
  const values = { most: '0.5', measure: 'money', window: 'day' };
  const refused = new Rejection('budget_exhausted', 'dev', { why: 'limit_reached', values });
  t.is(detailOf(refused, true, 'zh'), '已达到每天金额上限 0.5。');
  t.is(detailOf(refused, true, 'en'), 'The limit of money a day, 0.5, is reached.');
  t.is(
    detailOf(new ApiError('invalid_amount', { why: 'units_not_whole' }), false, 'zh'),
    '计量单位只能按整数发放。',
  );
});

test('words of ours that fill a text are said in both languages', (t) => {
  for (const words of Object.values(terms)) {
    for (const [word, { en, zh }] of Object.entries(words)) t.not(en, zh, word);
  }
});

test('a stored refusal is said again in the language that is asked for', (t) => {
  const values = { currency: 'CNY' };
  const refused = new Rejection('currency_mismatch', 'dev', { why: 'wallet_currency', values });
  const { status, body } = storedRefusal(refused);
  t.is(status, 400);
  for (const locale of ['en', 'zh'] as const) {
    t.is(detailOf(refusalFrom(body), false, locale), detailOf(refused, false, locale));
  }
});

test('a refusal that was stored before it had reasons, or with one of a newer release, is said by its code', (t) => {
  for (const more of [{}, { why: 'of_tomorrow', values: {} }, { why: 'constructor' }]) {
    const again = refusalFrom({ code: 'invalid_amount', detail: 'As it was.', ...more });
    t.is(detailOf(again, false, 'zh'), errorText('invalid_amount', 'zh'));
  }
  t.is(refusalFrom({ code: 'code_of_tomorrow', detail: 'As it will be.' }), undefined);
});
