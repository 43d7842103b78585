import type { CallFaultReason } from '../adapters/llm/call-fault.ts';
import type { CreditKind } from '../domain/accounts.ts';
import type { RejectionReason } from '../domain/rejection.ts';
import type { BaseUrlFault } from '../domain/upstream/base-url.ts';
import type { LimitMeasure, LimitWindow } from '../domain/wallet/limit-events.ts';
import type { Text } from './messages.ts';
import type { GateReason } from './ready.ts';

/** What the edge itself says more exactly than its code does. */
type EdgeReason =
  | BaseUrlFault
  | 'alias_of_path'
  | 'base_url_needed'
  | 'bodies_full'
  | 'broken_form'
  | 'catalogue_provider'
  | 'client_stalled'
  | 'compressed'
  | 'corrected_already'
  | 'field_missing'
  | 'form_wanted'
  | 'import_names_nothing'
  | 'is_past'
  | 'key_alias'
  | 'key_endpoint'
  | 'key_scenario'
  | 'model_missing'
  | 'multipart_wanted'
  | 'nested_too_deeply'
  | 'plan_alias'
  | 'plan_endpoint'
  | 'plan_scenario'
  | 'own_account'
  | 'not_a_field'
  | 'nothing_kept'
  | 'rate_needed'
  | 'scenario_name'
  | 'shut_down'
  | 'sold_in'
  | 'timed_out'
  | 'too_many_parts'
  | 'upstream_refused';

export type Reason = RejectionReason | CallFaultReason | GateReason | EdgeReason;

/** What a person is told of a reason; `{name}` is filled in. */
export const reasons: Readonly<Record<Reason, Text>> = {
  alias_of_path: {
    en: 'The body names another model than the path.',
    zh: '请求体中的模型与路径中的不一致。',
  },
  base_url_credentials: {
    en: 'A base address has no user name, no password and no query but `api-version`; the key goes into `api_key`.',
    zh: '地址中不能包含用户名、密码，查询参数只能是 `api-version`；密钥请填写在 `api_key` 中。',
  },
  base_url_link_local: {
    en: 'A link-local address serves a machine’s own secrets and is no upstream.',
    zh: '链路本地地址（云主机元数据）不能作为上游。',
  },
  base_url_needed: {
    en: 'An upstream of this kind has no usual address; say where it is.',
    zh: '该类上游没有默认地址，请填写 `base_url`。',
  },
  base_url_not_http: {
    en: 'A base address begins with http:// or https://.',
    zh: '地址必须以 http:// 或 https:// 开头。',
  },
  bodies_full: {
    en: 'Too much is being sent to this server at once; try again in a moment.',
    zh: '服务器正在接收的数据过多，请稍后重试。',
  },
  broken_form: {
    en: 'This form is broken or has too many parts.',
    zh: '该表单已损坏或字段过多。',
  },
  call_beyond_limit: {
    en: 'This call may take {amount}, which is more than the limit of {measure} {window}, {most}.',
    zh: '本次调用最多可能消耗 {amount}，超过了{window}{measure}上限 {most}。',
  },
  calls_at_once: {
    en: 'Too many calls are in flight; there may be {most} at once.',
    zh: '进行中的调用过多，最多同时 {most} 个。',
  },
  catalogue_provider: {
    en: 'The price catalogue has no provider `{provider}`.',
    zh: '价目库中没有提供商“{provider}”。',
  },
  client_stalled: { en: 'The client stopped reading.', zh: '客户端停止了读取。' },
  clock_off: {
    en: 'The service’s clock is wrong at the moment; try again later.',
    zh: '服务的时钟暂时有误，请稍后再试。',
  },
  corrected_already: {
    en: 'This settlement was corrected before, in another way.',
    zh: '这笔结算已经以其他内容更正过。',
  },
  correction_beyond_charge: {
    en: 'No more can be given back than was charged: {charged} {asset}.',
    zh: '退还的金额不能超过已收取的 {charged} {asset}。',
  },
  correction_not_positive: {
    en: 'A correction gives back more than nothing, and units whole.',
    zh: '更正的数额必须大于零；计量单位必须是整数。',
  },
  debt_first: {
    en: 'What is owed must be paid first: {owed} {currency}.',
    zh: '请先偿还欠款 {owed} {currency}。',
  },
  engine_away: {
    en: 'A part of the service is being started; try again in a moment.',
    zh: '服务的部分组件正在启动，请稍后再试。',
  },
  field_missing: { en: '`{param}` is missing.', zh: '缺少 `{param}`。' },
  files_unbounded: {
    en: 'This model takes no files: how much it reads at most (`max_input_tokens`) is not set, so that `{param}` has no bound.',
    zh: '该模型不接受文件：未设置其输入上限（`max_input_tokens`），无法为 `{param}` 确定费用上限。',
  },
  files_uncounted: {
    en: 'The tokens of `{param}` can’t be counted beforehand: only the model knows how many a PDF has.',
    zh: '无法预先计算 `{param}` 的 token 数：PDF 的 token 数只有模型读取后才知道。',
  },
  grant_not_positive: {
    en: 'A grant must be more than nothing.',
    zh: '发放的额度必须大于零。',
  },
  import_names_nothing: {
    en: 'Name a provider, models, or both.',
    zh: '请指定提供商或模型，也可同时指定。',
  },
  is_past: { en: '`{param}` is a moment that is over.', zh: '`{param}` 的时间已过。' },
  key_alias: {
    en: 'This API key does not permit the model `{alias}`.',
    zh: '该 API 密钥不允许使用模型 `{alias}`。',
  },
  key_endpoint: {
    en: 'This API key does not permit `{endpoint}`.',
    zh: '该 API 密钥不允许访问 `{endpoint}`。',
  },
  key_scenario: {
    en: 'This API key does not permit the scenario `{scenario}`.',
    zh: '该 API 密钥不允许使用场景 `{scenario}`。',
  },
  key_of_other_server: {
    en: 'A key goes to no other server than it was given for; give it again with the new address.',
    zh: '密钥只会发送给原来的服务器；更换地址时请重新填写密钥。',
  },
  key_not_of_wallet: { en: 'This wallet has no such key.', zh: '该钱包没有这个密钥。' },
  keys_a_day: {
    en: 'At most {most} keys can be made a day (UTC); make another one tomorrow.',
    zh: '每天（UTC）最多可创建 {most} 个密钥，请明天再创建。',
  },
  kind_not_by_hand: {
    en: 'Credit of kind `{kind}` is not granted by hand.',
    zh: '“{kind}”类型的额度不能手动发放。',
  },
  late_not_covered: {
    en: 'What the call consumed is not available any more.',
    zh: '剩余额度已不足以支付本次调用的消耗。',
  },
  lease_lost: {
    en: 'This part of the service is not taking calls at the moment; try again.',
    zh: '该服务节点暂时不接受调用，请重试。',
  },
  limit_amount: {
    en: 'A limit is a whole number, or an amount of money, and not negative.',
    zh: '限额必须是非负的整数，或非负的金额。',
  },
  limit_reached: {
    en: 'The limit of {measure} {window}, {most}, is reached.',
    zh: '已达到{window}{measure}上限 {most}。',
  },
  log_away: {
    en: 'The event log is away; try again in a moment.',
    zh: '事件日志暂时不可用，请稍后再试。',
  },
  kept_elsewhere: {
    en: '`{param}` names something that is kept at a provider, which no call may read: send what is meant in the request itself.',
    zh: '`{param}` 引用了保存在模型提供商处的内容，任何调用都不能读取；请直接在请求中发送。',
  },
  model_busy: {
    en: 'The model is asked too much at the moment; try again in {seconds} s.',
    zh: '模型当前请求过多，请在 {seconds} 秒后重试。',
  },
  model_missing: {
    en: 'you must provide a model parameter',
    zh: '必须提供 model 参数',
  },
  model_not_priced: {
    en: 'This model has no price in {currency}, the wallet’s currency.',
    zh: '该模型没有以钱包货币 {currency} 计的价格。',
  },
  compressed: {
    en: 'The body must not be compressed.',
    zh: '请求体不能压缩。',
  },
  form_wanted: {
    en: 'The body must be a form, with `Content-Type: application/x-www-form-urlencoded`.',
    zh: '请求体必须是表单，并带上 `Content-Type: application/x-www-form-urlencoded`。',
  },
  multipart_wanted: {
    en: 'The body must be a form with parts, with `Content-Type: multipart/form-data`.',
    zh: '请求体必须是多部分表单，并带上 `Content-Type: multipart/form-data`。',
  },
  too_many_parts: {
    en: 'It has too many lists, objects and fields in it.',
    zh: '其中的列表、对象和字段过多。',
  },
  nested_too_deeply: { en: 'It is nested too deeply.', zh: '嵌套层级过深。' },
  no_such_limit: {
    en: 'There is no limit of {measure} {window}.',
    zh: '没有“{window}{measure}”这种限额。',
  },
  not_a_field: {
    en: '`{param}` is no field of this endpoint.',
    zh: '该接口没有 `{param}` 这个字段。',
  },
  nothing_kept: {
    en: '`{param}` is not supported: nothing is kept between calls, so `input` must have all of it.',
    zh: '不支持 `{param}`：两次调用之间不保留任何内容，请在 `input` 中发送全部内容。',
  },
  not_a_file: {
    en: '`{param}` must have a PDF, or a text in UTF-8, in `file_data`: as `data:…;base64,…` with its type. Files that are kept elsewhere (`file_id`, addresses) are not read.',
    zh: '`{param}` 的 `file_data` 必须是 PDF 或 UTF-8 文本，写成带类型的 `data:…;base64,…`；不读取存放在别处的文件（`file_id`、网址）。',
  },
  not_a_sound: {
    en: '`{param}` must have a `wav` or `mp3` sound as base64 in `data`, and its `format`.',
    zh: '`{param}` 的 `data` 必须是 `wav` 或 `mp3` 音频的 base64 编码，并附上 `format`。',
  },
  not_offered: {
    en: 'This model does not know `{param}`, or not with this value.',
    zh: '该模型不支持 `{param}`，或不支持这个取值。',
  },
  not_priced: {
    en: 'This model has no price for what is asked of it.',
    zh: '该模型没有为此类请求定价。',
  },
  not_served: {
    en: 'This model can’t be asked in this way.',
    zh: '该模型不支持此接口。',
  },
  own_account: {
    en: 'Nobody shuts out themselves.',
    zh: '不能停用自己的账号。',
  },
  plan_alias: {
    en: 'The plan `{plan}` does not permit the model `{alias}`.',
    zh: '套餐 `{plan}` 不允许使用模型 `{alias}`。',
  },
  plan_endpoint: {
    en: 'The plan `{plan}` does not permit `{endpoint}`.',
    zh: '套餐 `{plan}` 不允许访问 `{endpoint}`。',
  },
  plan_scenario: {
    en: 'The plan `{plan}` does not permit the scenario `{scenario}`.',
    zh: '套餐 `{plan}` 不允许使用场景 `{scenario}`。',
  },
  postgres_away: {
    en: 'The database does not answer; try again in a moment.',
    zh: '数据库暂时没有响应，请稍后再试。',
  },
  rate_needed: {
    en: 'The catalogue is in {from}: say what one of it is in {to} (`rate`).',
    zh: '价目库以 {from} 计价：请用 `rate` 给出其 1 单位折合多少 {to}。',
  },
  scenario_name: {
    en: 'A scenario is named with 1 to 64 letters, digits, `.`, `_` or `-`.',
    zh: '场景名由 1 到 64 个字母、数字、“.”、“_”或“-”组成。',
  },
  shut_down: {
    en: 'The server is being restarted; the answer is not complete.',
    zh: '服务正在重启，回答不完整。',
  },
  sold_in: {
    en: 'Models are sold in {currency}.',
    zh: '模型以 {currency} 计价出售。',
  },
  stopping: {
    en: 'The service is being restarted; try again in a moment.',
    zh: '服务正在重启，请稍后再试。',
  },
  timed_out: {
    en: 'The call took too long and was ended.',
    zh: '调用耗时过长，已被终止。',
  },
  units_not_whole: { en: 'Units are granted whole.', zh: '计量单位只能按整数发放。' },
  units_only_block: {
    en: 'Only an allowance of units can block.',
    zh: '只有按计量单位发放的额度才能设为用尽即止。',
  },
  unknown_role: {
    en: '`{param}` must be one of {roles}.',
    zh: '`{param}` 必须是以下之一：{roles}。',
  },
  unsupported_field: {
    en: '`{param}` is not supported: its cost has no bound.',
    zh: '不支持 `{param}`：其费用没有上限。',
  },
  upstream_refused: {
    en: 'The model refused this request as invalid.',
    zh: '模型认为该请求无效，已拒绝。',
  },
  /** Its own words help most, in whatever language they are. */
  upstream_said: { en: '{message}', zh: '模型拒绝了该请求：{message}' },
  wallet_currency: {
    en: 'The wallet has another currency: {currency}.',
    zh: '钱包使用的是另一种货币：{currency}。',
  },
  writes_at_most: {
    en: 'This model writes at most {most} tokens.',
    zh: '该模型最多输出 {most} 个 token。',
  },
};

const measures: Readonly<Record<LimitMeasure, Text>> = {
  requests: { en: 'requests', zh: '请求数' },
  tokens: { en: 'tokens', zh: ' token 数' },
  money: { en: 'money', zh: '金额' },
  calls: { en: 'calls in flight', zh: '进行中的调用数' },
  overdraft: { en: 'overdraft', zh: '透支额' },
};
const windows: Readonly<Record<LimitWindow, Text>> = {
  minute: { en: 'a minute', zh: '每分钟' },
  day: { en: 'a day', zh: '每天' },
  month: { en: 'a month', zh: '每月' },
  total: { en: 'in total', zh: '累计' },
  now: { en: 'at once', zh: '同一时刻' },
};
const kinds: Readonly<Record<CreditKind, Text>> = {
  paid: { en: 'paid', zh: '付费' },
  plan: { en: 'plan', zh: '套餐' },
  promo: { en: 'promo', zh: '赠送' },
  compensation: { en: 'compensation', zh: '补偿' },
};

/** Placeholders whose values are words of ours. */
export const terms: Readonly<Record<string, Readonly<Record<string, Text>>>> = {
  measure: measures,
  window: windows,
  kind: kinds,
};
