import type { Explanation, ExplanationKey } from '../domain/wallet/explanation.ts';
import type { ErrorCode } from './error-table.ts';
import type { Locale } from './locale.ts';
import type { Reason } from './reasons.ts';
import { reasons, terms } from './reasons.ts';

export type Text = Readonly<Record<Locale, string>>;

/** What each error says to a person; `{name}` is filled in. */
const errorTexts: Readonly<Record<ErrorCode, Text>> = {
  account_disabled: { en: 'This account is disabled.', zh: '该账号已被停用。' },
  already_set_up: {
    en: 'There is an administrator already; sign in instead.',
    zh: '系统已有管理员,请直接登录。',
  },
  api_key_not_found: { en: 'There is no such key.', zh: '没有这个密钥。' },
  body_too_large: {
    en: 'The body is larger than {limit} bytes.',
    zh: '请求体超过了 {limit} 字节的上限。',
  },
  budget_exhausted: {
    en: 'A limit of this key or wallet is used up, or too small for this call.',
    zh: '该密钥或钱包的限额已用尽,或不足以支付本次调用。',
  },
  client_app_not_found: { en: 'There is no such client app.', zh: '没有这个客户端应用。' },
  budget_not_found: { en: 'There is no such budget.', zh: '没有这个预算。' },
  budget_spent: {
    en: 'This model is not available at the moment; choose another one or try again later.',
    zh: '该模型暂不可用,请选择其他模型或稍后再试。',
  },
  claim_conflict: { en: 'It belongs to somebody else already.', zh: '它已归他人所有。' },
  code_expired: {
    en: 'This link has expired; sign up again.',
    zh: '该链接已过期,请重新注册。',
  },
  code_invalid: {
    en: 'This link is not valid, or a newer one replaced it.',
    zh: '该链接无效,或已被更新的链接取代。',
  },
  content_filter: {
    en: 'A content filter blocked this request or its answer; change what is asked.',
    zh: '内容安全过滤拦截了该请求或其回答,请修改提问内容。',
  },
  content_policy_violation: {
    en: 'A content filter blocked this picture; change what is asked.',
    zh: '内容安全过滤拦截了该图片,请修改描述内容。',
  },
  /** In both languages with the words by which clients know it. */
  context_length_exceeded: {
    en: 'prompt is too long: with the output asked for it exceeds the model’s maximum context length. Shorten the messages, or ask for less output.',
    zh: 'prompt is too long:请求连同要求的输出超过了模型的最大上下文长度,请缩短消息或减少输出上限。',
  },
  credit_on_hold: {
    en: 'Calls in flight hold the remaining credit; try again in a moment.',
    zh: '剩余额度被进行中的调用占用,请稍后再试。',
  },
  currency_mismatch: {
    en: 'The wallet has another currency.',
    zh: '钱包使用的是另一种货币。',
  },
  email_taken: { en: 'This address belongs to a member.', zh: '该邮箱已属于一位会员。' },
  email_unverified: {
    en: 'Open the link in the mail first: the address is not verified yet.',
    zh: '邮箱尚未验证,请先打开邮件中的链接。',
  },
  event_from_newer_version: {
    en: 'A newer release is being rolled out; try again in a moment.',
    zh: '系统正在升级,请稍后再试。',
  },
  forbidden: { en: 'Only an administrator may do this.', zh: '只有管理员可以执行此操作。' },
  hold_conflict: { en: 'This call is open already.', zh: '该调用已在进行中。' },
  idempotency_conflict: {
    en: 'This Idempotency-Key was used with another request.',
    zh: '该 Idempotency-Key 已用于另一个请求。',
  },
  idempotency_key_required: {
    en: 'This request needs an Idempotency-Key header of 1 to 255 visible ASCII characters.',
    zh: '该请求需要 Idempotency-Key 请求头(1 到 255 个可见 ASCII 字符)。',
  },
  insufficient_quota: {
    en: 'The credit does not cover this call; top up or choose a smaller one.',
    zh: '额度不足以支付本次调用,请充值或缩小请求。',
  },
  internal_error: {
    en: 'Something failed on our side. Request id: {requestId}.',
    zh: '服务内部出错。请求编号:{requestId}。',
  },
  invalid_amount: { en: 'This amount is not usable here.', zh: '该金额无效。' },
  invalid_api_key: {
    en: 'The API key is missing, unknown or revoked.',
    zh: 'API 密钥缺失、不存在或已吊销。',
  },
  invalid_credentials: {
    en: 'The e-mail address or the password is wrong.',
    zh: '邮箱或密码错误。',
  },
  invalid_expiry: {
    en: 'It must expire after it begins, in the future.',
    zh: '过期时间必须晚于生效时间,且在将来。',
  },
  invalid_json: { en: 'The body is not valid JSON.', zh: '请求体不是有效的 JSON。' },
  invalid_limit: { en: 'There is no such limit.', zh: '没有这种限额。' },
  invalid_request: { en: 'The request is not valid.', zh: '请求无效。' },
  kind_not_grantable: {
    en: 'Credit of this kind cannot be granted here.',
    zh: '此处不能发放该类型的额度。',
  },
  call_not_found: { en: 'There is no such call.', zh: '没有这次调用。' },
  lot_not_found: {
    en: 'There is nothing left of such a grant.',
    zh: '没有这笔额度,或它已用完。',
  },
  member_not_found: { en: 'There is no such member.', zh: '没有这位会员。' },
  method_not_allowed: {
    en: 'This path does not know the method; it knows {methods}.',
    zh: '该路径不支持此方法,支持的方法:{methods}。',
  },
  model_not_found: {
    en: 'The model `{model}` does not exist or you do not have access to it.',
    zh: '模型 `{model}` 不存在,或您无权使用。',
  },
  model_not_routed: {
    en: 'The model `{model}` takes no calls like this one, by its key, plan, scenario or size; choose another model.',
    zh: '模型 `{model}` 不受理此类调用(密钥、套餐、场景或请求大小不符),请选择其他模型。',
  },
  model_unavailable: {
    en: 'The model `{model}` is not available at the moment; choose another one.',
    zh: '模型 `{model}` 当前不可用,请选择其他模型。',
  },
  not_found: { en: 'There is nothing at this path.', zh: '该路径不存在。' },
  outcome_unknown: {
    en: 'The log has not answered in time: what was asked may still happen.',
    zh: '未能及时确认结果:该操作可能仍会生效。',
  },
  plan_expired: {
    en: 'The plan `{plan}` has expired.',
    zh: '套餐 `{plan}` 已过期。',
  },
  plan_not_permitted: {
    en: 'The plan does not permit this call.',
    zh: '当前套餐不允许此调用。',
  },
  projection_not_found: {
    en: 'There is no such read model, build or event that one waits at.',
    zh: '没有这样的读模型、构建或其停留的事件。',
  },
  read_models_behind: {
    en: 'The read models have not come to that position yet; try again in a moment.',
    zh: '读模型尚未更新到该位置,请稍后再试。',
  },
  rate_limit_exceeded: {
    en: 'Too many calls at once or within a minute; try again in a moment.',
    zh: '同时或一分钟内的调用过多,请稍后再试。',
  },
  upstream_in_use: {
    en: 'The upstream `{upstream}` may still answer for: {aliases}.',
    zh: '上游 `{upstream}` 仍在这些模型的路由中：{aliases}。',
  },
  upstream_not_found: {
    en: 'No administrator has set up an upstream `{upstream}`.',
    zh: '没有由管理员设置的上游 `{upstream}`。',
  },
  route_not_found: {
    en: 'The model `{model}` has no route of its own.',
    zh: '模型 `{model}` 没有单独设置的路由。',
  },
  settlement_not_found: {
    en: 'There is no such settlement in this wallet.',
    zh: '该钱包中没有这笔结算。',
  },
  string_above_max_length: {
    en: 'A text of this request is longer than the model allows.',
    zh: '请求中的某段文本超过了模型允许的长度。',
  },
  too_many_api_keys: {
    en: 'At most {most} keys may be good at once; revoke one first.',
    zh: '最多可同时拥有 {most} 个有效密钥,请先吊销一个。',
  },
  too_many_attempts: { en: 'Too many attempts; try again later.', zh: '尝试次数过多,请稍后再试。' },
  unauthenticated: {
    en: 'Sign in first: the session token is missing, expired or ended.',
    zh: '请先登录:会话令牌缺失、已过期或已退出。',
  },
  unavailable: {
    en: 'The service is not ready for this right now; try again in a moment.',
    zh: '服务暂时不可用,请稍后再试。',
  },
  unknown_upstream: {
    en: 'There is no upstream `{upstream}`; there are {known}.',
    zh: '没有名为 `{upstream}` 的上游,可用的上游:{known}。',
  },
  upstream_key_required: {
    en: 'An upstream of this kind needs a key; none was given, and it has none.',
    zh: '该类上游需要密钥,但没有提供,也没有已保存的密钥。',
  },
  unsupported_media_type: {
    en: 'The body must be JSON, with `Content-Type: application/json` and no encoding.',
    zh: '请求体必须是 JSON(`Content-Type: application/json`,且未压缩)。',
  },
  upstream_error: {
    en: 'The model provider failed; nothing was charged.',
    zh: '模型服务商出错,本次调用未计费。',
  },
  upstream_timeout: {
    en: 'The model provider did not answer in time; nothing was charged.',
    zh: '模型服务商未及时响应,本次调用未计费。',
  },
  wallet_frozen: {
    en: 'This wallet is frozen; ask the operator.',
    zh: '该钱包已被冻结,请联系运营方。',
  },
  wallet_not_found: { en: 'There is no such wallet.', zh: '没有这个钱包。' },
  wallet_full: {
    en: 'Too many calls or grants are open in this wallet.',
    zh: '该钱包中未完结的调用或额度过多。',
  },
};

/** What mails, pages and single fields of an error say. */
const texts = {
  verifySubject: { en: 'Verify your e-mail address', zh: '请验证您的邮箱' },
  verifyBody: {
    en: 'Hello,\n\nopen this link and press the button to verify your address:\n\n{link}\n\nIt is good for 24 hours. If you did not sign up, do nothing.\n',
    zh: '您好:\n\n请打开下面的链接并点击按钮,以验证您的邮箱:\n\n{link}\n\n链接 24 小时内有效。如果您没有注册,请忽略本邮件。\n',
  },
  takenSubject: { en: 'You have an account already', zh: '您已经有账号了' },
  takenBody: {
    en: 'Hello,\n\nsomebody, perhaps you, tried to sign up with this address at {url}.\nIt belongs to an account already, and nothing was changed. Sign in with your password instead.\n',
    zh: '您好:\n\n有人(也许是您)试图在 {url} 用这个邮箱注册。\n该邮箱已有账号,未作任何更改。请直接用密码登录。\n',
  },
  thresholdSubject: {
    en: '{percent} % of the budget {budget} are spent ({of})',
    zh: '预算 {budget} 已使用 {percent} %({of})',
  },
  thresholdBody: {
    en: 'Of the budget {budget} ({kind}: {value}) for {of}, {spent} of {most} {currency} are spent: {percent} % are reached.\n',
    zh: '预算 {budget}({kind}:{value})在 {of} 已支出 {spent} {currency},限额 {most} {currency},达到 {percent} %。\n',
  },
  verifyTitle: { en: 'Verify your e-mail address', zh: '验证邮箱' },
  verifyPrompt: {
    en: 'Press the button to verify your address.',
    zh: '请点击按钮,验证您的邮箱。',
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
    zh: '您将成为首位管理员,请设置登录方式。',
  },
  setUpButton: { en: 'Set up', zh: '完成设置' },
  setUpDoneTitle: { en: 'Ready', zh: '设置完成' },
  setUpDonePrompt: {
    en: 'This is your first API key. It is shown this once:',
    zh: '这是您的第一个 API 密钥,仅显示这一次:',
  },
  emailLabel: { en: 'E-mail', zh: '邮箱' },
  passwordLabel: { en: 'Password (8 characters or more)', zh: '密码(至少 8 个字符)' },
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
    zh: '调用 {model}:{charge} {asset}(输入 {input}、输出 {output} 个 token)',
  },
  used_as_estimated: {
    en: 'A call to {model}: {charge} {asset} for {input} tokens in and {output} out, counted by us',
    zh: '调用 {model}:{charge} {asset}(系统计量:输入 {input}、输出 {output} 个 token)',
  },
  used_up_to_crash: {
    en: 'A call to {model} that broke off: {charge} {asset} for {input} tokens in and {output} out',
    zh: '调用 {model} 中断:{charge} {asset}(输入 {input}、已输出 {output} 个 token)',
  },
  used_up_to_bound: {
    en: 'A call to {model}: {charge} {asset}, the most that it could take, as what it used was not counted',
    zh: '调用 {model}:{charge} {asset}(用量未能计量,按预留上限计费)',
  },
  used_images: {
    en: 'A call to {model}: {charge} {asset} for {count} pictures',
    zh: '调用 {model}:{charge} {asset}({count} 张图片)',
  },
  used_seconds: {
    en: 'A call to {model}: {charge} {asset} for {count} s of sound',
    zh: '调用 {model}:{charge} {asset}({count} 秒音频)',
  },
  used_characters: {
    en: 'A call to {model}: {charge} {asset} for {count} characters read aloud',
    zh: '调用 {model}:{charge} {asset}(朗读 {count} 个字符)',
  },
  used_and_overdraft_returned: {
    en: 'A call to {model}: {charge} {asset} for {input} tokens in and {output} out; {returned} {asset} of the overdraft are free again',
    zh: '调用 {model}:{charge} {asset}(输入 {input}、输出 {output} 个 token);释放透支额度 {returned} {asset}',
  },
  overdraft_drawn: {
    en: 'The overdraft backs a call to {model} while it runs',
    zh: '调用 {model} 进行中,暂用透支额度',
  },
  overdraft_returned: {
    en: 'A call to {model} cost nothing; the overdraft is free again',
    zh: '调用 {model} 未计费,透支额度已释放',
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
