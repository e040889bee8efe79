import type { BreakerState } from "../../shared/control/snapshot.ts";
import type { Glyphs } from "../draw/glyphs.ts";
import { seg, type Segment } from "../draw/line.ts";
import type { BreakerStrip } from "../model/breaker-strip.ts";
import { breakerStates } from "./breaker-states.ts";

/** Height of each state's sign, so that colour is not the only difference: 0 lowest, 1 middle, 2 highest. */
const heights: Record<BreakerState, 0 | 1 | 2> = {
  closed: 0,
  observe: 0,
  disabled: 0,
  "half-open": 1,
  open: 2,
  "forced-open": 2,
};

/** A breaker's last minutes, a cell each part: low closed, half half-open, full open, blank unknown. */
export function stripCells(strip: BreakerStrip, { levels }: Glyphs): Segment[] {
  const signs = [levels[0], levels[3], levels.at(-1)];
  return strip.map((state) => {
    if (state === null) return seg(" ");
    return seg(signs[heights[state]] ?? " ", breakerStates[state][1]);
  });
}
