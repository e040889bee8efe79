import type { MomentPage } from "../../shared/control/protocol.ts";
import type { Moment } from "../../shared/control/snapshot.ts";

/** Bytes of JSON that a page's rows take; with the status an answer stays below 64 KiB. */
const pageBytes = 40 * 1024;

type TableName = { [K in keyof Moment]: Moment[K] extends unknown[] ? K : never }[keyof Moment];

/** The rows of a moment from the one numbered `from` on, through all its tables, as many as a page takes. */
export function pageOf(moment: Moment, from: number): Pick<MomentPage, "moment" | "next"> {
  const page: Moment = { ...moment };
  let at = 0;
  let bytes = 0;
  let next: number | null = null;
  for (const name of tablesOf(moment)) {
    const taken: unknown[] = [];
    for (const row of moment[name]) {
      const wanted = at >= from && next === null;
      if (wanted && bytes < pageBytes) {
        bytes += Buffer.byteLength(JSON.stringify(row));
        taken.push(row);
      } else if (wanted) next = at;
      at += 1;
    }
    Object.assign(page, { [name]: taken });
  }
  return { moment: page, next };
}

function tablesOf(moment: Moment): TableName[] {
  return (Object.keys(moment) as (keyof Moment)[]).filter((name): name is TableName => Array.isArray(moment[name]));
}
