import type { z } from 'zod';
import type { Json } from '../../adapters/llm/upstream.ts';
import type { OpenAiError } from '../error-schemas.ts';
import type { Logprob, Logprobs, Said } from './chat-chunk.ts';
import { Chunk } from './chat-chunk.ts';
import type { PassedEvent } from './native-answer.ts';
import { passedEvent, passedResponse } from './native-answer.ts';
import type { Output } from './output.ts';
import { responseOutput } from './output.ts';
import type { Events, ResponseEvent } from './output-items.ts';
import type { ResponseHead, ResponseState } from './response-object.ts';
import { endOf, responseObject } from './response-object.ts';

/** What went wrong, in OpenAI's words. */
export type Failure = z.output<typeof OpenAiError>['error'];

/** Writes the events of one response, numbered. */
export interface ResponseWriter {
  /** The response of a whole answer: a stream of one chunk. */
  whole(completion: Json): Json;
  take(chunk: Json): Events;
  end(): Events;
  failed(failure: Failure): Events;
  /** The last event of a response that failed: what clients throw. */
  error(failure: Failure): ResponseEvent;
}

/** Chunks as events; what ends the answer is written only when the chunks have ended. */
export async function* responseEvents(
  chunks: AsyncIterable<readonly Json[]>,
  writer: ResponseWriter,
  failureOf: (error: unknown) => Failure,
): AsyncGenerator<Events> {
  let events: ResponseEvent[] = [];
  try {
    for await (const batch of chunks) {
      for (const chunk of batch) events.push(...writer.take(chunk));
      if (events.length > 0) yield events;
      events = [];
    }
  } catch (error) {
    yield [...events, ...writer.failed(failureOf(error))];
    throw error;
  }
  yield [...events, ...writer.end()];
}

export function responseWriter(head: ResponseHead): ResponseWriter {
  const output = responseOutput(head);
  let number = 0;
  let reason: string | undefined;
  let usage: unknown;
  let tier: string | undefined;
  let isBegun = false;
  let isPassed = false;

  const numbered = (events: Events): Events =>
    events.map(({ type, ...rest }) => ({ type, sequence_number: number++, ...rest }));
  const now = (state: Omit<ResponseState, 'output' | 'serviceTier'>): Json =>
    responseObject(head, { ...state, output: output.shown(), serviceTier: tier });

  const read = (chunk: Json): Events => {
    const parsed = Chunk.safeParse(chunk);
    if (!parsed.success) return [];
    const { choices, usage: counted, service_tier: told } = parsed.data;
    if (counted) usage = counted;
    if (told) tier = told;
    const choice = choices.find(({ index }) => index === 0);
    if (choice?.finish_reason) reason = choice.finish_reason;
    const said = choice?.delta ?? choice?.message;
    return said ? saying(output, said, choice?.logprobs) : [];
  };
  const ended = (): ResponseEvent[] => {
    const end = endOf(reason);
    const events = output.end(end.status === 'completed');
    return [...events, { type: `response.${end.status}`, response: now({ ...end, usage }) }];
  };
  /** What stands before anything else. */
  const begun = (): Events => {
    const types = isBegun ? [] : ['response.created', 'response.in_progress'];
    isBegun = true;
    return types.map((type) => ({ type, response: now({ status: 'in_progress' }) }));
  };
  const pass = (event: PassedEvent): Events => {
    isPassed = true;
    number = event.sequence_number + 1;
    return [event];
  };

  return {
    whole(completion) {
      const own = passedResponse(completion);
      if (own) return own;
      read(completion);
      return ended().at(-1)?.response ?? {};
    },
    take(chunk) {
      const event = passedEvent(chunk);
      return event ? pass(event) : numbered([...begun(), ...read(chunk)]);
    },
    end: () => (isPassed ? [] : numbered([...begun(), ...ended()])),
    failed({ code, message }) {
      const error = { code: code === 'rate_limit_exceeded' ? code : 'server_error', message };
      const before = isPassed ? [] : [...begun(), ...output.end(false)];
      const response = now({ status: 'failed', error });
      return numbered([...before, { type: 'response.failed', response }]);
    },
    // Published as flat, sent nested by OpenAI itself: some clients read one, some the other.
    error: ({ type, ...failure }) => ({
      type: 'error',
      sequence_number: number++,
      ...failure,
      error: { type, ...failure },
    }),
  };
}

/** What one delta says, in the order in which models do: thoughts, words, calls. */
function saying(output: Output, said: Said, logprobs: Logprobs | null | undefined): Events {
  const { content, refusal, tool_calls: calls } = said;
  return [
    ...thinking(output, said),
    ...(content ? output.text('output_text', content, logprobsOf(logprobs)) : []),
    ...(refusal ? output.text('refusal', refusal) : []),
    ...(calls ?? []).flatMap(({ index, id, function: called, custom }, place) =>
      output.call({
        index: index ?? place,
        kind: custom ? 'custom_tool_call' : 'function_call',
        id: id ?? '',
        name: custom?.name ?? called?.name ?? '',
        text: custom?.input ?? called?.arguments ?? '',
      }),
    ),
  ];
}

/** Details say the same as the plain words beside them, and more. */
function thinking(output: Output, { reasoning_content, reasoning, ...said }: Said): Events {
  const details = said.reasoning_details ?? [];
  const plain = details.some(({ text }) => text) ? '' : reasoning_content || reasoning || '';
  return [
    ...(plain ? output.thought(plain) : []),
    ...details.flatMap(({ text, signature, data }) => [
      ...(text ? output.thought(text) : []),
      ...(signature ? output.seal({ signature }) : []),
      ...(data ? output.seal({ data }) : []),
    ]),
  ];
}

const logprobsOf = (logprobs: Logprobs | null | undefined): readonly Json[] =>
  (logprobs?.content ?? []).map(({ top_logprobs: top, ...each }) => ({
    ...withBytes(each),
    top_logprobs: (top ?? []).map(withBytes),
  }));

const withBytes = (logprob: Logprob): Json => ({ ...logprob, bytes: logprob.bytes ?? [] });
