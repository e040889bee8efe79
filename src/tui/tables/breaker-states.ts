import type { BreakerState } from "../../shared/control/snapshot.ts";
import type { Tone } from "../draw/line.ts";

/** Word and tone of each state of a breaker; `off` is one that an operator closed for good. */
export const breakerStates: Record<BreakerState, readonly [string, Tone]> = {
  closed: ["closed", "good"],
  open: ["open", "critical"],
  "half-open": ["half", "warn"],
  "forced-open": ["forced", "critical"],
  disabled: ["off", "warn"],
  observe: ["observe", "dim"],
};
