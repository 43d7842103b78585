/** Whether a fault of the operating system is this one: `ENOENT`, `EEXIST`, … */
export const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;
