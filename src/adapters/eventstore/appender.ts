import { backOff } from '../back-off.ts';
import { reasonOf } from '../reason-of.ts';
import type { AppendAnswer } from './append-answer.ts';
import { appendAnswer } from './append-answer.ts';
import type { AppendRequest } from './append-request.ts';
import type { AppendStream } from './append-stream.ts';
import { openAppendStream } from './append-stream.ts';
import { LogUnavailable } from './log.ts';

/** An answer that settles the matter. */
export type FinalAnswer = Exclude<AppendAnswer, { kind: 'again' }>;

export interface Appender {
  append(request: AppendRequest): Promise<FinalAnswer>;
  close(): void;
}

export interface AppenderParts {
  readonly url: string;
  /** How long one attempt may take before its connection is given up. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  readonly succeeded: () => void;
  readonly failed: (reason: string) => void;
}

/** Sends an append until the log says yes or no; the connection is replaced whenever it is in doubt. */
export function appender({ url, deadlineMs, signal, succeeded, failed }: AppenderParts): Appender {
  let current: Promise<AppendStream> | undefined;

  const drop = (stream: Promise<AppendStream>, reason: string) => {
    if (current === stream) current = undefined;
    stream.then(
      (opened) => opened.close(reason),
      () => undefined,
    );
  };

  const attempt = async (request: AppendRequest): Promise<AppendAnswer> => {
    current ??= openAppendStream(url, deadlineMs);
    const stream = current;
    try {
      const opened = await stream;
      const message = request.until(new Date(Date.now() + deadlineMs));
      return appendAnswer(await opened.send(request.correlationId, message));
    } catch (error) {
      const reason = reasonOf(error);
      drop(stream, reason);
      return { kind: 'again', reason };
    }
  };

  return {
    async append(request) {
      for (let failures = 0; ; failures += 1) {
        if (signal.aborted) throw new LogUnavailable('The program is stopping.');
        const answer = await attempt(request);
        if (answer.kind !== 'again') {
          succeeded();
          return answer;
        }
        failed(answer.reason);
        await backOff(failures, { firstMs: 20, mostMs: 2_000, signal }).catch(() => undefined);
      }
    },
    close() {
      if (current !== undefined) drop(current, 'The program is stopping.');
    },
  };
}
