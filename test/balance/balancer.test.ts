import { describe, expect, test } from "vitest";
import { Balancer } from "../../src/daemon/balance/balancer.ts";
import { hashText } from "../../src/daemon/balance/hash.ts";
import { makeStrategy } from "../../src/daemon/balance/strategies.ts";
import type { StrategyName } from "../../src/daemon/balance/strategy.ts";
import { FakeClock } from "../fakes/clock.ts";
import { backend, type Both, countBy, seededRandom } from "./candidates.ts";

const admits = (): boolean => true;
const strategies: StrategyName[] = [
  "round_robin",
  "least_connections",
  "weighted_round_robin",
  "p2c_ewma",
  "rendezvous",
];

function balancer(name: StrategyName, identity?: string): Balancer {
  const start = identity === undefined ? undefined : hashText(identity);
  return new Balancer(makeStrategy(name, { clock: new FakeClock(), random: seededRandom(start ?? 1), start }));
}

const fleet = Array.from({ length: 1000 }, (_, index) => `laptop-${index}`);

describe("session mode", () => {
  test.each(strategies.filter((name) => name !== "p2c_ewma"))("%s: 1,000 clients over 3 servers by weight", (name) => {
    const servers = [100, 50, 50].map((weight, index) => backend(`eu-${index + 1}`, { weight }));
    const first = fleet.map((identity) => {
      const choice = balancer(name, identity).choose(servers, { admits, flow: hashText(identity) });
      return choice.kind === "chosen" ? choice.backend.name : undefined;
    });
    const counts = countBy(first, (server) => server);
    expect(Math.abs((counts["eu-1"] ?? 0) - 500)).toBeLessThan(48);
    expect(Math.abs((counts["eu-2"] ?? 0) - 250)).toBeLessThan(48);
    expect(Math.abs((counts["eu-3"] ?? 0) - 250)).toBeLessThan(48);
  });

  test.each(strategies)("%s: what just failed is not tried next", (name) => {
    const servers = [backend("eu-1"), backend("eu-2")];
    for (const identity of fleet.slice(0, 50)) {
      const choice = balancer(name, identity).choose(servers, { admits, flow: hashText(identity), avoid: "eu-2" });
      expect(choice).toMatchObject({ kind: "chosen", backend: { name: "eu-1" }, panic: false });
    }
  });
});

describe.each(strategies)("%s", (name) => {
  test("gives nothing to whom it may not", () => {
    const all = [backend("a"), backend("b", { admin: "drain" }), backend("c", { operational: "down" })];
    const used = balancer(name);
    for (let flow = 0; flow < 100; flow++) {
      expect(used.choose(all, { admits, flow })).toEqual({ kind: "chosen", backend: all[0], panic: false });
    }
  });

  test("says when it is in panic, and when there is nobody", () => {
    const last = backend("a", { operational: "down" });
    expect(balancer(name).choose([last], { admits, flow: 1 })).toEqual({ kind: "chosen", backend: last, panic: true });
    expect(balancer(name).choose([backend("a", { admin: "maint" })], { admits, flow: 1 })).toEqual({ kind: "none" });
  });
});

const target = (current: Both, best: Partial<Both>, keeps = true): string | undefined =>
  balancer("rendezvous").failBack(current, [backend("best", best), backend("twin", { priority: 1 }), current], {
    admits,
    flow: 3,
    takeoverKeepsFlows: keeps,
  })?.name;

describe("fail-back", () => {
  const spare = backend("spare", { priority: 1 });
  test("goes to the better level once it is up and its slow start is over", () => {
    expect(target(spare, {})).toBe("best");
  });

  test.each<[string, Partial<Both>]>([
    ["is down", { operational: "down" }],
    ["was never checked", { operational: "starting" }],
    ["is in its slow start", { ramp: 0.99 }],
    ["is drained", { admin: "drain" }],
    ["leaves", { operational: "stopping" }],
    ["is of the same level", { priority: 1 }],
    ["is of a worse level", { priority: 2 }],
  ])("stays while the other one %s", (_, state) => expect(target(spare, state)).toBeUndefined());

  test("never where a takeover breaks flows", () => expect(target(spare, {}, false)).toBeUndefined());

  test("stays in a panic", () => {
    expect(target(backend("spare", { priority: 1, operational: "down" }), { operational: "down" })).toBeUndefined();
  });
});
