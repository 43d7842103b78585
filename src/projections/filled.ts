/** The same without what is undefined, or null. */
export function filled<Name extends string, Value>(
  values: Readonly<Record<Name, Value | null | undefined>>,
): { [Each in Name]?: Value } {
  const kept = Object.entries(values).filter(([, value]) => value !== undefined && value !== null);
  // Names and values are those of the argument, which `Object.entries` forgets.
  return Object.fromEntries(kept) as { [Each in Name]?: Value };
}
