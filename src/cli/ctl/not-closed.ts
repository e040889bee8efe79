import type { Breaker } from "../../shared/control/snapshot.ts";

/** Names of the breakers that are not closed; those that only observe are as the configuration wants them. */
export function notClosed(breakers: readonly Breaker[]): string[] {
  return breakers.filter(({ state }) => state !== "closed" && state !== "observe").map(({ name }) => name);
}
