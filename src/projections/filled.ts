/** The same without what is undefined, or null. */
export function filled<Name extends string, Value>(
  values: Readonly<Record<Name, Value | null | undefined>>,
): { [Each in Name]?: Value } {
  const kept: { [Each in Name]?: Value } = {};
  for (const name in values) {
    const value = values[name];
    if (value !== undefined && value !== null) kept[name] = value;
  }
  return kept;
}
