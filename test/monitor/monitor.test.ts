import { beforeEach, expect, it } from "vitest";
import { counterIndex, createCounters } from "../../src/daemon/metrics/counters.ts";
import { createLinkSlots, linkField, LinkSlots } from "../../src/daemon/metrics/link-slots.ts";
import { Monitor } from "../../src/daemon/monitor/monitor.ts";
import { LinkBook, type LinkRecord } from "../../src/daemon/pool/link-book.ts";
import { FakeClock } from "../fakes/clock.ts";

const wall = 1_000_000;
let clock: FakeClock;
let counters: ReturnType<typeof createCounters>;
let slots: LinkSlots;
let links: LinkBook;
let monitor: Monitor;
let sessions: number;
/** Steps of the control flow, as they were taken. */
let steps: string[];

beforeEach(() => {
  steps = [];
  const step = (name: string) => (): void => void steps.push(`${name} after ${monitor.history.length} samples`);
  const flow = {
    health: step("health"),
    weights: step("weights"),
    breakers: step("breakers"),
    rates: step("rates"),
    metrics: step("metrics"),
  };
  clock = new FakeClock({ wall });
  counters = createCounters();
  slots = new LinkSlots(createLinkSlots(4));
  links = new LinkBook();
  sessions = 0;
  monitor = new Monitor({
    clock,
    counters: [counters],
    slots: slots.values,
    links,
    sessionCount: () => sessions,
    flow,
  });
});

function addLink(link: number, slot: number | undefined): LinkRecord {
  const inner = ["10.8.0.2"];
  return links.add({
    link,
    slot,
    identity: "ann",
    session: "0123456789abcdef0123456789abcdef",
    backend: "eu-1",
    remote: "192.0.2.1:8443",
    inner,
    index: undefined,
    drainingSince: undefined,
    server: undefined,
    state: "active",
    since: clock.now(),
  });
}

it("samples once a second: rates, connections, sessions, drops of every reason", () => {
  counters[counterIndex.rx_bytes] = 1000;
  clock.advance(1000);
  counters[counterIndex.rx_bytes] = 3000;
  counters[counterIndex.tx_bytes] = 500;
  counters[counterIndex.malformed] = 2;
  counters[counterIndex.tun_refused] = 3;
  sessions = 7;
  addLink(1, undefined);
  clock.advance(999);
  expect(monitor.history).toHaveLength(1);
  clock.advance(1);
  expect(monitor.history).toEqual([
    { time_ms: wall + 1000, rx_bps: 0, tx_bps: 0, connections: 0, sessions: 0, dropped: 0 },
    { time_ms: wall + 2000, rx_bps: 16_000, tx_bps: 4000, connections: 1, sessions: 7, dropped: 5 },
  ]);
});

it("samples, then checks health, sets weights, settles breakers, adjusts rates and gives out metrics", () => {
  monitor.onTick(() => steps.push("listeners"));
  clock.advance(1000);
  expect(steps).toEqual([
    "health after 1 samples",
    "weights after 1 samples",
    "breakers after 1 samples",
    "rates after 1 samples",
    "metrics after 1 samples",
    "listeners",
  ]);
});

it("says what held a link back in the last second, and which sessions are slower than their limits", () => {
  const slot = slots.take() ?? expect.fail();
  addLink(1, slot);
  const after = (bucket: number, window: number, peerWindow = 0): (string | boolean | undefined)[] => {
    slots.values[slot + linkField.bucket_waits]! += bucket;
    slots.values[slot + linkField.window_waits]! += window;
    slots.values[slot + linkField.peer_window_us]! += peerWindow;
    clock.advance(1000);
    return [monitor.links.connections()[0]?.limited_by, monitor.links.slowSessions().get("0123456789ab")];
  };
  expect(after(0, 0)).toEqual(["nothing", false]);
  expect(after(900, 3)).toEqual(["bucket", false]);
  expect(after(2, 200, 600_000)).toEqual(["peer_window", true]);
  expect(after(2, 200, 5_000)).toEqual(["backend_rtt", true]);
  expect(after(0, 0)).toEqual(["nothing", false]);
});

it("gives the busiest links when asked for so many, and what each moved in a second", () => {
  const moved = (): unknown[] => {
    const rows: unknown[] = [];
    monitor.links.eachMoved((...row) => void rows.push(row));
    return rows;
  };
  const at = [1, 2, 3].map((link) => {
    const slot = slots.take() ?? expect.fail();
    addLink(link, slot);
    return slot + linkField.rx_bytes;
  });
  clock.advance(1000);
  slots.values[at[1]!] = 1000;
  clock.advance(1000);
  expect(monitor.links.connections(2).map(({ id }) => id)).toEqual(["c1", "c2"]);
  expect(monitor.links.connections()).toHaveLength(3);
  expect(moved()).toEqual([
    ["ann", 0, 0],
    ["ann", 1000, 0],
    ["ann", 0, 0],
  ]);
  links.remove(2);
  clock.advance(1000);
  addLink(2, at[0]! - linkField.rx_bytes);
  slots.values[at[0]!] = 70;
  clock.advance(1000);
  expect(moved()).toEqual([
    ["ann", 70, 0],
    ["ann", 0, 0],
    ["ann", 70, 0],
  ]);
});

it("keeps 15 minutes", () => {
  clock.advance(2000 * 1000);
  expect(monitor.history).toHaveLength(900);
  expect(monitor.history[0]?.time_ms).toBe(wall + 1101 * 1000);
  expect(monitor.history.at(-1)?.time_ms).toBe(wall + 2000 * 1000);
});

it("tells listeners after each tick, and stops", () => {
  const heard: number[] = [];
  const off = monitor.onTick(() => heard.push(monitor.history.length));
  clock.advance(2000);
  off();
  clock.advance(1000);
  expect(heard).toEqual([1, 2]);
  monitor.stop();
  clock.advance(5000);
  expect(monitor.history).toHaveLength(3);
  expect(clock.pending).toBe(0);
});

it("shows links with their figures, and those that are not secured yet without", () => {
  const slot = slots.take() ?? expect.fail();
  addLink(1, slot);
  addLink(2, undefined);
  clock.advance(1000);
  slots.values[slot + linkField.rx_bytes] = 1000;
  slots.values[slot + linkField.tx_bytes] = 250;
  clock.advance(1000);
  const shown = {
    id: "c1",
    kind: "link",
    identity: "ann",
    session: "0123456789ab",
    backend: "eu-1",
    remote: "192.0.2.1:8443",
    inner: ["10.8.0.2"],
    state: "active",
    since_seconds: 2,
    rx_bytes: 1000,
    tx_bytes: 250,
    rx_bps: 8000,
    tx_bps: 2000,
    rtt_ms: null,
    limited_by: "nothing",
  };
  const unsecured = { ...shown, id: "c2", rx_bytes: 0, tx_bytes: 0, rx_bps: 0, tx_bps: 0 };
  expect(monitor.links.connections()).toEqual([shown, unsecured]);
  slots.values[slot + linkField.rtt_ms] = 1.234_567;
  expect(monitor.links.connections()[0]).toMatchObject({ rtt_ms: 1.235 });
});

it("begins anew for a link in the slot of one that ended", () => {
  const slot = slots.take() ?? expect.fail();
  addLink(1, slot);
  clock.advance(1000);
  slots.values[slot + linkField.rx_bytes] = 1_000_000;
  clock.advance(1000);
  links.remove(1);
  slots.giveBack(slot);
  clock.advance(1000);
  expect(slots.take()).toBe(slot);
  addLink(2, slot);
  slots.values[slot + linkField.rx_bytes] = 100;
  clock.advance(1000);
  expect(monitor.links.connections()[0]).toMatchObject({ id: "c2", rx_bytes: 100, rx_bps: 0 });
  // The same number again, as after a long run.
  links.remove(2);
  clock.advance(1000);
  addLink(2, slot);
  slots.values[slot + linkField.rx_bytes] = 200;
  clock.advance(1000);
  expect(monitor.links.connections()[0]?.rx_bps).toBe(0);
});
