/** The item at `position` when their lengths lie end to end; the last one beyond the end, undefined without items. */
export function itemAt<T>(items: readonly T[], length: (item: T) => number, position: number): T | undefined {
  let end = 0;
  for (const item of items) {
    end += length(item);
    if (position < end) return item;
  }
  return items.at(-1);
}
