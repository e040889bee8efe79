/** The known word nearest to a mistyped one, or undefined when none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const begun = known.filter((name) => word !== "" && name.startsWith(word));
  if (begun.length === 1) return begun[0];
  const ranked = known.map((name) => ({ name, steps: distance(word, name) })).toSorted((a, b) => a.steps - b.steps);
  const [best] = ranked;
  return best !== undefined && best.steps <= Math.max(1, Math.ceil(best.name.length / 3)) ? best.name : undefined;
}

/** `; did you mean X?`, or nothing. */
export function didYouMean(word: string, known: readonly string[], prefix = ""): string {
  const name = nearest(word, known);
  return name === undefined ? "" : `; did you mean ${prefix}${name}?`;
}

/** Letters to add, drop or change to make `b` of `a` (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const changed = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
