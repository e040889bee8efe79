import { beforeEach, expect, test } from "vitest";
import type { ServerSettings } from "../../src/daemon/config/settings.ts";
import type { BackendAction } from "../../src/daemon/control/backend.ts";
import type { Command } from "../../src/daemon/engine/messages.ts";
import type { PublishedService, ServiceEvent, ServiceFigures } from "../../src/daemon/engine/service-messages.ts";
import { EventLog } from "../../src/daemon/monitor/event-log.ts";
import { Services } from "../../src/daemon/services.ts";
import { settingsOf } from "../config/fixtures.ts";
import { FakeClock } from "../fakes/clock.ts";

function settings(services: string): ServerSettings {
  return settingsOf(`core: {mode: server, name: edge-01, state_dir: /x}
network: {address: 10.8.0.1/16}
tunnel: {listen: "127.0.0.1:8443"}
security: {tls: {cert: a.crt, key: a.key, ca: ca.crt}}
services: ${services}
`) as ServerSettings;
}

const a = "{name: a, address: 10.0.0.1:80, weight: 4}";
const b = "{name: b, address: 10.0.0.2:80}";
const web = `{name: web, listen: 10.8.0.1:80, endpoints: [${a}, ${b}]}`;

let clock: FakeClock;
let commands: Command[];
let services: Services;

beforeEach(() => {
  clock = new FakeClock();
  commands = [];
  const start = settings(`[${web}]`);
  services = new Services({
    clock,
    engine: {
      send: (command) => void commands.push(command),
      responds: async () => {},
      stop: async () => {},
    },
    events: new EventLog(clock, { server: "edge-01", boot_id: "1" }),
    settings: start,
  });
  services.apply(start);
});

function published(): { seq: number; services: readonly PublishedService[] } {
  const last = commands.findLast((command) => command.type === "publish");
  return last?.type === "publish" ? last : expect.fail("nothing was published");
}

function endpoint(name: string, service = "web"): PublishedService["endpoints"][number] {
  const found = published()
    .services.find((row) => row.name === service)
    ?.endpoints.find((row) => row.name === name);
  return found ?? expect.fail(`${service}/${name} is not published`);
}

const figures: ServiceFigures = {
  name: "web",
  connections: 3,
  waiting: 1,
  warm: 0,
  endpoints: { a: 2, b: 1 },
  accepted: 9,
  refused: 1,
  retried: 2,
  failed: 1,
  rx_bytes: 1000,
  tx_bytes: 2000,
};

const connection = {
  id: 17,
  service: "web",
  endpoint: "a",
  state: "active",
  address: "10.8.0.9",
  owner: { identity: "ann", session: "5e55" },
  port: 4711,
  age: 5000,
  rx_bytes: 10,
  tx_bytes: 20,
  stalled: false,
  limited: false,
} as const;

function report(seq: number, more: Partial<ServiceFigures> = {}): void {
  const event: ServiceEvent = {
    type: "service_report",
    seq,
    services: [{ ...figures, ...more }],
    connections: [connection],
  };
  services.onEvent(event);
}

function calls(name: string, count: number, failure: string | undefined): void {
  const call = { endpoint: name, took: 5, failure };
  services.onEvent({ type: "service_calls", service: "web", calls: Array.from({ length: count }, () => call) });
}

function act(action: BackendAction, acceptRisk = false): string | undefined {
  const result = services.act(action, { dryRun: false, acceptRisk });
  return result === undefined ? undefined : `${result.kind}: ${result.message}`;
}

const row = (name: string): ReturnType<Services["backends"]>[number] =>
  services.backends().find((one) => one.name === name) ?? expect.fail(name);

test("what the settings say is published, once", () => {
  expect(published().services).toMatchObject([
    { name: "web", listen: { host: "10.8.0.1", port: 80 }, strategy: "least_connections", warm: { size: 0 } },
  ]);
  expect(endpoint("a")).toMatchObject({ host: "10.0.0.1", port: 80, weight: 4, admin: "ready", admits: true });
  const before = commands.length;
  services.settleBreakers();
  expect(commands).toHaveLength(before);
});

test("failed connects open the breaker: the endpoint is published as not admitted, and half-open as well", () => {
  calls("a", 3, "connection_refused");
  expect(row("web/a")).toMatchObject({ breaker: "open", operational: "down", last_error: "connection_refused" });
  expect(endpoint("a")).toMatchObject({ admits: false, operational: "down" });
  expect(endpoint("b").admits).toBe(true);
  clock.advance(1000);
  services.settleBreakers();
  expect(row("web/a").breaker).toBe("half-open");
  expect(endpoint("a").admits).toBe(false);
});

test("an endpoint that answers slowly gets less, the others their full weight", () => {
  for (let second = 0; second < 30; second++) {
    for (const [endpoint, took] of [
      ["a", 200],
      ["b", 2],
    ] as const) {
      services.onEvent({ type: "service_calls", service: "web", calls: [{ endpoint, took, failure: undefined }] });
    }
    clock.advance(1000);
    services.adjustWeights();
  }
  services.settleBreakers();
  expect(endpoint("a").weight).toBeCloseTo(1);
  expect(endpoint("b").weight).toBe(1);
  expect(row("web/a")).toMatchObject({ weight: 4, effective_weight: 1, rtt_ms: 200 });
});

test("our own limits count against no endpoint", () => {
  calls("a", 10, "local_limit");
  expect(row("web/a")).toMatchObject({ breaker: "closed", operational: "starting", last_error: "local_limit" });
});

test("a drained endpoint is drained only when the data thread has heard of it and has nothing left", () => {
  report(published().seq, { endpoints: { b: 1 } });
  expect(row("web/a").connections).toBe(0);
  expect(act({ kind: "drain", backend: "web/a", deadlineMs: 5000 })).toBe(
    "done: drain web/a: no connection is left to finish, web/b left healthy",
  );
  expect(endpoint("a").admin).toBe("drain");
  // One may have been on its way.
  expect(row("web/a")).toMatchObject({ admin: "drain", connections: 1, service: "web" });
  report(published().seq - 1, { endpoints: { b: 1 } });
  expect(row("web/a").connections).toBe(1);
  report(published().seq, { endpoints: { a: 2, b: 1 } });
  expect(row("web/a").connections).toBe(2);
  expect(services.connections()[0]?.state).toBe("draining");
  expect(commands.some(({ type }) => type === "service_cut")).toBe(false);
  clock.advance(5000);
  expect(row("web/a").admin).toBe("maint");
  expect(commands.at(-1)).toEqual({ type: "service_cut", service: "web", endpoint: "a" });
});

test("the last healthy endpoint of a service is kept unless the risk is accepted", () => {
  act({ kind: "maint", backend: "web/a" });
  expect(act({ kind: "maint", backend: "web/b" })).toMatch(/^refused: web\/b is the last healthy backend/);
  report(published().seq);
  expect(act({ kind: "maint", backend: "web/b" }, true)).toBe(
    "done: take into maintenance web/b: 1 connection with 0.0 Mbit/s to be reset, nothing left healthy, it is the last healthy backend",
  );
  expect(services.rows()[0]?.state).toBe("starting");
  services.onEvent({ type: "service_listening", service: "web", error: undefined });
  expect(services.rows()[0]).toMatchObject({ state: "down", endpoints_total: 2 });
  expect(services.alerts()).toMatchObject([{ code: "service_down", severity: "critical" }]);
  expect(act({ kind: "ready", backend: "web/none" })).toBeUndefined();
  expect(act({ kind: "ready", backend: "none/a" })).toBeUndefined();
});

test("one that can't listen says so, and is published again until it can", () => {
  services.onEvent({ type: "service_listening", service: "web", error: "EADDRINUSE" });
  expect(services.rows()[0]).toMatchObject({ state: "failed", error: "EADDRINUSE" });
  expect(services.alerts()).toMatchObject([{ code: "service_failed" }]);
  const before = published().seq;
  services.settleBreakers();
  expect(published().seq).toBe(before + 1);
  services.onEvent({ type: "service_listening", service: "web", error: undefined });
  services.settleBreakers();
  expect(published().seq).toBe(before + 1);
  expect(services.rows()[0]).toMatchObject({ state: "up", error: null });
});

test("figures and connections are shown with the client's identity, and a connection can be kicked", () => {
  report(published().seq);
  clock.advance(1000);
  report(published().seq, { rx_bytes: 2000 });
  expect(services.rows()[0]).toMatchObject({ connections: 3, waiting: 1, accepted: 9, failed: 1, rx_bps: 8000 });
  expect(services.connections()).toMatchObject([
    { id: "s17", kind: "service", identity: "ann", session: "5e55", backend: "web/a", remote: "10.8.0.9:4711" },
  ]);
  expect(services.kick("s18", "", false)).toBeUndefined();
  const before = commands.length;
  expect(services.kick("s17", "", true)).toMatchObject({ message: "would reset connection s17 of ann to web/a" });
  expect(commands).toHaveLength(before);
  services.kick("s17", "", false);
  expect(commands.at(-1)).toEqual({ type: "service_kick", connection: 17 });
});

test("a reload keeps what is known of an endpoint that stays, and forgets those that go", () => {
  calls("a", 3, "connection_refused");
  act({ kind: "drain", backend: "web/b", deadlineMs: undefined }, true);
  const c = "{name: c, address: 10.0.0.3:80}";
  const moved = "{name: b, address: 10.0.0.9:80}";
  const db = `{name: db, listen: 10.8.0.1:5432, endpoints: [${c}], warm_connections: 2}`;
  services.apply(settings(`[{name: web, listen: 10.8.0.1:80, endpoints: [${a}, ${moved}]}, ${db}]`));
  expect(published().services.map(({ name }) => name)).toEqual(["web", "db"]);
  expect(row("web/a").breaker).toBe("open");
  // Another address is another endpoint.
  expect(row("web/b").admin).toBe("ready");
  expect(endpoint("b").host).toBe("10.0.0.9");
  expect(published().services[1]?.warm.size).toBe(2);
  services.apply(settings("[]"));
  expect(published().services).toEqual([]);
  expect(services.backends()).toEqual([]);
  expect(clock.pending).toBe(0);
});
