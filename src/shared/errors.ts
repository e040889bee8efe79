/**
 * Every error code of both programs, with what it means. docs/errors.md is generated from this table.
 * `next` is the command or the act that mends it.
 */
export const errorCodes = {
  internal: { means: "A promise inside the program was broken; this is a bug.", next: "report it with the log" },
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** A failure with a stable code, what happened and where, and the next command for the reader. */
export class SssonectorError extends Error {
  readonly code: ErrorCode;
  /** What mends it; from the table unless the place of the failure knows better. */
  readonly next: string;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; next?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "SssonectorError";
    this.code = code;
    this.next = options.next ?? errorCodes[code].next;
  }
}

/** One line for a log or a terminal: `code: message; next`. */
export function describeError(error: unknown): string {
  if (error instanceof SssonectorError) return `${error.code}: ${error.message}; ${error.next}`;
  return error instanceof Error ? error.message : String(error);
}
