/** A call's deadline in milliseconds since 1970; without one, never. */
export function callDeadline(call: { getDeadline(): Date | number }): number {
  const deadline = call.getDeadline();
  return deadline instanceof Date ? deadline.getTime() : deadline;
}
