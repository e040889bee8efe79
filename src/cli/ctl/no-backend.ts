import type { Snapshot } from "../../shared/control/snapshot.ts";
import { SssonectorError } from "../../shared/errors.ts";
import { printable } from "../../shared/text.ts";
import { didYouMean } from "./suggest.ts";

/** The error for a backend that this daemon does not have, with the nearest name that it has. */
export function noBackend(name: string, { backends }: Pick<Snapshot, "backends">): SssonectorError {
  const names = backends.map((row) => printable(row.name));
  return new SssonectorError("control_not_found", `no backend ${printable(name)}${didYouMean(name, names)}`, {
    next: names.length === 0 ? "this daemon has no backends" : "list them: sssonector ctl backends",
  });
}
