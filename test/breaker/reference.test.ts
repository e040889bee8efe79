import { expect, it } from "vitest";
import { type StateKind, transitions } from "../../src/daemon/breaker/state.ts";
import { Episode, type Shown } from "./episode.ts";

const episodes = 4000;
const stepsEach = 250;

it("agrees with the reference model for a million random steps, which see every transition of the table", () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= episodes; seed++) {
    const episode = new Episode(seed);
    agree(episode, seed);
    for (const change of episode.seen) seen.add(change);
  }
  expect([...seen].toSorted()).toEqual(ofTheTable().toSorted());
}, 60_000);

/** Steps through an episode; where the two differ it fails with all that was done. */
function agree(episode: Episode, seed: number): void {
  const done: string[] = [];
  for (let n = 0; n < stepsEach; n++) {
    const { did, breaker, model } = episode.step();
    done.push(did);
    if (!same(breaker, model)) expect(breaker, `seed ${seed}:\n${done.join("\n")}`).toEqual(model);
  }
}

function same(one: Shown, other: Shown): boolean {
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => Object.is(one[key], other[key]));
}

/** Every move of the table from one state to another. */
function ofTheTable(): string[] {
  const kinds = Object.keys(transitions) as StateKind[];
  return kinds.flatMap((from) =>
    kinds
      .filter((to) => to !== from)
      .flatMap((to) => transitions[from][to].map((cause) => `${from} > ${to}: ${cause}`)),
  );
}
