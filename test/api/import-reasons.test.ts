import test from 'ava';
import { SkipReason, skipText } from '../../src/api/import-reasons.ts';

for (const why of SkipReason.options) {
  test(`${why} is said in both languages, and names the same classes`, (t) => {
    const [en, zh] = [skipText(why, ['a_mtok', 'b'], 'en'), skipText(why, ['a_mtok', 'b'], 'zh')];
    t.notRegex(en, /\p{sc=Han}|\{/u);
    t.regex(zh, /\p{sc=Han}/u);
    t.notRegex(zh, /\{/);
    t.is(zh.includes('a_mtok, b'), en.includes('a_mtok, b'));
  });
}
