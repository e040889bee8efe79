function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [row, letter] of a.split("").entries()) {
    const current = [row + 1];
    for (let column = 1; column <= b.length; column++) {
      const swap = (previous[column - 1] ?? 0) + (letter === b[column - 1] ? 0 : 1);
      current.push(Math.min(swap, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}

/** `is unknown; did you mean workers?`, with the nearest of the known names when one is near. */
export function unknownName(name: string, known: Iterable<string>): string {
  const near = [...known]
    .filter(
      (candidate) => name.length < 100 && distance(name, candidate) <= Math.min(3, Math.ceil(candidate.length / 3)),
    )
    .toSorted((a, b) => distance(name, a) - distance(name, b))[0];
  return near === undefined ? "is unknown" : `is unknown; did you mean ${near}?`;
}
