import type { RefusalMeaning } from './call-fault.ts';
import { saidIn, saidWithin } from './said-in-error.ts';

type Known = Exclude<RefusalMeaning, 'content_policy_violation'>;

const oneOf = (...patterns: readonly string[]) => new RegExp(patterns.join('|'), 'i');

/** Codes and types, as the providers document them. */
const codes: Readonly<Record<Known, RegExp>> = {
  context_length_exceeded: oneOf(
    // OpenAI, and who copies it; llama.cpp; Ark; BigModel.
    '^(model_)?context_(length|window)_exceeded$|^exceed_context_size_error$',
    '^OutofContextError$|^1261$',
  ),
  content_filter: oneOf(
    // Azure, OpenAI's pictures, DashScope, Ark, BigModel.
    '^content_?filter(ed)?$|^ResponsibleAIPolicyViolation$|content_policy_violation|^moderation_blocked$',
    '^data_?inspection_?failed$|SensitiveContentDetected|(Text|Image|Video|Audio)RiskDetection$|^1301$',
  ),
  string_above_max_length: oneOf('^string_above_max_length$'),
};

/** Words, where there is no code or one that says too little. */
const words: Readonly<Record<Known, RegExp>> = {
  context_length_exceeded: oneOf(
    // OpenAI's, and those of the servers that speak its protocol: vLLM, Groq, Moonshot, llama.cpp.
    'maximum context length (is|of) [\\d,]+|maximum context length \\([\\d,]+',
    "(longer than|exceeds?|exceeded) (the |your |this )?model'?s? (maximum )?context (length|window)",
    '(exceeds?|exceeded) (the |your |this )?(available |maximum )?context (length|window|size|limit)',
    'exceeded model token limit|reduce the length of (the|your) (messages|prompt|input)',
    // Anthropic, Gemini, xAI, DashScope, Ark, SiliconFlow, BigModel.
    'prompt is too long|input length and `?max_tokens`? exceed context limit',
    'input token count [^.]{0,40}exceeds the maximum|maximum prompt length is [\\d,]+',
    'range of input length should be|exceed max message tokens|must be less than max_seq_len',
    'input is too long for requested model|prompt 超长',
  ),
  content_filter: oneOf(
    // Azure, OpenAI, Anthropic, OpenRouter, xAI.
    'content management policy|(by|of) (the|our) safety system|flagged as potentially violating',
    'blocked by content filtering policy|your input was flagged|content violates usage guidelines',
    // DeepSeek, DashScope.
    'content exists risk|may contain inappropriate content',
  ),
  string_above_max_length: oneOf(
    'string with maximum length [\\d,]+, but got a string with length',
  ),
};

const meanings = ['context_length_exceeded', 'content_filter', 'string_above_max_length'] as const;

/** Longer texts quote the request. */
const mostCharacters = 500;

/**
 * What a refusal means, by the provider's code, type or words; undefined: nothing that has a name. Words
 * that the request says itself, which `isQuoted` knows, count for nothing.
 */
export function meaningOf(
  answer: unknown,
  isQuoted: (said: string) => boolean = () => false,
): Known | undefined {
  const all = [saidIn(answer), ...saidWithin(answer)];
  const isNamed = (meaning: Known) =>
    all.some(({ named }) => named.some((code) => codes[meaning].test(code)));
  const isSaid = (meaning: Known) =>
    all.some(({ said }) => {
      const [found] = words[meaning].exec(said.slice(0, mostCharacters)) ?? [];
      return found !== undefined && !isQuoted(found);
    });
  return meanings.find(isNamed) ?? meanings.find(isSaid);
}
