import { anthropicUpstream } from '../../src/adapters/llm/anthropic.ts';
import { geminiUpstream } from '../../src/adapters/llm/gemini.ts';

const at = (baseUrl: string, silenceMs: number) => ({
  baseUrl,
  timeouts: { connectMs: 5_000, firstTokenMs: silenceMs, wholeMs: silenceMs, idleMs: silenceMs },
});

export const toAnthropic = (baseUrl: string, silenceMs = 20_000) =>
  anthropicUpstream({ id: 'claude', apiKey: 'sk-ant-secret', ...at(baseUrl, silenceMs) });

export const toGemini = (baseUrl: string, silenceMs = 20_000) =>
  geminiUpstream({ id: 'gemini', apiKey: 'AIza-secret', ...at(baseUrl, silenceMs) });
