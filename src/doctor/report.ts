import type { Check, Status } from './check.ts';

const width = 20;

/** A table for people: what is wrong exactly stands below its line. */
export const asTable = (checks: readonly Check[]): string =>
  [...checks.flatMap(linesOf), '', summaryOf(checks), ''].join('\n');

export const asJson = (checks: readonly Check[]): string =>
  `${JSON.stringify({ status: worstOf(checks), checks }, null, 2)}\n`;

const linesOf = ({ name, status, detail, more = [] }: Check): readonly string[] => [
  `${status.padEnd(8)} ${name.padEnd(width)} ${detail}`,
  ...more.map((line) => `${' '.repeat(9 + width)} - ${line}`),
];

export function worstOf(checks: readonly Check[]): Status {
  const has = (status: Status) => checks.some((check) => check.status === status);
  if (has('failure')) return 'failure';
  return has('warning') ? 'warning' : 'ok';
}

function summaryOf(checks: readonly Check[]): string {
  const count = (status: Status) => checks.filter((check) => check.status === status).length;
  return `${checks.length} checks: ${count('ok')} ok, ${count('warning')} warnings, ${count('failure')} failures`;
}
