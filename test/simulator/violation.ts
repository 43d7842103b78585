/** Something that must never be so. The name of the rule comes first. */
export class Violation extends Error {
  constructor(rule: string, what: string) {
    super(`${rule}: ${what}`);
    this.name = 'Violation';
  }
}

export function mustHold(holds: boolean, rule: string, what: () => string): void {
  if (!holds) throw new Violation(rule, what());
}
