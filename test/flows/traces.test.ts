import test from 'ava';
import { eventually } from '../support/eventually.ts';
import { jsonRequest } from '../support/json-request.ts';
import type { CollectedSpan } from '../support/otlp-collector.ts';
import { attributeOf, otlpCollector } from '../support/otlp-collector.ts';
import { callsOf, newCustomer, signIn } from '../support/people.ts';
import { admin, newDataDir, removeDataDir, startProgram } from '../support/program.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const callerSpan = 'b7ad6b7169203331';
const notRecorded = 'c0ffee00c0ffee00c0ffee00c0ffee00';
const prompt = 'a-prompt-that-nobody-may-see';

test('one trace goes from the caller through the call and the log to the read models', async (t) => {
  const collector = await otlpCollector(t);
  const dataDir = await newDataDir();
  t.teardown(() => removeDataDir(dataDir));
  const program = await startProgram(dataDir, {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=of%20ours',
  });
  const { token } = await signIn(program);
  const person = await newCustomer(program, token, '10');
  const call = async (traceparent: string, stream: boolean) => {
    const response = await jsonRequest(`${program.url}/v1/chat/completions`, {
      method: 'POST',
      token: person.key,
      headers: { traceparent },
      body: { model: 'demo', stream, max_tokens: 5, messages: [{ role: 'user', content: prompt }] },
    });
    t.is(response.status, 200);
    await response.text();
  };
  await call(`00-${traceId}-${callerSpan}-01`, true);
  await call(`00-${notRecorded}-${callerSpan}-00`, false);
  await eventually(async () => {
    const calls = await callsOf(program, person.token);
    return calls.length === 2 && calls.every(({ status }) => status === 'settled');
  });
  t.is(await program.stop(), 0);

  t.deepEqual(collector.paths(), ['of ours /v1/traces']);
  const spans = collector.spans();
  const ours = spans.filter((span) => span.traceId === traceId);
  const only = (name: string): CollectedSpan => {
    const [span, more] = ours.filter((each) => each.name === name);
    if (!span || more) throw new Error(`${name}: not one of ${ours.map((each) => each.name)}`);
    return span;
  };
  const request = only('POST /v1/chat/completions');
  t.is(request.parentSpanId, callerSpan);
  t.is(attributeOf(request, 'http.response.status_code'), '200');
  const callId = attributeOf(request, 'llm_member.call_id');
  for (const step of [only('reserve'), only('upstream'), only('settle')]) {
    t.is(step.parentSpanId, request.spanId, step.name);
    t.is(attributeOf(step, 'llm_member.call_id'), callId);
    t.is(attributeOf(step, 'llm_member.alias'), 'demo');
  }
  t.is(attributeOf(only('settle'), 'llm_member.status'), 'recorded');
  const commands = [only('reserve').spanId, only('settle').spanId].sort();
  const parentsOf = (name: string) =>
    [...new Set(ours.filter((each) => each.name === name).map((each) => each.parentSpanId))].sort();
  t.deepEqual(parentsOf('append'), commands);
  t.deepEqual(parentsOf('project'), commands);
  const projected = ours.filter(({ name }) => name === 'project');
  const types = projected.map((span) => attributeOf(span, 'llm_member.event'));
  t.deepEqual(types.sort(), ['CreditReserved', 'UsageSettled']);
  const batches = spans.filter(({ name }) => name === 'projection');
  t.true(batches.some(({ links }) => links.some((link) => link.traceId === traceId)));

  t.false(collector.text().includes(notRecorded));
  for (const secret of [prompt, person.key, person.token, token, admin.email, '@example.com']) {
    t.false(collector.text().includes(secret), secret);
  }
});

test('a collector that is away delays neither calls nor the end of the program for long', async (t) => {
  const collector = await otlpCollector(t);
  const dataDir = await newDataDir();
  t.teardown(() => removeDataDir(dataDir));
  collector.close();
  const program = await startProgram(dataDir, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  await signIn(program);
  const beforeMs = performance.now();
  t.is(await program.stop(), 0);
  t.true(performance.now() - beforeMs < 15_000);
  t.regex(program.output(), /traces could not be sent/);
});
