/** How one thread spent its time. */
export interface Shares {
  /** Of the time that was looked at. */
  busy_percent: number;
  /** Of the busy time, by part. */
  percent: Record<string, number>;
  /** The functions with the most, in percent of the busy time. */
  top: { name: string; percent: number }[];
}

/** The data thread of one end under one load. */
export interface ThreadProfile extends Shares {
  load: string;
  end: string;
}

const mostTop = 12;

/** Shares from samples, or times, by part and function. */
export function sharesOf(found: ReadonlyMap<string, { part: string; count: number }>, whole: number): Shares {
  let busy = 0;
  const parts = new Map<string, number>();
  for (const { part, count } of found.values()) {
    busy += count;
    parts.set(part, (parts.get(part) ?? 0) + count);
  }
  const percent = (count: number): number => Math.round((count / Math.max(busy, Number.MIN_VALUE)) * 1000) / 10;
  const most = [...found].toSorted(([, a], [, b]) => b.count - a.count).slice(0, mostTop);
  return {
    busy_percent: Math.round((busy / whole) * 1000) / 10,
    percent: Object.fromEntries(
      [...parts].toSorted(([, a], [, b]) => b - a).map(([part, count]) => [part, percent(count)]),
    ),
    top: most.map(([name, { count }]) => ({ name, percent: percent(count) })),
  };
}
