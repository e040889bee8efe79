import { beforeEach, expect, test } from "vitest";
import { readArp } from "../../src/daemon/forward/arp.ts";
import type { LanMessage } from "../../src/daemon/forward/lan-message.ts";
import { readNeighbour } from "../../src/daemon/forward/neighbour.ts";
import { ProxyArp } from "../../src/daemon/forward/proxy-arp.ts";
import { FakeClock } from "../fakes/clock.ts";
import { FakeLan, type FakeLanPort } from "../fakes/lan.ts";
import { arpQuestion, bytes, neighbourQuestion } from "./questions.ts";

const v4 = "10.8.1.5";
const v6 = "fd00:8:0:1::5";

interface Server {
  port: FakeLanPort;
  proxy: ProxyArp;
  taken: string[];
}

let clock: FakeClock;
let lan: FakeLan;
let first: Server;
let second: Server;

function server(lastByte: number): Server {
  const port = lan.port(lastByte);
  const taken: string[] = [];
  return { port, taken, proxy: new ProxyArp(port, clock, (address, mac) => taken.push(`${address} ${mac}`)) };
}

beforeEach(() => {
  clock = new FakeClock();
  lan = new FakeLan();
  first = server(1);
  second = server(2);
});

function announced(port: FakeLanPort): LanMessage[] {
  return port.takeSent().flatMap((frame) => readArp(frame) ?? readNeighbour(frame) ?? []);
}

/** Hardware addresses of those who answer a question put on the LAN now. */
function answering(frame: Buffer): string[] {
  for (const { port } of [first, second]) port.takeSent();
  lan.inject(frame);
  return [first, second].flatMap(({ port }) => port.takeSent().map((answer) => answer.subarray(6, 12).toString("hex")));
}

test("answers for the addresses that it owns, and for nothing else", () => {
  first.proxy.own([v4, v6]);
  expect(answering(arpQuestion(v4))).toEqual(["020000000001"]);
  expect(answering(neighbourQuestion(v6))).toEqual(["020000000001"]);
  expect(answering(arpQuestion("10.8.1.6"))).toEqual([]);
  expect(answering(neighbourQuestion("fd00:8:0:1::105"))).toEqual([]);
  first.proxy.release([v4, v6]);
  expect(answering(arpQuestion(v4))).toEqual([]);
  expect(answering(neighbourQuestion(v6))).toEqual([]);
});

test("hears solicitations only while it owns an address of the group", () => {
  first.proxy.own([v4, v6, "fd00:9::ff00:5"]);
  expect(first.port.groups).toEqual(["3333ff000005", "3333ff000005"]);
  first.proxy.release([v6]);
  expect(first.port.groups).toEqual(["3333ff000005"]);
  first.proxy.release([v6, "fd00:9::ff00:5"]);
  expect(first.port.groups).toEqual([]);
});

test("tells the LAN three times, at 0, 100 and 500 ms, and not after it has let go", () => {
  const { port, proxy } = first;
  const times: number[] = [];
  proxy.own([v4, v6]);
  for (let millis = 0; millis <= 1000; millis += 50) {
    const sent = announced(port);
    if (sent.length > 0) {
      times.push(clock.now());
      expect(sent.map((message) => (message.kind === "announces" ? message.address : undefined))).toEqual([
        bytes(v4),
        bytes(v6),
      ]);
    }
    clock.advance(50);
  }
  expect(times).toEqual([0, 100, 500]);
  proxy.own([v4]);
  proxy.release([v4]);
  port.takeSent();
  clock.advance(1000);
  expect(port.takeSent()).toEqual([]);
  expect(clock.pending).toBe(0);
});

test("owned anew, it tells from the beginning and joins no second time", () => {
  first.proxy.own([v6]);
  clock.advance(50);
  first.proxy.own([v6]);
  first.port.takeSent();
  clock.advance(100);
  expect(first.port.takeSent()).toHaveLength(1);
  clock.advance(1000);
  expect(first.port.takeSent()).toHaveLength(1);
  expect(first.port.groups).toHaveLength(1);
});

test("lets go of what another server takes, and says who it is", () => {
  first.proxy.own([v4, v6, "10.8.1.6"]);
  second.proxy.own([v4, v6]);
  expect(first.taken).toEqual([`${v4} 02:00:00:00:00:02`, `${v6} 02:00:00:00:00:02`]);
  expect(answering(arpQuestion(v4))).toEqual(["020000000002"]);
  expect(answering(neighbourQuestion(v6))).toEqual(["020000000002"]);
  expect(answering(arpQuestion("10.8.1.6"))).toEqual(["020000000001"]);
  expect(first.port.groups).toEqual([]);
  clock.advance(1000);
  expect(second.taken).toEqual([]);
});

test("its own announcements that come back change nothing", () => {
  first.proxy.own([v4]);
  for (const frame of first.port.takeSent()) lan.inject(frame);
  expect(first.taken).toEqual([]);
  expect(answering(arpQuestion(v4))).toEqual(["020000000001"]);
});

test("a server that was stopped says nothing before it has heard what it missed", () => {
  first.proxy.own([v4]);
  clock.advance(50);
  first.port.setStopped(true);
  first.port.takeSent();
  lan.inject(arpQuestion(v4));
  second.proxy.own([v4]);
  // The timers of a process that wakes up run before it looks at its sockets.
  clock.advance(1000);
  first.port.setStopped(false);
  expect(first.port.takeSent()).toEqual([]);
  expect(first.taken).toHaveLength(1);
});

test("what another told before the session came back here is history", () => {
  first.proxy.own([v4]);
  first.port.setStopped(true);
  second.proxy.own([v4]);
  second.proxy.release([v4]);
  first.proxy.own([v4]);
  expect(first.taken).toHaveLength(1);
  first.port.setStopped(false);
  expect(answering(arpQuestion(v4))).toEqual(["020000000001"]);
});

test("an interface that comes back is told everything again", () => {
  first.proxy.own([v4, v6]);
  clock.advance(1000);
  first.port.setUp(false);
  first.proxy.networkChanged();
  expect(first.proxy.up).toBe(false);
  first.port.takeSent();
  first.proxy.networkChanged();
  first.port.setUp(true);
  first.proxy.networkChanged();
  expect(first.proxy.up).toBe(true);
  expect(first.port.takeSent()).toHaveLength(2);
  clock.advance(1000);
  first.port.takeSent();
  first.proxy.networkChanged();
  expect(first.port.takeSent()).toEqual([]);
});

test("what an interface that went down cut off is not said on top of what is told when it is back", () => {
  first.proxy.own([v4]);
  first.port.setUp(false);
  first.proxy.networkChanged();
  first.port.setUp(true);
  first.port.takeSent();
  clock.advance(1000);
  expect(first.port.takeSent()).toEqual([]);
  first.proxy.networkChanged();
  clock.advance(1000);
  expect(first.port.takeSent()).toHaveLength(3);
});

test("closed, it owns nothing and its port is closed", async () => {
  first.proxy.own([v4, v6]);
  await first.proxy.close();
  expect(first.port.closed).toBe(true);
  expect(first.port.groups).toEqual([]);
  expect(clock.pending).toBe(0);
});
