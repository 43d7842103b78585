import type { Locale } from './locale.ts';

/** What schemas say in words of their own, in Chinese; the English is what is written in them. */
export const inChinese: Readonly<Record<string, string>> = {
  '1 to 128 letters, digits, `.`, `_`, `:`, `/`, `@`, `+` or `-`, a letter or digit first':
    '必须是 1 至 128 个字母、数字或 `.`、`_`、`:`、`/`、`@`、`+`、`-`，以字母或数字开头',
  '1 to 2,000 visible ASCII characters': '必须是 1 至 2000 个可见的 ASCII 字符',
  '1 to 64 letters, digits, `.`, `_` or `-`, a letter or digit first':
    '必须是 1 至 64 个字母、数字或 `.`、`_`、`-`，以字母或数字开头',
  '1 to 64 small letters, digits or `_`, a letter first':
    '必须是 1 至 64 个小写字母、数字或 `_`，以字母开头',
  '1 to 64 small letters, digits, `_` or `-`, a letter or digit first':
    '必须是 1 至 64 个小写字母、数字或 `_`、`-`，以字母或数字开头',
  'a budget has a daily or a monthly limit': '预算必须有每日或每月的上限',
  'a currency (`CNY`), or `requests`, `tokens` or `characters`':
    '必须是货币代码（如 `CNY`），或 `requests`、`tokens`、`characters`',
  'a currency in three capital letters, e.g. `CNY`': '必须是三个大写字母的货币代码，如 `CNY`',
  'a decimal string above 0, with at most 6 decimals': '必须是大于 0 的十进制字符串，最多 6 位小数',
  'a decimal string with at most 26 digits and 12 decimals':
    '必须是十进制字符串，最多 26 位整数和 12 位小数',
  'a decimal string, not negative, with at most 6 decimals':
    '必须是非负的十进制字符串，最多 6 位小数',
  'a moment of the years 1 to 9999': '必须是公元 1 至 9999 年之间的时刻',
  'a time of day, `HH:MM`': '必须是 `HH:MM` 格式的时刻',
  'all of them are 0': '不能全部为 0',
  'either `api_key` or `api_keys`': '`api_key` 和 `api_keys` 只能填写一个',
  'is built in': '该上游是内置的',
  'it is negative': '不能为负数',
  'no known time zone': '未知的时区',
  'not a canonical decimal amount': '不是规范的十进制金额',
  'the id of a call, or the `x-request-id` of its answer':
    '必须是调用 ID，或其响应的 `x-request-id`',
};

/** A message of a schema in the reader's language; those of the library are so already. */
export const schemaText = (message: string, locale: Locale): string =>
  locale === 'zh' ? (inChinese[message] ?? message) : message;
