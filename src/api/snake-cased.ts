/** An event's data as the API writes JSON: its own names are in camel case, what they hold stays. */
export const snakeCased = (json: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(json).map(([name, value]) => [snake(name), deep(value)]));

const snake = (name: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function deep(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(deep);
  // What JSON calls an object has text for its names.
  return typeof value === 'object' && value !== null
    ? snakeCased(value as Record<string, unknown>)
    : value;
}
