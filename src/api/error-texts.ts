import type { ErrorCode } from './error-table.ts';
import type { Text } from './messages.ts';

/** What each error says to a person; `{name}` is filled in. */
export const errorTexts: Readonly<Record<ErrorCode, Text>> = {
  account_disabled: { en: 'This account is disabled.', zh: '该账号已被停用。' },
  already_set_up: {
    en: 'There is an administrator already; sign in instead.',
    zh: '系统已有管理员，请直接登录。',
  },
  api_key_not_found: { en: 'There is no such key.', zh: '没有这个密钥。' },
  body_too_large: {
    en: 'The body is larger than {limit} bytes.',
    zh: '请求体超过了 {limit} 字节的上限。',
  },
  budget_exhausted: {
    en: 'A limit of this key or wallet is used up, or too small for this call.',
    zh: '该密钥或钱包的限额已用尽，或不足以支付本次调用。',
  },
  client_app_not_found: { en: 'There is no such client app.', zh: '没有这个客户端应用。' },
  budget_not_found: { en: 'There is no such budget.', zh: '没有这个预算。' },
  budget_spent: {
    en: 'This model is not available at the moment; choose another one or try again later.',
    zh: '该模型暂不可用，请选择其他模型或稍后再试。',
  },
  claim_conflict: { en: 'It belongs to somebody else already.', zh: '它已归他人所有。' },
  code_expired: {
    en: 'This link has expired; sign up again.',
    zh: '该链接已过期，请重新注册。',
  },
  code_invalid: {
    en: 'This link is not valid, or a newer one replaced it.',
    zh: '该链接无效，或已被更新的链接取代。',
  },
  content_filter: {
    en: 'A content filter blocked this request or its answer; change what is asked.',
    zh: '内容安全过滤拦截了该请求或其回答，请修改提问内容。',
  },
  content_policy_violation: {
    en: 'A content filter blocked this picture; change what is asked.',
    zh: '内容安全过滤拦截了该图片，请修改描述内容。',
  },
  /** In both languages with the words by which clients know it. */
  context_length_exceeded: {
    en: 'prompt is too long: with the output asked for it exceeds the model’s maximum context length. Shorten the messages, or ask for less output.',
    zh: 'prompt is too long：请求连同要求的输出超过了模型的最大上下文长度，请缩短消息或减少输出上限。',
  },
  credit_on_hold: {
    en: 'Calls in flight hold the remaining credit; try again in a moment.',
    zh: '剩余额度被进行中的调用占用，请稍后再试。',
  },
  currency_mismatch: {
    en: 'The wallet has another currency.',
    zh: '钱包使用的是另一种货币。',
  },
  email_taken: { en: 'This address belongs to a member.', zh: '该邮箱已属于一位会员。' },
  email_unverified: {
    en: 'Open the link in the mail first: the address is not verified yet.',
    zh: '邮箱尚未验证，请先打开邮件中的链接。',
  },
  event_from_newer_version: {
    en: 'A newer release is being rolled out; try again in a moment.',
    zh: '系统正在升级，请稍后再试。',
  },
  forbidden: { en: 'Only an administrator may do this.', zh: '只有管理员可以执行此操作。' },
  hold_conflict: { en: 'This call is open already.', zh: '该调用已在进行中。' },
  idempotency_conflict: {
    en: 'This Idempotency-Key was used with another request.',
    zh: '该 Idempotency-Key 已用于另一个请求。',
  },
  idempotency_key_required: {
    en: 'This request needs an Idempotency-Key header of 1 to 255 visible ASCII characters.',
    zh: '该请求需要 Idempotency-Key 请求头（1 到 255 个可见 ASCII 字符）。',
  },
  insufficient_quota: {
    en: 'The credit does not cover this call; top up or choose a smaller one.',
    zh: '额度不足以支付本次调用，请充值或缩小请求。',
  },
  internal_error: {
    en: 'Something failed on our side. Request id: {requestId}.',
    zh: '服务内部出错。请求编号：{requestId}。',
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
    zh: '过期时间必须晚于生效时间，且在将来。',
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
    zh: '没有这笔额度，或它已用完。',
  },
  member_not_found: { en: 'There is no such member.', zh: '没有这位会员。' },
  method_not_allowed: {
    en: 'This path does not know the method; it knows {methods}.',
    zh: '该路径不支持此方法，支持的方法：{methods}。',
  },
  model_not_found: {
    en: 'The model `{model}` does not exist or you do not have access to it.',
    zh: '模型 `{model}` 不存在，或您无权使用。',
  },
  model_not_routed: {
    en: 'The model `{model}` takes no calls like this one, by its key, plan, scenario or size; choose another model.',
    zh: '模型 `{model}` 不受理此类调用（密钥、套餐、场景或请求大小不符），请选择其他模型。',
  },
  model_unavailable: {
    en: 'The model `{model}` is not available at the moment; choose another one.',
    zh: '模型 `{model}` 当前不可用，请选择其他模型。',
  },
  not_found: { en: 'There is nothing at this path.', zh: '该路径不存在。' },
  outcome_unknown: {
    en: 'The log has not answered in time: what was asked may still happen.',
    zh: '未能及时确认结果：该操作可能仍会生效。',
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
    zh: '读模型尚未更新到该位置，请稍后再试。',
  },
  rate_limit_exceeded: {
    en: 'Too many calls at once or within a minute; try again in a moment.',
    zh: '同时或一分钟内的调用过多，请稍后再试。',
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
    zh: '最多可同时拥有 {most} 个有效密钥，请先吊销一个。',
  },
  too_many_attempts: {
    en: 'Too many attempts; try again later.',
    zh: '尝试次数过多，请稍后再试。',
  },
  unauthenticated: {
    en: 'Sign in first: the session token is missing, expired or ended.',
    zh: '请先登录：会话令牌缺失、已过期或已退出。',
  },
  unavailable: {
    en: 'The service is not ready for this right now; try again in a moment.',
    zh: '服务暂时不可用，请稍后再试。',
  },
  unknown_upstream: {
    en: 'There is no upstream `{upstream}`; there are {known}.',
    zh: '没有名为 `{upstream}` 的上游，可用的上游：{known}。',
  },
  upstream_key_required: {
    en: 'An upstream of this kind needs a key; none was given, and it has none.',
    zh: '该类上游需要密钥，但没有提供，也没有已保存的密钥。',
  },
  unsupported_media_type: {
    en: 'The body must be JSON, with `Content-Type: application/json` and no encoding.',
    zh: '请求体必须是 JSON（`Content-Type: application/json`，且未压缩）。',
  },
  upstream_error: {
    en: 'The model provider failed; nothing was charged.',
    zh: '模型服务商出错，本次调用未计费。',
  },
  upstream_timeout: {
    en: 'The model provider did not answer in time; nothing was charged.',
    zh: '模型服务商未及时响应，本次调用未计费。',
  },
  wallet_frozen: {
    en: 'This wallet is frozen; ask the operator.',
    zh: '该钱包已被冻结，请联系运营方。',
  },
  wallet_not_found: { en: 'There is no such wallet.', zh: '没有这个钱包。' },
  wallet_full: {
    en: 'Too many calls or grants are open in this wallet.',
    zh: '该钱包中未完结的调用或额度过多。',
  },
};
