import { describe, expect, it } from "vitest";
import type { BackendSettings, Usage } from "../../src/daemon/backend-entry.ts";
import { Backends } from "../../src/daemon/backends.ts";
import { Balancer } from "../../src/daemon/balance/balancer.ts";
import { makeStrategy } from "../../src/daemon/balance/strategies.ts";
import type { Rules } from "../../src/daemon/breaker/rules.ts";
import type { BackendAction } from "../../src/daemon/control/backend.ts";
import type { AttemptPermit } from "../../src/daemon/pool/connector.ts";
import { FakeClock } from "../fakes/clock.ts";

const breakerRules: Rules = {
  mode: "enforce",
  failure_rate: 50,
  slow_rate: 80,
  minimum_calls: 5,
  consecutive: 3,
  slow_call: 2000,
  window: 60_000,
  open: 1000,
  open_max: 60_000,
};

function server(name: string, more: Partial<BackendSettings> = {}): BackendSettings {
  return { name, address: { host: `${name}.test`, port: 8443 }, weight: 100, priority: 0, ...more };
}

const random = (): number => 0.5;

/** Backends on a clock that the test moves; it answers the checks. */
class Site {
  readonly clock = new FakeClock();
  readonly probes: string[] = [];
  readonly changes: string[] = [];
  readonly admins: string[] = [];
  readonly use = new Map<string, Partial<Usage>>();
  readonly backends: Backends<BackendSettings>;
  keepsFlows = true;

  constructor(servers: readonly BackendSettings[]) {
    const { clock } = this;
    this.backends = new Backends(servers, {
      service: undefined,
      clock,
      random,
      // One that does not overflow to the next level when half of its own is gone.
      flow: 1,
      balancer: new Balancer(makeStrategy("weighted_round_robin", { clock, random, start: undefined })),
      breakerRules,
      checkRules: () => ({ interval: 5000, rise: 2, fall: 3 }),
      probe: ({ name }) => void this.probes.push(name),
      breakerChanged: (name, { from, to, cause }) => void this.changes.push(`${name} ${from} ${to} ${cause}`),
      healthChanged: (name, from, to) => void this.changes.push(`${name} ${from} ${to}`),
      keepsFlows: () => this.keepsFlows,
      adminChanged: (name, admin) => void this.admins.push(`${name} ${admin}`),
    });
  }

  readonly usage = (name: string): Usage => ({ connections: 0, bps: 0, current: false, ...this.use.get(name) });

  /** The server that would be tried, and the right to do so. */
  attempt(avoid?: string, keep?: string): { name: string; permit: AttemptPermit } {
    const choice = this.backends.choose(avoid, keep);
    if (choice.kind === "none") throw new Error(choice.reason);
    return { name: choice.endpoint.name, permit: choice.permit };
  }

  /** The names of so many choices, whose attempts come to nothing. */
  names(count: number, avoid?: string): string[] {
    return Array.from({ length: count }, () => {
      const { name, permit } = this.attempt(avoid);
      permit.cancel();
      return name;
    });
  }

  /** Fails the server, whichever others there are. */
  fail(name: string, times: number, kind: "remote" | "local" | "policy" = "remote"): void {
    for (let time = 0; time < times; time++) {
      const attempt = this.attempt(undefined, name);
      expect(attempt.name).toBe(name);
      attempt.permit.fail(kind, 5, "connection_refused");
    }
  }

  seconds(count: number, current?: string): void {
    for (let second = 0; second < count; second++) {
      this.clock.advance(1000);
      this.tick(current);
    }
  }

  tick(current: string | undefined): void {
    this.backends.checkHealth(current);
    this.backends.adjustWeights(this.usage);
    this.backends.settleBreakers();
  }

  act(
    action: BackendAction,
    options: { dryRun?: boolean; acceptRisk?: boolean } = {},
  ): ReturnType<Backends<BackendSettings>["act"]> {
    return this.backends.act(action, { dryRun: false, acceptRisk: false, ...options }, this.usage);
  }

  /** Until its breaker is half-open. */
  halfOpen(name: string): void {
    this.fail(name, 3);
    for (let second = 0; second < 60 && this.breaker(name).state !== "half-open"; second++) this.clock.advance(1000);
    expect(this.breaker(name).state).toBe("half-open");
  }

  row(name: string): ReturnType<Backends<BackendSettings>["rows"]>[number] {
    return this.backends.rows(this.usage).find((row) => row.name === name) ?? expect.fail(name);
  }

  breaker(name: string): ReturnType<Backends<BackendSettings>["breakerRows"]>[number] {
    return this.backends.breakerRows().find((row) => row.name === name) ?? expect.fail(name);
  }
}

function drain(backend: string, deadlineMs?: number): BackendAction {
  return { kind: "drain", backend, deadlineMs };
}

const three = [server("eu-1"), server("eu-2"), server("us-1", { priority: 1 })];

describe("the choice", () => {
  it("is by weight among the servers of the best priority", () => {
    const site = new Site([server("eu-1", { weight: 300 }), server("eu-2"), server("us-1", { priority: 1 })]);
    const names = site.names(8);
    expect(names.filter((name) => name === "eu-1")).toHaveLength(6);
    expect(names.filter((name) => name === "eu-2")).toHaveLength(2);
  });

  it("passes over who just failed while there is another", () => {
    const site = new Site(three);
    expect(new Set(site.names(4, "eu-1"))).toEqual(new Set(["eu-2"]));
    expect(new Site([server("eu-1")]).names(1, "eu-1")).toEqual(["eu-1"]);
  });

  it("keeps the server in use when only its link is to be replaced, unless it takes nothing new", () => {
    const site = new Site(three);
    for (let turn = 0; turn < 4; turn++) {
      const { name, permit } = site.attempt(undefined, "eu-2");
      permit.ok(5);
      expect(name).toBe("eu-2");
    }
    site.act(drain("eu-2"));
    expect(site.attempt(undefined, "eu-2").name).toBe("eu-1");
  });

  it.each<[string, (site: Site) => void]>([
    ["drained", (site) => site.act(drain("eu-1"))],
    ["in maintenance", (site) => site.act({ kind: "maint", backend: "eu-1" })],
    ["without weight", (site) => site.act({ kind: "set_weight", backend: "eu-1", weight: 0 })],
    ["behind an open breaker", (site) => site.act({ kind: "open_breaker", backend: "eu-1", forMs: undefined })],
    ["about to stop", (site) => site.backends.leaving("eu-1")],
    ["rejected by policy", (site) => site.fail("eu-1", 1, "policy")],
    ["down", (site) => [1, 2, 3].forEach(() => site.backends.linkDied("eu-1", "silent"))],
  ])("passes over a server that is %s", (_, act) => {
    const site = new Site(three);
    act(site);
    expect(new Set(site.names(4))).toEqual(new Set(["eu-2"]));
    expect(site.backends.hasAlternative("eu-2")).toBe(true);
    site.act(drain("eu-2"));
    expect(new Set(site.names(4))).toEqual(new Set(["us-1"]));
    expect(site.backends.hasAlternative("us-1")).toBe(false);
  });

  it("falls on servers in bad health when there are no others, but not on what somebody took away", () => {
    const site = new Site([server("eu-1"), server("eu-2")]);
    for (const name of ["eu-1", "eu-2"]) for (let death = 0; death < 3; death++) site.backends.linkDied(name, "silent");
    expect(new Set(site.names(4))).toEqual(new Set(["eu-1", "eu-2"]));
    site.act({ kind: "maint", backend: "eu-1" });
    expect(new Set(site.names(4))).toEqual(new Set(["eu-2"]));
    site.act({ kind: "maint", backend: "eu-2" }, { acceptRisk: true });
    expect(site.backends.choose(undefined, undefined)).toEqual({
      kind: "none",
      retryIn: 1000,
      reason: "no server may be used now",
    });
  });

  it("says when to ask again: when the first breaker lets one through", () => {
    const site = new Site([server("eu-1"), server("eu-2")]);
    site.fail("eu-2", 3);
    site.clock.advance(300);
    site.fail("eu-1", 3);
    const choice = site.backends.choose(undefined, undefined);
    expect(choice).toMatchObject({ kind: "none", retryIn: 450 });
    site.clock.advance(450);
    expect(site.attempt().name).toBe("eu-2");
  });
});

describe("an attempt", () => {
  it("that is refused three times opens the breaker, which heals with nobody asking", () => {
    const site = new Site([server("eu-1"), server("eu-2")]);
    site.tick("eu-2");
    site.fail("eu-1", 2);
    expect(site.breaker("eu-1").state).toBe("closed");
    site.fail("eu-1", 1);
    expect(site.changes).toEqual(["eu-1 starting down", "eu-1 closed open consecutive_failures"].toReversed());
    expect(site.row("eu-1")).toMatchObject({
      operational: "down",
      breaker: "open",
      failures: 3,
      last_error: "connection_refused",
    });
    // Its server is back: checks pass and close it.
    for (let second = 0; second < 15; second++) {
      site.seconds(1, "eu-2");
      for (const name of site.probes.splice(0)) site.backends.probed(name, "ok", "");
    }
    expect(site.row("eu-1")).toMatchObject({ operational: "up", breaker: "closed" });
  });

  it("that fails by our own fault counts nowhere", () => {
    const site = new Site([server("eu-1"), server("eu-2")]);
    site.fail("eu-1", 20, "local");
    expect(site.row("eu-1")).toMatchObject({ operational: "starting", breaker: "closed", failures: 0 });
    expect(site.breaker("eu-1")).toMatchObject({ calls: 0 });
    expect(site.changes).toEqual([]);
  });

  it("that somebody ended counts nowhere", () => {
    const site = new Site([server("eu-1")]);
    site.names(20);
    expect(site.breaker("eu-1")).toMatchObject({ calls: 0, state: "closed" });
  });

  it("that is rejected by policy opens the breaker at once and says so", () => {
    const site = new Site([server("eu-1"), server("eu-2")]);
    site.fail("eu-1", 1, "policy");
    expect(site.changes).toEqual(["eu-1 closed open policy"]);
    expect(site.breaker("eu-1")).toMatchObject({ state: "open", last_cause: "policy" });
  });

  it("that succeeds makes the server up", () => {
    const site = new Site([server("eu-1")]);
    site.backends.leaving("eu-1");
    site.attempt().permit.ok(5);
    expect(site.row("eu-1").operational).toBe("up");
    expect(site.breaker("eu-1")).toMatchObject({ calls: 1, failure_rate: 0 });
  });
});

/** Three sessions, one after another, that end like this. */
function sessions(lived: number, outcome: "remote" | "cancelled" | "local"): Site {
  const site = new Site([server("eu-1"), server("eu-2")]);
  for (let time = 0; time < 3; time++) {
    site.attempt(undefined, "eu-1").permit.ok(5);
    site.clock.advance(lived);
    site.backends.sessionEnded("eu-1", outcome, lived);
    site.backends.sessionEnded("eu-1", outcome, lived);
  }
  return site;
}

describe("a session", () => {
  it("that dies within 30 s is one failed call", () => {
    // A call that succeeded and one that failed each time: the rate opens it at the fifth call, not the count in a row.
    expect(sessions(1000, "remote").breaker("eu-1")).toMatchObject({
      state: "open",
      last_cause: "failure_rate",
      calls: 6,
    });
  });

  it.each([
    [30_000, "remote"],
    [1000, "cancelled"],
    [1000, "local"],
  ] as const)("that ends after %d ms, %s, is none", (lived, outcome) => {
    expect(sessions(lived, outcome).breaker("eu-1")).toMatchObject({ state: "closed", failure_rate: 0 });
  });
});

describe("a breaker", () => {
  it("of a server without alternative is open for 5 s at most", () => {
    const site = new Site([server("eu-1")]);
    for (let opening = 0; opening < 6; opening++) {
      while (site.breaker("eu-1").state !== "open") site.attempt().permit.fail("remote", 5, "refused");
      const choice = site.backends.choose(undefined, undefined);
      expect(choice).toMatchObject({ kind: "none" });
      expect(site.breaker("eu-1").retry_in_ms).toBeLessThanOrEqual(5000);
      site.clock.advance(5000);
      expect(site.breaker("eu-1").state).toBe("half-open");
    }
  });

  it("of a server with an alternative is open for longer, until that is gone", () => {
    const site = new Site([server("eu-1"), server("eu-2")]);
    site.fail("eu-1", 3);
    while (site.changes.filter((change) => change.startsWith("eu-1 half_open open")).length < 5) {
      site.seconds(1, "eu-2");
      for (const name of site.probes.splice(0)) site.backends.probed(name, "remote", "timeout");
    }
    const long = site.breaker("eu-1").retry_in_ms ?? 0;
    site.act({ kind: "maint", backend: "eu-2" }, { acceptRisk: true });
    site.tick(undefined);
    expect(long).toBeGreaterThan(5000);
    expect(site.breaker("eu-1").retry_in_ms).toBeLessThanOrEqual(5000);
  });
});

describe("checks", () => {
  it("are not made of servers that are believed up", () => {
    const site = new Site(three);
    site.seconds(60, "eu-1");
    expect(site.probes).toEqual([]);
  });

  it("are made of a server that is down, not of the one in use, and not in maintenance", () => {
    const site = new Site([server("eu-1"), server("eu-2")]);
    for (const name of ["eu-1", "eu-2"]) for (let death = 0; death < 3; death++) site.backends.linkDied(name, "silent");
    site.seconds(1, "eu-2");
    expect(site.probes).toEqual(["eu-1"]);
    // One at a time.
    site.seconds(20, "eu-2");
    expect(site.probes).toEqual(["eu-1"]);
    site.backends.probed("eu-1", "remote", "timeout");
    site.seconds(1, "eu-2");
    expect(site.probes).toEqual(["eu-1", "eu-1"]);
    site.backends.probed("eu-1", "remote", "timeout");
    site.act({ kind: "maint", backend: "eu-1" });
    site.seconds(20, "eu-2");
    expect(site.probes).toHaveLength(2);
  });

  it("take a permit of the breaker, and none while it is open", () => {
    const site = new Site([server("eu-1"), server("eu-2")]);
    site.act({ kind: "open_breaker", backend: "eu-1", forMs: 10_000 });
    for (let death = 0; death < 3; death++) site.backends.linkDied("eu-1", "silent");
    site.seconds(9, "eu-2");
    expect(site.probes).toEqual([]);
    site.seconds(2, "eu-2");
    expect(site.probes).toEqual(["eu-1"]);
    expect(site.breaker("eu-1")).toMatchObject({ state: "half-open", permits_left: 2 });
    site.backends.probed("eu-1", "remote", "timeout");
    expect(site.breaker("eu-1")).toMatchObject({ state: "open", cause: "half_open_failure" });
    expect(site.row("eu-1").last_error).toBe("timeout");
  });

  it("bring a server of a better priority back into use, once it passes them and its slow start", () => {
    const site = new Site(three);
    site.act(drain("eu-2"));
    for (let death = 0; death < 3; death++) site.backends.linkDied("eu-1", "silent");
    site.backends.probed("eu-1", "ok", "an answer that nobody asked for");
    expect(site.row("eu-1").operational).toBe("down");
    for (let second = 0; second < 8; second++) {
      site.seconds(1, "us-1");
      for (const name of site.probes.splice(0)) site.backends.probed(name, "ok", "");
    }
    expect(site.row("eu-1").operational).toBe("up");
    expect(site.row("eu-1").effective_weight).toBeLessThan(30);
    expect(site.backends.failBack("us-1", true)).toBeUndefined();
    site.seconds(30, "us-1");
    expect(site.backends.failBack("us-1", true)).toBe("eu-1");
    expect(site.backends.failBack("us-1", false)).toBeUndefined();
    expect(site.backends.failBack("eu-1", true)).toBeUndefined();
  });

  it("find a server that nothing is known of, when its priority is better", () => {
    const site = new Site(three);
    site.seconds(1, "us-1");
    expect(site.probes).toEqual(["eu-1", "eu-2"]);
  });

  it("find a server again that left, but do not ask it before it had time to", () => {
    const site = new Site([server("eu-1"), server("eu-2")]);
    site.backends.leaving("eu-1");
    site.seconds(29, "eu-2");
    expect(site.probes).toEqual([]);
    expect(site.row("eu-1").operational).toBe("stopping");
    site.seconds(1, "eu-2");
    expect(site.probes).toEqual(["eu-1"]);
    site.backends.probed("eu-1", "ok", "");
    expect(site.row("eu-1")).toMatchObject({ operational: "up", last_error: null });
  });
});

describe("the server in use", () => {
  it("is to be left when it is drained or about to stop, if there is another", () => {
    const site = new Site([server("eu-1"), server("eu-2")]);
    expect(site.backends.shouldLeave("eu-1", true)).toBe(false);
    site.act(drain("eu-1"));
    expect(site.backends.shouldLeave("eu-1", true)).toBe(true);
    // Its flows would break: they may end where they are.
    expect(site.backends.shouldLeave("eu-1", false)).toBe(false);
    site.act(drain("eu-2"), { acceptRisk: true });
    expect(site.backends.shouldLeave("eu-1", true)).toBe(false);
    site.act({ kind: "ready", backend: "eu-2" });
    site.act({ kind: "ready", backend: "eu-1" });
    site.backends.leaving("eu-1");
    site.backends.alive("eu-1", 3, undefined);
    expect(site.backends.shouldLeave("eu-1", false)).toBe(true);
  });

  it("is up by its link alone, whose round trips weigh it", () => {
    const site = new Site([server("eu-1"), server("eu-2")]);
    for (let second = 0; second < 60; second++) {
      site.backends.alive("eu-1", 80, 12);
      site.backends.alive("eu-2", 20, 3);
      site.seconds(1, "eu-1");
    }
    expect(site.row("eu-1")).toMatchObject({ operational: "up", rtt_ms: 80 });
    expect(site.row("eu-1").effective_weight).toBeLessThan(30);
    expect(site.row("eu-2")).toMatchObject({ rtt_ms: 20, effective_weight: 100 });
    site.act({ kind: "set_weight", backend: "eu-1", weight: 200 });
    expect(site.row("eu-1")).toMatchObject({ weight: 200, effective_weight: 200, weight_pinned: true });
    site.act({ kind: "set_weight", backend: "eu-1", weight: "auto" });
    expect(site.row("eu-1")).toMatchObject({ weight: 100, weight_pinned: false });
  });
});

describe("an operator", () => {
  it("drains, takes into maintenance and makes ready, which is told once", () => {
    const site = new Site(three);
    expect(site.act(drain("eu-1"))).toMatchObject({
      kind: "done",
      message: "drain eu-1: no connection moves, eu-2, us-1 left healthy",
    });
    site.act(drain("eu-1"));
    expect(site.row("eu-1").admin).toBe("drain");
    site.act({ kind: "maint", backend: "eu-1" });
    expect(site.row("eu-1").admin).toBe("maint");
    site.act({ kind: "ready", backend: "eu-1" });
    expect(site.row("eu-1")).toMatchObject({ admin: "ready", operational: "starting" });
    expect(site.admins).toEqual(["eu-1 drain", "eu-1 maint", "eu-1 ready"]);
  });

  it("gives a drain a deadline, which ends it in maintenance unless it is taken back", () => {
    const site = new Site(three);
    site.act(drain("eu-1", 10_000));
    site.act(drain("eu-2", 5000));
    site.act({ kind: "ready", backend: "eu-2" });
    site.clock.advance(9999);
    expect(site.row("eu-1").admin).toBe("drain");
    site.clock.advance(1);
    expect(site.row("eu-1").admin).toBe("maint");
    expect(site.row("eu-2").admin).toBe("ready");
  });

  it("is told what would move and what is left, and nothing is done in a dry run", () => {
    const site = new Site(three);
    site.use.set("eu-1", { connections: 2, bps: 5e6, current: true });
    const facts = { connections_moved: 2, bps_moved: 5e6, left: ["eu-2", "us-1"], last_healthy: false };
    const message = "would drain eu-1: 2 connections with 5.0 Mbit/s to move, eu-2, us-1 left healthy";
    expect(site.act(drain("eu-1"), { dryRun: true })).toEqual({ kind: "done", message, facts });
    expect(site.row("eu-1").admin).toBe("ready");
    expect(site.act({ kind: "set_weight", backend: "eu-1", weight: 0 }, { dryRun: true })).toMatchObject({
      message: "would set to weight 0 eu-1: no connection moves, eu-2, us-1 left healthy",
      facts: { connections_moved: 0, left: ["eu-2", "us-1"] },
    });
    expect(site.act({ kind: "ready", backend: "eu-1" }, { dryRun: true })).toMatchObject({
      message: "would make ready eu-1",
      facts: { connections_moved: 0, left: ["eu-1", "eu-2", "us-1"] },
    });
    expect(site.act(drain("nobody"))).toBeUndefined();
    expect(site.admins).toEqual([]);
  });

  it("says that a drain moves nothing where a takeover breaks flows", () => {
    const site = new Site(three);
    site.keepsFlows = false;
    site.use.set("eu-1", { connections: 1, bps: 5e6, current: true });
    expect(site.act(drain("eu-1"), { dryRun: true })).toMatchObject({
      message: "would drain eu-1: 1 connection with 5.0 Mbit/s to stay, eu-2, us-1 left healthy",
      facts: { connections_moved: 0, bps_moved: 0 },
    });
    expect(site.act({ kind: "maint", backend: "eu-1" }, { dryRun: true })).toMatchObject({
      facts: { connections_moved: 1 },
    });
  });

  it.each<BackendAction>([
    drain("eu-1"),
    { kind: "maint", backend: "eu-1" },
    { kind: "set_weight", backend: "eu-1", weight: 0 },
    { kind: "open_breaker", backend: "eu-1", forMs: undefined },
  ])("must accept the risk to take away the last healthy server: %o", (action) => {
    const site = new Site([server("eu-1"), server("eu-2")]);
    site.backends.leaving("eu-2");
    for (const dryRun of [true, false]) {
      expect(site.act(action, { dryRun })).toEqual({
        kind: "refused",
        message: "eu-1 is the last healthy backend: nothing would be left (--accept-risk does it all the same)",
      });
    }
    expect(site.row("eu-1")).toMatchObject({ admin: "ready", breaker: "closed", weight: 100 });
    expect(site.act(action, { dryRun: true, acceptRisk: true })).toMatchObject({
      message: expect.stringContaining("nothing left healthy, it is the last healthy backend"),
      facts: { last_healthy: true, left: [] },
    });
    expect(site.act(action, { acceptRisk: true })).toMatchObject({ kind: "done" });
    expect(site.backends.hasAlternative("eu-2")).toBe(false);
  });

  it("takes new rules for breakers that are there", () => {
    const site = new Site([server("eu-1"), server("eu-2")]);
    site.backends.useBreakerRules({ ...breakerRules, consecutive: 1 });
    site.fail("eu-1", 1);
    expect(site.breaker("eu-1").state).toBe("open");
    site.backends.useBreakerRules({ ...breakerRules, mode: "observe" });
    expect(site.breaker("eu-1").state).toBe("observe");
    site.fail("eu-1", 2);
    expect(site.breaker("eu-1").state).toBe("observe");
    expect(site.backends.breakerAlerts()).toEqual([]);
  });

  it("raises an alert for a breaker that is open, whoever opened it", () => {
    const site = new Site(three);
    site.act({ kind: "open_breaker", backend: "eu-1", forMs: undefined });
    site.fail("eu-2", 3);
    expect(site.backends.breakerAlerts().map(({ code, message }) => `${code}: ${message}`)).toEqual([
      "breaker_open: breaker of eu-1 is forced-open (operator)",
      "breaker_open: breaker of eu-2 is open (consecutive_failures)",
    ]);
  });

  it("opens, closes and resets breakers, one or all", () => {
    const site = new Site(three);
    site.act({ kind: "open_breaker", backend: "eu-1", forMs: 3000 });
    expect(site.breaker("eu-1")).toMatchObject({ state: "forced-open", retry_in_ms: 3000, cause: "operator" });
    site.act({ kind: "close_breaker", backend: "eu-2" });
    expect(site.breaker("eu-2").state).toBe("disabled");
    site.act({ kind: "reset_breaker", backend: "eu-1" });
    expect(site.breaker("eu-1").state).toBe("closed");
    const all: BackendAction = { kind: "reset_breaker", backend: undefined };
    expect(site.act(all, { dryRun: true })).toMatchObject({ message: "would reset every breaker" });
    expect(site.breaker("eu-2").state).toBe("disabled");
    site.act(all);
    expect(site.breaker("eu-2").state).toBe("closed");
  });
});

describe("rows", () => {
  it("have every field", () => {
    const site = new Site([server("eu-1", { weight: 50, priority: 2 })]);
    site.use.set("eu-1", { connections: 1, current: true });
    site.attempt().permit.ok(5);
    site.backends.alive("eu-1", 1.23456, 7);
    site.clock.advance(2000);
    expect(site.backends.rows(site.usage)).toEqual([
      {
        name: "eu-1",
        address: "eu-1.test:8443",
        admin: "ready",
        operational: "up",
        priority: 2,
        weight: 50,
        effective_weight: 50,
        weight_pinned: false,
        connections: 1,
        rtt_ms: 1.235,
        failures: 0,
        breaker: "closed",
        service: null,
        current: true,
        since_seconds: 2,
        last_error: null,
      },
    ]);
    expect(site.backends.breakerRows()).toEqual([
      {
        name: "eu-1",
        state: "closed",
        failure_rate: 0,
        slow_rate: 0,
        calls: 1,
        opened_seconds: null,
        retry_in_ms: null,
        permits_left: null,
        cause: null,
        last_cause: null,
      },
    ]);
  });
});

describe("what a server says of itself", () => {
  const calm = { load: 10, sessions: 5, draining: false };

  it("takes it out while it drains, and back when it does not any longer", () => {
    const site = new Site(three);
    site.backends.hinted("eu-1", { ...calm, draining: true });
    site.backends.alive("eu-1", undefined, undefined);
    site.backends.hinted("eu-1", { ...calm, draining: true });
    expect(site.names(6)).not.toContain("eu-1");
    expect(site.backends.shouldLeave("eu-1", true)).toBe(true);
    site.backends.hinted("eu-1", calm);
    expect(site.names(6)).toContain("eu-1");
    expect(site.changes).toEqual(["eu-1 starting stopping", "eu-1 stopping up"]);
  });

  it("lowers its weight when it has no time left, slowly", () => {
    const site = new Site(three);
    const weight = (name: string): number | undefined =>
      site.backends.rows(site.usage).find((row) => row.name === name)?.effective_weight;
    for (const load of [0, 70]) {
      site.backends.hinted("eu-1", { ...calm, load });
      site.clock.advance(1000);
      site.tick(undefined);
      expect(weight("eu-1")).toBe(100);
    }
    site.backends.hinted("eu-1", { ...calm, load: 100 });
    for (const expected of [90, 81]) {
      site.clock.advance(1000);
      site.tick(undefined);
      expect(weight("eu-1")).toBe(expected);
    }
    for (let second = 0; second < 30; second++) {
      site.clock.advance(1000);
      site.tick(undefined);
    }
    expect([weight("eu-1"), weight("eu-2")]).toEqual([25, 100]);
  });
});

describe("stop", () => {
  it("leaves no timer", () => {
    const site = new Site(three);
    site.fail("eu-1", 3);
    site.act(drain("eu-2", 60_000));
    site.act({ kind: "open_breaker", backend: "us-1", forMs: 60_000 }, { acceptRisk: true });
    expect(site.clock.pending).toBeGreaterThanOrEqual(3);
    site.backends.stop();
    expect(site.clock.pending).toBe(0);
    expect(site.admins).toEqual(["eu-2 drain"]);
  });
});

describe("the right to try one server", () => {
  it("does not move the rotation among the others, nor take a permit of another's breaker", () => {
    const [one, other] = [
      new Site([server("a"), server("b"), server("c")]),
      new Site([server("a"), server("b"), server("c")]),
    ];
    const taken = Array.from({ length: 9 }, () => {
      one.backends.acquire("b")?.cancel();
      return one.names(1)[0];
    });
    expect(taken).toEqual(other.names(9));
    one.halfOpen("c");
    const { permits_left } = one.breaker("c");
    expect(one.act({ kind: "maint", backend: "b" })?.kind).toBe("done");
    for (let time = 0; time < 5; time++) expect(one.backends.acquire("b")).toBeUndefined();
    expect(one.backends.acquire("nobody")).toBeUndefined();
    expect(one.breaker("c").permits_left).toBe(permits_left);
  });

  it("counts for its breaker and its health as an attempt does", () => {
    const site = new Site([server("a"), server("b")]);
    for (let time = 0; time < 3; time++) site.backends.acquire("b")?.fail("remote", 5, "connection_refused");
    expect(site.breaker("b").state).toBe("open");
    expect(site.backends.acquire("b")).toBeUndefined();
    expect(site.row("b").last_error).toBe("connection_refused");
  });
});
