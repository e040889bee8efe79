import { beforeEach, expect, it } from "vitest";
import { Pacer, type Paced, type Release } from "../../src/daemon/flow/pacer.ts";
import { FakeClock } from "../fakes/clock.ts";

let clock: FakeClock;
let pacer: Pacer;
let turns: string[];

beforeEach(() => {
  clock = new FakeClock({ now: 1000 });
  pacer = new Pacer(clock);
  turns = [];
});

const sent = (again: number): Release => ({ again, sent: true, all: true });
const nothing = (again: number): Release => ({ again, sent: false, all: true });

/** Answers its turns in this order, then with "idle". */
function paced(name: string, ...answers: Release[]): Paced {
  return {
    release(now) {
      turns.push(`${name}@${now - 1000}`);
      return answers.shift() ?? "idle";
    },
  };
}

it("gives turns one after the other until nobody has more", () => {
  for (const one of [paced("a", "sent", "sent"), paced("b"), paced("c", "sent")]) pacer.add(one);
  pacer.run();
  expect(turns).toEqual(["a@0", "b@0", "c@0", "a@0", "c@0", "a@0"]);
  pacer.run();
  expect(turns).toHaveLength(6);
});

it("comes again when the first has waited, at the timers' resolution, and sleeps otherwise", () => {
  for (const one of [paced("a", sent(1010)), paced("b", sent(1000.2), sent(1004))]) pacer.add(one);
  pacer.run();
  expect(clock.pending).toBe(1);
  clock.advance(50);
  expect(turns).toEqual(["a@0", "b@0", "b@1", "b@4", "a@10"]);
  expect(clock.pending).toBe(0);
});

it("who need not wait with all that it gets is asked again when it got more", () => {
  const one = paced("a", { again: 1100, sent: false, all: false }, { again: 1100, sent: true, all: false });
  pacer.add(one);
  pacer.run();
  clock.advance(10);
  pacer.add(one);
  pacer.run();
  expect(turns).toEqual(["a@0", "a@10"]);
  clock.advance(200);
  expect(turns).toEqual(["a@0", "a@10", "a@100"]);
  expect(clock.pending).toBe(0);
});

it("who must wait with all that it gets is not asked again because it got more, but when it is woken", () => {
  const one = paced("a", sent(1100), "idle");
  pacer.add(one);
  pacer.run();
  pacer.add(one);
  pacer.run();
  expect(turns).toEqual(["a@0"]);
  pacer.wake(one);
  pacer.run();
  expect(turns).toEqual(["a@0", "a@0"]);
  clock.advance(200);
  expect(turns).toHaveLength(2);
});

it("who got nothing goes before who has sent, when both wait for the same", () => {
  pacer.add(paced("a", sent(1001), nothing(1002), sent(1003)));
  pacer.add(paced("b", nothing(1001), sent(1002), nothing(1003)));
  pacer.run();
  clock.advance(5);
  expect(turns).toEqual(["a@0", "b@0", "b@1", "a@1", "a@2", "b@2", "b@3", "a@3"]);
});

it("stops, and asks nobody who is forgotten", () => {
  const gone = paced("gone", sent(1001));
  const kept = paced("kept", sent(1002));
  for (const one of [gone, kept]) pacer.add(one);
  pacer.run();
  pacer.forget(gone);
  pacer.stop();
  clock.advance(100);
  expect([turns.length, clock.pending]).toEqual([2, 0]);
});
