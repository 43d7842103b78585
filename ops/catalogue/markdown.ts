/** A table whose cells are padded, as whoever reads the file itself likes it. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, column) =>
    Math.min(40, Math.max(3, ...cells.map((row) => row[column]?.length ?? 0))),
  );
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [first = [], ...rest] = cells;
  return [line(first), line(widths.map((width) => '-'.repeat(width))), ...rest.map(line)].join(
    '\n',
  );
}

export const code = (text: string): string => `\`${text}\``;

/** Blocks with a line between them, and what a generated file says of itself. */
export const page = (title: string, blocks: readonly string[]): string =>
  `${[`# ${title}`, '<!-- Written by `npm run catalogue` from the code. Edit that. -->', ...blocks].join('\n\n')}\n`;
