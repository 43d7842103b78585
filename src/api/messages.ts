import type { Explanation, ExplanationKey } from '../domain/wallet/explanation.ts';
import type { ErrorCode } from './error-table.ts';
import { errorTexts } from './error-texts.ts';
import type { Locale } from './locale.ts';
import type { Reason } from './reasons.ts';
import { reasons, terms } from './reasons.ts';

export type Text = Readonly<Record<Locale, string>>;

/** What mails, pages and single fields of an error say. */
const texts = {
  verifySubject: { en: 'Verify your e-mail address', zh: '请验证您的邮箱' },
  verifyBody: {
    en: 'Hello,\n\nopen this link and press the button to verify your address:\n\n{link}\n\nIt is good for 24 hours. If you did not sign up, do nothing.\n',
    zh: '您好：\n\n请打开下面的链接并点击按钮，以验证您的邮箱：\n\n{link}\n\n链接 24 小时内有效。如果您没有注册，请忽略本邮件。\n',
  },
  takenSubject: { en: 'You have an account already', zh: '您已经有账号了' },
  takenBody: {
    en: 'Hello,\n\nsomebody, perhaps you, tried to sign up with this address at {url}.\nIt belongs to an account already, and nothing was changed. Sign in with your password instead.\n',
    zh: '您好：\n\n有人（也许是您）试图在 {url} 用这个邮箱注册。\n该邮箱已有账号，未作任何更改。请直接用密码登录。\n',
  },
  thresholdSubject: {
    en: '{percent} % of the budget {budget} are spent ({of})',
    zh: '预算 {budget} 已使用 {percent} %（{of}）',
  },
  thresholdBody: {
    en: 'Of the budget {budget} ({kind}: {value}) for {of}, {spent} of {most} {currency} are spent: {percent} % are reached.\n',
    zh: '预算 {budget}（{kind}：{value}）在 {of} 已支出 {spent} {currency}，限额 {most} {currency}，达到 {percent} %。\n',
  },
  verifyTitle: { en: 'Verify your e-mail address', zh: '验证邮箱' },
  verifyPrompt: {
    en: 'Press the button to verify your address.',
    zh: '请点击按钮，验证您的邮箱。',
  },
  verifyButton: { en: 'Verify', zh: '验证' },
  verifiedTitle: { en: 'Your address is verified', zh: '邮箱验证成功' },
  verifiedPrompt: { en: 'You can sign in now.', zh: '现在可以登录了。' },
  tooManyDays: {
    en: '1 to {most} days before `to`',
    zh: '应在 `to` 之前 1 到 {most} 天内',
  },
  approverNotAdmin: { en: 'no administrator', zh: '不是管理员' },
  failedTitle: { en: 'That did not work', zh: '操作未成功' },
  setUpTitle: { en: 'Set up LLM Member', zh: '初始化 LLM Member' },
  setUpPrompt: {
    en: 'You are the first administrator. Choose how you sign in.',
    zh: '您将成为首位管理员，请设置登录方式。',
  },
  setUpButton: { en: 'Set up', zh: '完成设置' },
  setUpDoneTitle: { en: 'Ready', zh: '设置完成' },
  setUpDonePrompt: {
    en: 'This is your first API key. It is shown this once:',
    zh: '这是您的第一个 API 密钥，仅显示这一次：',
  },
  emailLabel: { en: 'E-mail', zh: '邮箱' },
  passwordLabel: { en: 'Password (8 characters or more)', zh: '密码（至少 8 个字符）' },
} satisfies Readonly<Record<string, Text>>;

/** What the lines of a statement say. */
const explanations: Readonly<Record<ExplanationKey, Text>> = {
  granted_paid: { en: 'Credit that was paid for', zh: '已付费额度到账' },
  granted_plan: { en: 'Credit of the plan', zh: '套餐额度到账' },
  granted_promo: { en: 'Credit as a gift', zh: '赠送额度到账' },
  granted_compensation: { en: 'Credit as a compensation', zh: '补偿额度到账' },
  expired: { en: 'Credit that expired unused', zh: '未使用的额度已过期' },
  revoked: { en: 'Credit that was taken back', zh: '额度被收回' },
  debt_paid: { en: 'Paid what was owed', zh: '偿还欠款' },
  used: {
    en: 'A call to {model}: {charge} {asset} for {input} tokens in and {output} out',
    zh: '调用 {model}：{charge} {asset}（输入 {input}、输出 {output} 个 token）',
  },
  used_as_estimated: {
    en: 'A call to {model}: {charge} {asset} for {input} tokens in and {output} out, counted by us',
    zh: '调用 {model}：{charge} {asset}（系统计量：输入 {input}、输出 {output} 个 token）',
  },
  used_up_to_crash: {
    en: 'A call to {model} that broke off: {charge} {asset} for {input} tokens in and {output} out',
    zh: '调用 {model} 中断：{charge} {asset}（输入 {input}、已输出 {output} 个 token）',
  },
  used_up_to_bound: {
    en: 'A call to {model}: {charge} {asset}, the most that it could take, as what it used was not counted',
    zh: '调用 {model}：{charge} {asset}（用量未能计量，按预留上限计费）',
  },
  used_images: {
    en: 'A call to {model}: {charge} {asset} for {count} pictures',
    zh: '调用 {model}：{charge} {asset}（{count} 张图片）',
  },
  used_seconds: {
    en: 'A call to {model}: {charge} {asset} for {count} s of sound',
    zh: '调用 {model}：{charge} {asset}（{count} 秒音频）',
  },
  used_characters: {
    en: 'A call to {model}: {charge} {asset} for {count} characters read aloud',
    zh: '调用 {model}：{charge} {asset}（朗读 {count} 个字符）',
  },
  used_and_overdraft_returned: {
    en: 'A call to {model}: {charge} {asset} for {input} tokens in and {output} out; {returned} {asset} of the overdraft are free again',
    zh: '调用 {model}：{charge} {asset}（输入 {input}、输出 {output} 个 token）；释放透支额度 {returned} {asset}',
  },
  overdraft_drawn: {
    en: 'The overdraft backs a call to {model} while it runs',
    zh: '调用 {model} 进行中，暂用透支额度',
  },
  overdraft_returned: {
    en: 'A call to {model} cost nothing; the overdraft is free again',
    zh: '调用 {model} 未计费，透支额度已释放',
  },
  charged_late: {
    en: 'The rest of a call to {model} that was settled before it ended',
    zh: '调用 {model} 提前结算后的补收差额',
  },
  returned_late: {
    en: 'Given back: a call to {model} was settled for too much before it ended',
    zh: '调用 {model} 提前结算多收部分的退还',
  },
  corrected: {
    en: 'Part of the charge for a call to {model} was given back',
    zh: '调用 {model} 的部分费用已退还',
  },
  unexplained: { en: 'A change by {type}', zh: '由 {type} 引起的变动' },
};

export type Values = Readonly<Record<string, string | number>>;

/** An error's text in the caller's language. */
export const errorText = (code: ErrorCode, locale: Locale, values: Values = {}): string =>
  fill(errorTexts[code], locale, values);

/** The same for one of the reasons that a code may have. */
export const reasonText = (reason: Reason, locale: Locale, values: Values = {}): string =>
  fill(reasons[reason], locale, values);

export const isReason = (key: string | null | undefined): key is Reason =>
  typeof key === 'string' && Object.hasOwn(reasons, key);

/** One of those texts in the reader's language. */
export const textOf = (name: keyof typeof texts, locale: Locale, values: Values = {}): string =>
  fill(texts[name], locale, values);

/** Why a balance changed, in the reader's language. */
export const explanationText = ({ key, values }: Explanation, locale: Locale): string =>
  fill(explanations[key], locale, values);

function fill(text: Text, locale: Locale, values: Values): string {
  return text[locale].replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = String(values[name] ?? whole);
    return terms[name]?.[value]?.[locale] ?? value;
  });
}
