/** The `most` (1 or more) rows with the most traffic, in the order in which they were. */
export function busiest<Row>(rows: readonly Row[], most: number, traffic: (row: Row) => number): readonly Row[] {
  if (rows.length <= most) return rows;
  const byTraffic = Float64Array.from(rows, traffic).toSorted();
  const least = byTraffic[rows.length - most] ?? 0;
  // Of those that have as much as the last one, so many as still fit.
  let fit =
    most -
    byTraffic
      .values()
      .filter((one) => one > least)
      .toArray().length;
  return rows.filter((row) => {
    const one = traffic(row);
    if (one === least) fit -= 1;
    return one > least || (one === least && fit >= 0);
  });
}
