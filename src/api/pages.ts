import type { ErrorCode } from './error-table.ts';
import { statusOf } from './errors.ts';
import type { Locale } from './locale.ts';
import { errorText, textOf } from './messages.ts';

interface Page {
  readonly text: string;
  readonly type: string;
}

/** The page whose button verifies an address. */
export const verifyPage = (locale: Locale, code: string): Page =>
  page(locale, textOf('verifyTitle', locale), [
    paragraph(textOf('verifyPrompt', locale)),
    form('/verify-email', [hidden('code', code), button(textOf('verifyButton', locale))]),
  ]);

export const verifiedPage = (locale: Locale): Page =>
  page(locale, textOf('verifiedTitle', locale), [paragraph(textOf('verifiedPrompt', locale))]);

/** What a form is answered with when the domain says no. */
export const failedPage = (
  locale: Locale,
  code: ErrorCode,
): Page & { readonly status: number } => ({
  ...page(locale, textOf('failedTitle', locale), [paragraph(errorText(code, locale))]),
  status: statusOf(code, { openAi: false }),
});

/** The page that appoints the first administrator. */
export const setUpPage = (locale: Locale, code: string): Page =>
  page(locale, textOf('setUpTitle', locale), [
    paragraph(textOf('setUpPrompt', locale)),
    form('/setup', [
      hidden('code', code),
      field(textOf('emailLabel', locale), '<input name="email" type="email" required>'),
      field(
        textOf('passwordLabel', locale),
        '<input name="password" type="password" minlength="8" maxlength="200" required>',
      ),
      button(textOf('setUpButton', locale)),
    ]),
  ]);

export const setUpDonePage = (locale: Locale, key: string): Page =>
  page(locale, textOf('setUpDoneTitle', locale), [
    paragraph(textOf('setUpDonePrompt', locale)),
    `<pre>${escaped(key)}</pre>`,
  ]);

const style =
  'body{font:16px/1.6 system-ui,sans-serif;max-width:32rem;margin:4rem auto;padding:0 1rem;color:#1a1a1a}' +
  'label{display:block;margin:1rem 0}input{display:block;width:100%;box-sizing:border-box;font:inherit;padding:.5rem}' +
  'button{font:inherit;padding:.5rem 1.5rem}pre{padding:1rem;background:#f3f3f3;overflow-x:auto}';

const page = (locale: Locale, title: string, parts: readonly string[]): Page => ({
  type: 'text/html; charset=utf-8',
  text: [
    '<!doctype html>',
    `<html lang="${locale}">`,
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width">',
    `<title>${escaped(title)}</title>`,
    `<style>${style}</style>`,
    `<h1>${escaped(title)}</h1>`,
    ...parts,
    '',
  ].join('\n'),
});

const paragraph = (text: string) => `<p>${escaped(text)}</p>`;
const form = (action: string, parts: readonly string[]) =>
  `<form method="post" action="${action}">${parts.join('')}</form>`;
const hidden = (name: string, value: string) =>
  `<input type="hidden" name="${name}" value="${escaped(value)}">`;
const field = (label: string, input: string) => `<label>${escaped(label)} ${input}</label>`;
const button = (text: string) => `<button>${escaped(text)}</button>`;

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
