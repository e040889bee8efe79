/** How many entries of maps, sets and arrays were walked over by iterators while `act` ran. */
export function walkedIn(act: () => void): number {
  const kinds = [new Map().entries(), new Set().values(), [].values()].map(
    (one) => Object.getPrototypeOf(one) as Steps,
  );
  let steps = 0;
  const originals = kinds.map((kind) => {
    const { next } = kind;
    kind.next = function (this: unknown): IteratorResult<unknown> {
      steps += 1;
      return next.call(this);
    };
    return next;
  });
  try {
    act();
  } finally {
    for (const [index, kind] of kinds.entries()) kind.next = originals[index]!;
  }
  return steps;
}

interface Steps {
  next: (this: unknown) => IteratorResult<unknown>;
}
