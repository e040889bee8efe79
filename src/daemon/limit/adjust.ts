import type { Millis } from "../../shared/clock.ts";
import type { Limit } from "./limit.ts";

/** How limits follow their paths; rates in the limit's unit a second. */
export interface AdjustRules {
  readonly interval: Millis;
  readonly least: number;
  readonly most: number;
}

const up = 0.02;
const down = 0.85;

/** One step: additive up by 2 % of `base`, multiplicative down while the path is slower than the limit. */
export function adjusted(limit: Limit, base: Limit, { least, most }: AdjustRules, slow: boolean): Limit {
  const wanted = slow ? limit.perSecond * down : limit.perSecond + base.perSecond * up;
  const perSecond = Math.round(Math.min(most, Math.max(least, wanted)));
  return { ...limit, perSecond, burst: Math.max(1, Math.round((base.burst * perSecond) / base.perSecond)) };
}
