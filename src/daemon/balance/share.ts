/** The item at `position` when their lengths lie end to end; the last one beyond the end, undefined without items. */
export function itemAt<T>(items: readonly T[], length: (item: T) => number, position: number): T | undefined {
  let end = 0;
  for (const item of items) {
    end += length(item);
    if (position < end) return item;
  }
  return items.at(-1);
}

/** The item at `position` (0 to 1) of their weights. */
export function byWeight<T extends { readonly weight: number }>(items: readonly T[], position: number): T | undefined {
  const total = items.reduce((sum, { weight }) => sum + weight, 0);
  return itemAt(items, ({ weight }) => weight, position * total);
}
