import { expect, test } from "vitest";
import { obey } from "./commands.ts";
import { numberedFrame } from "./frames.ts";
import { Link } from "./link.ts";

const taken = (): boolean => true;

function arrivals(link: Link, direction: "a_to_b" | "b_to_a"): number {
  let count = 0;
  link[direction].accept(numberedFrame(0), 0);
  const take = (): boolean => {
    count += 1;
    return true;
  };
  link.advance(0, take, take);
  return count;
}

test("settings and rules reach the direction that a command names, and both by default", () => {
  const link = new Link(1);
  obey(link, { do: "set", direction: "a_to_b", settings: { loss: 1 } }, 0);
  expect([arrivals(link, "a_to_b"), arrivals(link, "b_to_a")]).toEqual([0, 1]);
  obey(link, { do: "set", settings: { loss: 0 } }, 0);
  const rule = { name: "next", match: {}, nth: 1, action: { kind: "drop" } };
  obey(link, { do: "rule", rule }, 0);
  expect([arrivals(link, "a_to_b"), arrivals(link, "b_to_a")]).toEqual([0, 0]);
  const report = obey(link, { do: "unrule", direction: "a_to_b", name: "next" }, 0);
  expect(report).toMatchObject({ seed: 1, a_to_b: { rules: {} }, b_to_a: { rules: { next: { hits: 1 } } } });
});

test.each([
  null,
  {},
  { do: "jump" },
  { do: "set", settings: { loss: 2 } },
  { do: "set", settings: { los: 0.1 } },
  { do: "set", settings: { rate_bits: 0 } },
  { do: "rule", rule: { name: "x", match: { flags: ["sin"] }, nth: 1, action: { kind: "drop" } } },
  { do: "rule", rule: { name: "x", match: {}, nth: 0, action: { kind: "drop" } } },
])("%j is refused", (line) => {
  expect(() => obey(new Link(1), line, 0)).toThrow();
});

test("both directions have fates of their own, and the sooner one is due next", () => {
  const link = new Link(1);
  obey(link, { do: "set", direction: "a_to_b", settings: { delay_ms: 7 } }, 0);
  obey(link, { do: "set", direction: "b_to_a", settings: { delay_ms: 4 } }, 0);
  expect(link.advance(0, taken, taken)).toBeUndefined();
  link.a_to_b.accept(numberedFrame(0), 0);
  expect(link.advance(0, taken, taken)).toBe(7);
  link.b_to_a.accept(numberedFrame(0), 0);
  expect(link.advance(0, taken, taken)).toBe(4);
});
