import type { Moment } from "../shared/control/snapshot.ts";
import type { Wire } from "./feed.ts";

/** The daemon's state at a second of its history, all pages of it; undefined when nobody measured then. */
export async function fetchMoment(wire: Pick<Wire, "call">, at_ms: number): Promise<Moment | undefined> {
  const first = await wire.call("moment", { at_ms });
  let { moment, next } = first;
  while (moment !== null && next !== null) {
    const page = await wire.call("moment", { at_ms: moment.time_ms, from: next });
    // The oldest second may leave the history between two pages.
    if (page.moment === null || page.moment.time_ms !== moment.time_ms) return undefined;
    moment = joined(moment, page.moment);
    next = page.next;
  }
  return moment ?? undefined;
}

/** The rows of both. */
function joined(first: Moment, second: Moment): Moment {
  const all = { ...first };
  for (const name of Object.keys(first) as (keyof Moment)[]) {
    const [a, b]: unknown[] = [first[name], second[name]];
    if (Array.isArray(a) && Array.isArray(b)) Object.assign(all, { [name]: [...a, ...b] });
  }
  return all;
}
