import type { ExecutionContext, TestFn } from 'ava';
import { CallFault } from '../../../src/adapters/llm/call-fault.ts';
import type { Upstream } from '../../../src/adapters/llm/upstream.ts';
import { askChat, readChat } from '../../support/asking.ts';
import { eventually } from '../../support/eventually.ts';

export type Failure = readonly [how: string, code: CallFault['code'], retryable: boolean];

export interface HttpUpstreamUnderTest {
  readonly upstream: () => Upstream;
  /** The same, which waits no longer than a second for anything. */
  readonly impatient: () => Upstream;
  /** Connections that were given up. */
  readonly abandoned: () => number;
  /** Its own failures, beside those of all. */
  readonly failures: readonly Failure[];
  /** What no fault may say. */
  readonly telling: RegExp;
}

const failuresOfAll: readonly Failure[] = [
  ['status=500', 'upstream_failed', true],
  ['hang=headers', 'upstream_timed_out', true],
  ['hang=first', 'upstream_timed_out', true],
  ['hang=mid', 'upstream_timed_out', true],
  ['cut=socket', 'upstream_failed', true],
  ['rubbish=first', 'upstream_failed', true],
];

/** What every upstream that is asked over HTTP promises when it fails, or its caller goes. */
export function httpUpstreamContract(
  test: TestFn,
  { upstream, impatient, abandoned, failures, telling }: HttpUpstreamUnderTest,
): void {
  const faultOf = (t: ExecutionContext, how: string, stream: boolean) => {
    const of = how.startsWith('hang') ? impatient() : upstream();
    return t.throwsAsync(readChat(of, `secret-model?${how}`, { stream }), {
      instanceOf: CallFault,
    });
  };

  for (const stream of [false, true]) {
    for (const [how, code, retryable] of [...failuresOfAll, ...failures]) {
      // A test in which time runs out has the machine to itself.
      const limited = how.startsWith('hang') ? test.serial : test;
      limited(`${how} is ${code}, ${stream ? 'streaming' : 'at once'}`, async (t) => {
        const fault = await faultOf(t, how, stream);
        t.is(fault?.code, code);
        t.is(fault?.retryable, retryable);
        t.notRegex(JSON.stringify([fault?.message, fault?.values]), telling);
      });
    }
  }

  for (const how of ['cut=early', 'cut=error', 'rubbish=mid']) {
    test(`a stream with ${how} fails`, async (t) => {
      const fault = await faultOf(t, how, true);
      t.is(fault?.code, 'upstream_failed');
      t.true(fault?.retryable);
    });
  }

  test('a stream that nobody reads to its end is given up', async (t) => {
    const before = abandoned();
    const answer = await askChat(upstream(), 'left?chunks=1000&delay=5', { stream: true });
    if (!answer.stream) throw new Error('It was to stream.');
    for await (const chunks of answer.chunks) {
      t.true(chunks.length > 0);
      break;
    }
    await eventually(() => abandoned() > before);
  });
}
