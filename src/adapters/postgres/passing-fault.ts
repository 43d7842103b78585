import {
  BackendTerminatedError,
  BackendTerminatedUnexpectedlyError,
  ConnectionError,
  StatementTimeoutError,
} from 'slonik';

const passing = [
  ConnectionError,
  BackendTerminatedError,
  BackendTerminatedUnexpectedlyError,
  StatementTimeoutError,
];

/** True for what a pool's query fails with while Postgres is away or overloaded. */
export const isPassingFault = (error: unknown): boolean =>
  passing.some((fault) => error instanceof fault);
