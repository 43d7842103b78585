import { existsSync, readFileSync } from 'node:fs';
import test from 'ava';
import { parse } from 'yaml';
import { z } from 'zod';
import { ask, testApi } from '../support/api.ts';

const Alerts = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.object({
          alert: z.string(),
          expr: z.string(),
          annotations: z.object({ summary: z.string(), runbook: z.string() }),
        }),
      ),
    }),
  ),
});
const Dashboard = z.object({
  panels: z.array(
    z.object({ title: z.string(), targets: z.array(z.object({ expr: z.string() })).min(1) }),
  ),
});

const api = testApi(test);
const rules = Alerts.parse(parse(readFileSync('ops/alerts.yaml', 'utf8'))).groups.flatMap(
  (group) => group.rules,
);
const dashboard = Dashboard.parse(JSON.parse(readFileSync('ops/dashboard.json', 'utf8')));
const expressions = [
  ...rules.map(({ expr }) => expr),
  ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
];

const words = ['and', 'or', 'unless', 'bool', 'offset', 'atan2'];
/** In this order: a selector's text may look like anything. */
const noMetrics = [
  /"(?:[^"\\]|\\.)*"/g,
  /\{[^}]*\}/g,
  /\[[^\]]*\]/g,
  /\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g,
];

/** The metrics an expression of PromQL asks for. */
function metricsIn(expression: string): readonly string[] {
  const bare = noMetrics.reduce((rest, pattern) => rest.replace(pattern, ' '), expression);
  const names = bare.match(/(?<![\w.])[a-zA-Z_:][\w:]*(?![\w:])(?!\s*\()/g) ?? [];
  return names.filter((name) => !words.includes(name));
}

/** The names of the series that an exposition announces. */
const seriesIn = (exposition: string): readonly string[] =>
  [...exposition.matchAll(/^# TYPE (\S+) (\w+)$/gm)].flatMap(([, name = '', type]) =>
    type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name],
  );

test('the metrics of an expression are found among functions, labels and numbers', (t) => {
  const asked =
    'histogram_quantile(0.99, sum by (le, path) (rate(a_bucket{path=~"b|c_d"}[5m]))) > 1e3 and on (x) time() - e_f == bool 2';
  t.deepEqual(metricsIn(asked), ['a_bucket', 'e_f']);
});

test('alerts and dashboard ask for metrics that a running program shows', async (t) => {
  const shown = seriesIn((await ask(api(), 'GET', '/metrics')).text);
  const asked = new Set(expressions.flatMap(metricsIn));
  t.deepEqual(
    [...asked].filter((name) => !shown.includes(name)),
    [],
  );
  t.deepEqual(
    expressions.filter((expression) => metricsIn(expression).length === 0),
    [],
  );
});

for (const { alert, annotations } of rules) {
  test(`${alert} leads to a runbook that is there`, (t) => {
    t.regex(annotations.runbook, /^ops\/runbooks\/[\w-]+\.md$/);
    t.true(existsSync(annotations.runbook));
  });
}
