import type { Previewed } from '../adapters/llm/preview-route.ts';
import { canonical } from '../domain/money.ts';
import type { Condition } from '../domain/route/conditions.ts';
import type { Strategy } from '../domain/route/events.ts';
import type { Absence } from '../domain/route/observed.ts';
import type { Locale } from './locale.ts';
import type { Text } from './messages.ts';

const percent = (share: number): string => `${Math.round(share * 1_000) / 10} %`;

/** What a strategy looks at in a candidate. */
const seen: Readonly<Record<Strategy, (ranked: Previewed) => Text>> = {
  auto: ({ parts: { load, cost, latency, health } }) => ({
    en: `load ${percent(load)}, cost ${percent(cost)} of the dearest, latency ${percent(latency)} of the slowest, failures ${percent(health)}`,
    zh: `负载 ${percent(load)}，成本为最贵者的 ${percent(cost)}，延迟为最慢者的 ${percent(latency)}，失败率 ${percent(health)}`,
  }),
  priority: ({ candidate: { priority = 0 } }) => ({
    en: `priority ${priority}`,
    zh: `优先级 ${priority}`,
  }),
  weighted: ({ score }) => ({
    en: `weight: ${percent(score)} of the calls`,
    zh: `权重：占调用的 ${percent(score)}`,
  }),
  cheapest: ({ cost }) =>
    cost === undefined
      ? { en: 'its cost is not known', zh: '成本未知' }
      : {
          en: `the call costs up to ${canonical(cost)}`,
          zh: `本次调用成本最多 ${canonical(cost)}`,
        },
  fastest: ({ observed: { firstTokenMs: ms } }) =>
    ms === undefined
      ? { en: 'not asked lately', zh: '近期未被调用' }
      : {
          en: `first token after ${Math.round(ms)} ms`,
          zh: `首 token 用时 ${Math.round(ms)} 毫秒`,
        },
  least_loaded: ({ observed: { inFlight, capacity } }) => ({
    en: `${inFlight} calls in flight of ${capacity ?? 'an unknown capacity'}`,
    zh: `进行中的调用 ${inFlight} 个，容量 ${capacity ?? '未知'}`,
  }),
};

const absences: Readonly<Record<Absence, Text>> = {
  circuit_open: { en: 'it fails at the moment, so it comes last', zh: '当前故障，排在最后' },
  cooling_down: { en: 'it is asked too much, so it comes last', zh: '当前被限流，排在最后' },
  full: { en: 'it is full, so it comes last', zh: '当前已满载，排在最后' },
};

const conditions: Readonly<Record<Condition, Text>> = {
  plans: { en: 'plan', zh: '套餐' },
  clientApps: { en: 'client app', zh: '客户端应用' },
  apiKeys: { en: 'API key', zh: 'API 密钥' },
  scenarios: { en: 'scenario', zh: '场景' },
  inputTokens: { en: 'request size', zh: '请求大小' },
  hours: { en: 'time', zh: '时段' },
};

const aways: Readonly<Record<NonNullable<Previewed['away']>, Text>> = {
  not_set_up: {
    en: 'takes no part: its upstream is switched off or not set up',
    zh: '不参与：上游已停用或未配置',
  },
  opening: {
    en: 'takes no part: its upstream is being opened',
    zh: '不参与：上游正在启用',
  },
};
const overBudget: Text = {
  en: 'takes no part: a budget has less left than the call may cost',
  zh: '不参与：预算余额不足以支付本次调用的最高成本',
};
const forSuchCalls: Text = { en: 'for such calls before others', zh: '专用于此类调用' };

/** Why a candidate stands where it does. */
export function rankedReason(strategy: Strategy, ranked: Previewed, locale: Locale): string {
  const { unmet, away, candidate, observed } = ranked;
  if (away) return aways[away][locale];
  if (unmet === 'budget') return overBudget[locale];
  if (unmet) {
    const name = conditions[unmet][locale];
    return { en: `takes no part: not for this ${name}`, zh: `不参与：${name}不符合条件` }[locale];
  }
  const said = [
    ...(observed.absence ? [absences[observed.absence]] : []),
    ...(candidate.conditions ? [forSuchCalls] : []),
    seen[strategy](ranked),
  ];
  return said.map((text) => text[locale]).join(locale === 'zh' ? ';' : '; ');
}
