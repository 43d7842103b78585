import type { AnswerStream } from '../answer-stream.ts';
import { unusable } from '../call-fault.ts';
import { isJson, parseJson } from '../json.ts';
import type { Refused } from '../refusal.ts';
import { streamRefusal } from '../refusal.ts';
import type { Json } from '../upstream.ts';

/** Events that say by their `type` what they are; the answer is whole once one of `lasts` came. */
export function eventStream(
  lasts: (type: string) => boolean,
  asked: Pick<Refused, 'isPicture'> = {},
): AnswerStream {
  let isBegun = false;
  let isWhole = false;
  let hasMark = false;

  const eventOf = (data: string): Json => {
    const event = parseJson(data);
    if (!isJson(event)) throw unusable();
    if (event.error || event.type === 'error') throw streamRefusal(event, asked);
    if (typeof event.type !== 'string') throw unusable();
    isBegun = true;
    isWhole ||= lasts(event.type);
    return event;
  };

  return {
    read(events) {
      const read: Json[] = [];
      for (const data of events) {
        if (data === '[DONE]') {
          hasMark = true;
          break;
        }
        read.push(eventOf(data));
      }
      return read;
    },
    begun: () => isBegun,
    ended: () => hasMark && isWhole,
    finished: () => isWhole,
  };
}
