import { errorCodes } from "../../src/shared/errors.ts";
import { table } from "./markdown.ts";

/** docs/errors.md: every code of both programs. */
export function errorsPage(): string {
  const rows = Object.entries(errorCodes)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, { means, next }]) => [`\`${code}\``, means, next]);
  return [
    "# Errors",
    "",
    "Both programs report a failure as `code: what happened; what mends it`. Codes are stable. Generated from",
    "src/shared/errors.ts.",
    "",
    ...table(["Code", "Means", "What to do"], rows),
    "",
  ].join("\n");
}
