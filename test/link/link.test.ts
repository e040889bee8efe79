import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { zstdCompressSync } from "node:zlib";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { controlFrame, frameType } from "../../src/daemon/link/frame.ts";
import { type Kernel, kernelOf } from "../../src/daemon/link/kernel.ts";
import type { Link } from "../../src/daemon/link/link.ts";
import type { LivenessRules } from "../../src/daemon/link/liveness.ts";
import { closeCodes, decodeClose, decodePong, encodeClose, encodeGoaway } from "../../src/daemon/link/messages.ts";
import type { Lender } from "../../src/daemon/link/send-queue.ts";
import { unpackedInTurn, UnpackTurns } from "../../src/daemon/link/unpack-turns.ts";
import type { TcpInfo } from "../../src/daemon/sys/tcp.ts";
import { FakeClock } from "../fakes/clock.ts";
import { TestCa } from "../tls/certificates.ts";
import { eventually } from "./eventually.ts";
import { parse } from "./frames.ts";
import { TestSocket } from "./test-socket.ts";
import { createCredentials, type Credentials, type End, openEnd, patient, RawEnd, tlsPair } from "./wire.ts";

let credentials: Credentials;
let clock: FakeClock;
const open: { destroy(): void }[] = [];

beforeAll(async () => {
  credentials = await createCredentials(await TestCa.create());
});

beforeEach(() => {
  clock = new FakeClock({ now: 100_000 });
});

afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy();
});

async function linkPair(): Promise<{ server: End; client: End }> {
  const sockets = await tlsPair(credentials);
  open.push(sockets.server, sockets.client);
  return { server: openEnd(sockets.server, clock), client: openEnd(sockets.client, clock) };
}

/** A link, and a peer that says what the test wants. */
async function linkAndPeer(liveness?: Parameters<typeof openEnd>[2]): Promise<End & { peer: RawEnd }> {
  const sockets = await tlsPair(credentials);
  open.push(sockets.server, sockets.client);
  return { ...openEnd(sockets.server, clock, liveness), peer: new RawEnd(sockets.client) };
}

async function active(liveness?: Parameters<typeof openEnd>[2]): Promise<End & { peer: RawEnd }> {
  const end = await linkAndPeer(liveness);
  end.link.activate();
  return end;
}

const noTcpInfo: TcpInfo = {
  bytesAcked: 0,
  bytesReceived: 0,
  unacked: 0,
  sendMss: 1448,
  notsentBytes: 0,
  rttMicros: 0,
  minRttMicros: 0,
  deliveryRateBytes: 0,
  lost: 0,
  retrans: 0,
  peerWindowMicros: 0,
};
const packet = controlFrame(frameType.packet, Buffer.alloc(60, 0x45));
const ping = controlFrame(frameType.ping, Buffer.from("12345678"));
const hello = Buffer.from("hello");

async function activePair(): Promise<{ server: End; client: End }> {
  const pair = await linkPair();
  pair.client.link.control(frameType.hello, hello);
  await pair.server.owner.told("greeting 1");
  pair.server.link.control(frameType.welcome, Buffer.from("welcome"));
  pair.server.link.activate();
  await pair.client.owner.told("greeting 2");
  pair.client.link.activate();
  return pair;
}

/** The code and text of the CLOSE that a peer reads. */
async function closeOf(peer: RawEnd): Promise<{ reason: string; text: string } | undefined> {
  const body = await peer.frame(frameType.close);
  return body === undefined ? undefined : decodeClose(body);
}

describe("two links", () => {
  it("greet each other, then carry packets both ways", async () => {
    const { server, client } = await activePair();
    expect(server.owner.greetings).toEqual([hello]);
    client.link.send(Buffer.concat([packet, packet]), 2, 120, undefined);
    server.link.send(packet, 1, 60, undefined);
    await client.owner.told("packet");
    await eventually(() => server.owner.packets).toEqual([packet.subarray(4), packet.subarray(4)]);
    expect([client.link.txBytes, server.link.rxBytes]).toEqual([120, 120]);
    expect([server.link.txBytes, client.link.rxBytes]).toEqual([60, 60]);
  });

  it("count the inner packet of an OFFLOAD without its fields", async () => {
    const { server, client } = await activePair();
    client.link.send(controlFrame(frameType.offload, Buffer.alloc(70)), 1, 60, undefined);
    await server.owner.told("packet");
    expect(server.link.rxBytes).toBe(60);
  });

  it("carry frames of any size whole and in order", async () => {
    const { server, client } = await activePair();
    const sizes = [20, 65_535, 21, 16_384, 16_385, 40_000, 20, 65_535];
    const bodies = sizes.map((size, index) => Buffer.alloc(size, index + 1));
    for (const body of bodies) client.link.send(controlFrame(frameType.packet, body), 1, body.length, undefined);
    await eventually(() => server.owner.packets.length).toBe(sizes.length);
    expect(server.owner.packets.map((body, index) => body.equals(bodies[index] as Buffer))).toEqual(
      sizes.map(() => true),
    );
  });

  it("tell each other why they part", async () => {
    const { server, client } = await activePair();
    server.link.close("kicked", "by ann\u001b[2J");
    expect(server.owner.said.at(-1)).toBe("closed kicked by ann\u001b[2J");
    expect(await client.owner.told("closed")).toBe("closed peer_kicked by ann?[2J");
    expect([server.link.state.kind, client.link.state.kind]).toEqual(["closed", "closed"]);
  });

  it("say why also in the middle of traffic, after whole frames", async () => {
    const { server, client } = await activePair();
    await eventually(() => server.link.queuedBytes).toBe(0);
    const run = Buffer.concat(Array.from({ length: 500 }, () => packet));
    for (let i = 0; i < 50; i++) server.link.send(run, 500, 0, undefined);
    server.link.close("superseded", "");
    expect(await client.owner.told("closed")).toBe("closed peer_superseded");
    expect(server.owner.unsent).toBe(49 * 500);
    expect(client.owner.packets).toHaveLength(500);
  });

  it("notice that the other end is gone", async () => {
    const { server, client } = await activePair();
    open[1]?.destroy();
    expect(await server.owner.told("closed")).toMatch(/^closed (peer_closed|socket_error)/);
    expect(await client.owner.told("closed")).toBe("closed peer_closed");
  });

  it("pass GOAWAY on, with a reason that can be shown", async () => {
    const { server, client } = await activePair();
    server.link.control(frameType.goaway, encodeGoaway("server", "maintenance\n"));
    expect(await client.owner.told("goaway")).toBe("goaway server maintenance?");
    expect(client.link.state.kind).toBe("active");
  });

  it("hear each frame once, and nothing after one of them closed inside a delivery", async () => {
    const { server, client } = await activePair();
    server.owner.onPacket = () => server.link.close("internal", "");
    client.link.send(Buffer.concat([packet, packet, packet]), 3, 0, undefined);
    await client.owner.told("closed");
    expect(server.owner.said).toEqual(["greeting 1", "packet", "closed internal"]);
  });
});

describe("before WELCOME", () => {
  it.each([
    ["a packet", packet, "packet before WELCOME"],
    ["an OFFLOAD", controlFrame(frameType.offload, Buffer.alloc(60)), "packet before WELCOME"],
    ["a PING", ping, "control frame before WELCOME"],
    ["a PONG", controlFrame(frameType.pong, Buffer.alloc(16)), "control frame before WELCOME"],
    ["a GOAWAY", controlFrame(frameType.goaway, encodeGoaway("link", "")), "control frame before WELCOME"],
    ["COMPRESSED", controlFrame(frameType.compressed, Buffer.alloc(9)), "control frame before WELCOME"],
  ])("%s is a protocol error", async (_what, frame, text) => {
    const { owner, peer } = await linkAndPeer();
    peer.read().socket.write(frame);
    expect(await closeOf(peer)).toEqual({ reason: "protocol_error", text });
    expect(owner.said).toEqual([`closed protocol_error ${text}`]);
  });

  it("a CLOSE ends the link", async () => {
    const { owner, peer } = await linkAndPeer();
    peer.socket.write(controlFrame(frameType.close, encodeClose("denied", "no")));
    expect(await owner.told("closed")).toBe("closed peer_denied no");
  });

  it("silence and dribbling end at the deadline, with CLOSE", async () => {
    const { link, owner, peer } = await linkAndPeer();
    peer.read().socket.write(controlFrame(frameType.hello, hello).subarray(0, 6));
    clock.advance(2999);
    link.tick();
    expect(link.state.kind).toBe("configuring");
    clock.advance(1);
    link.tick();
    expect(owner.said).toEqual(["closed hello_timeout no greeting in time"]);
    expect((await closeOf(peer))?.reason).toBe("timeout");
    await peer.frame(frameType.welcome);
    expect(peer.closed).toBe(true);
  });
});

function zipped(...frames: Buffer[]): Buffer {
  return controlFrame(frameType.compressed, zstdCompressSync(Buffer.concat(frames)));
}

describe("a link with compression", () => {
  it("reads and writes COMPRESSED frames between others", async () => {
    const { link, owner, peer } = await active();
    link.compress();
    peer.read().socket.write(Buffer.concat([packet, zipped(packet, packet), packet]));
    for (let count = 0; count < 4; count += 1) await owner.told("packet");
    await eventually(() => owner.packets.length).toBe(4);
    link.send(Buffer.concat(Array.from({ length: 16 }, () => packet)), 16, 16 * 60, undefined);
    expect(await peer.frame(frameType.compressed)).toBeDefined();
    expect(owner.said).toEqual(["packet", "packet", "packet", "packet"]);
  });

  it("closes on a bomb, and gives lent bytes back at once when it packs them", async () => {
    const { link, owner, peer } = await active();
    link.compress();
    let given = 0;
    link.send(Buffer.concat(Array.from({ length: 16 }, () => packet)), 16, 16 * 60, { giveBack: () => (given += 1) });
    expect(given).toBe(1);
    peer.read().socket.write(zipped(Buffer.alloc(1_000_000)));
    expect(await owner.told("closed")).toBe("closed protocol_error a COMPRESSED frame that is damaged or too large");
  });
});

describe("unpacking", () => {
  /** Twenty bytes that are nearly 64 KiB of packets. */
  const bomb = zipped(...Array.from({ length: 16 }, () => controlFrame(frameType.packet, Buffer.alloc(4000, 0x45))));

  it("much for one link lets the others have their turns", async () => {
    const turns = new UnpackTurns();
    const [greedy, other, plain] = [new TestSocket(), new TestSocket(), new TestSocket()];
    open.push(greedy, other, plain);
    const ends = [greedy, other, plain].map((socket) => openEnd(socket.asTls, clock, undefined, undefined, turns));
    for (const { link } of ends) link.activate();
    for (const { link } of ends.slice(0, 2)) link.compress();
    const [loud, quiet, uncompressed] = ends.map(({ owner }) => owner);
    const bombs = 200;
    greedy.push(Buffer.concat(Array.from({ length: bombs }, () => bomb)));
    await loud!.told("packet");
    other.push(bomb);
    plain.push(packet);
    await Promise.all([quiet!.told("packet"), uncompressed!.told("packet")]);
    expect(loud!.packets.length).toBeLessThanOrEqual(4 * unpackedInTurn * 16);
    // And everything comes in the end.
    await eventually(() => loud!.packets.length).toBe(bombs * 16);
  });

  it("goes on in order with what a connection brings meanwhile, also with what is not packed", async () => {
    const { link, owner, peer } = await active();
    link.compress();
    const sent: number[] = [];
    const numbered = (number: number): Buffer => {
      sent.push(number);
      return controlFrame(frameType.packet, Buffer.alloc(300, number & 0xff));
    };
    for (let at = 0; at < 600; at += 3) {
      peer.socket.write(Buffer.concat([zipped(numbered(at), numbered(at + 1)), numbered(at + 2)]));
      if (at % 60 === 0) await turn();
    }
    await eventually(() => owner.packets.length).toBe(sent.length);
    expect(owner.packets.map((body) => body[0])).toEqual(sent.map((number) => number & 0xff));
    expect(link.state.kind).toBe("active");
  });

  it("ends with the link", async () => {
    const socket = new TestSocket();
    open.push(socket);
    const { link, owner } = openEnd(socket.asTls, clock);
    link.activate();
    link.compress();
    socket.push(Buffer.concat(Array.from({ length: 50 }, () => bomb)));
    await owner.told("packet");
    const before = owner.packets.length;
    link.close("kicked", "");
    for (let turns = 0; turns < 20; turns++) await turn();
    expect(owner.packets).toHaveLength(before);
  });
});

describe("an active link", () => {
  it.each([
    ["an unknown type", Buffer.of(99, 0, 0, 1, 0), "unknown_type"],
    ["a frame of 2 GiB as a 16 MiB one", Buffer.of(16, 0xff, 0xff, 0xff), "bad_length"],
    ["a PING that is too short", Buffer.of(3, 0, 0, 7), "bad_length"],
    ["a control frame above 4 KiB", Buffer.of(1, 0, 0x10, 1), "bad_length"],
    [
      "COMPRESSED, which was not negotiated",
      controlFrame(frameType.compressed, Buffer.alloc(9)),
      "a frame type that was not negotiated",
    ],
  ])("closes on %s with a protocol error", async (_what, bytes, text) => {
    const { owner, peer } = await active();
    peer.read().socket.write(Buffer.concat([packet, bytes, packet]));
    expect(await closeOf(peer)).toEqual({ reason: "protocol_error", text });
    expect(owner.said).toEqual(["packet", `closed protocol_error ${text}`]);
  });

  it("answers PING with the same 8 bytes, its load and its number of sessions", async () => {
    const { peer } = await active();
    peer.read().socket.write(ping);
    const body = (await peer.frame(frameType.pong)) ?? Buffer.alloc(16);
    expect(decodePong(body)).toEqual({ echo: Buffer.from("12345678"), load: 42, drain: 0, sessionCount: 7 });
  });

  it("learns the rtt from PONG, and believes no nonsense", async () => {
    const rules = { interval: 5000, timeout: 3000, misses: 3, stall: 1e9 };
    const { link, owner, peer } = await active(rules);
    peer.read();
    clock.advance(5500);
    link.tick();
    const sent = (await peer.frame(frameType.ping)) ?? Buffer.alloc(8);
    clock.advance(30);
    for (const echo of [Number.NaN, Number.POSITIVE_INFINITY, -1e300, 1e300]) {
      const body = Buffer.alloc(16);
      body.writeDoubleBE(echo);
      peer.socket.write(controlFrame(frameType.pong, body));
    }
    peer.socket.write(controlFrame(frameType.pong, Buffer.concat([sent, Buffer.alloc(8)])));
    await owner.told("rtt");
    expect(owner.rtts).toEqual([30]);
  });

  it("answers a PING with what its owner says of itself", async () => {
    const { owner, peer } = await active();
    owner.drains = true;
    peer.read();
    peer.socket.write(controlFrame(frameType.ping, Buffer.alloc(8, 7)));
    const answer = decodePong((await peer.frame(frameType.pong)) ?? Buffer.alloc(16));
    expect(answer).toMatchObject({ echo: Buffer.alloc(8, 7), drain: 1 });
  });

  it("takes 50 control frames a second and closes at the next", async () => {
    const { link, owner, peer } = await active();
    const fifty = Buffer.concat(Array.from({ length: 50 }, () => ping));
    peer.read().socket.write(fifty);
    await eventually(() => peer.frames.length).toBe(50);
    clock.advance(1000);
    peer.socket.write(fifty);
    await eventually(() => peer.frames.length).toBe(100);
    expect(link.state.kind).toBe("active");
    peer.socket.write(ping);
    expect(await closeOf(peer)).toEqual({ reason: "protocol_error", text: "too many control frames" });
    expect(owner.said).toHaveLength(1);
  });

  it("does not count packets as control frames", async () => {
    const { link, owner, peer } = await active();
    peer.read().socket.write(Buffer.concat([...Array.from({ length: 500 }, () => packet), ping]));
    await peer.frame(frameType.pong);
    expect([link.state.kind, owner.packets.length]).toEqual(["active", 500]);
  });

  it("closes when a frame is not whole within 10 s, however many of its bytes dribble in", async () => {
    const socket = new TestSocket();
    const { link, owner } = openEnd(socket.asTls, clock);
    link.activate();
    socket.push(Buffer.concat([packet, packet.subarray(0, 10)]));
    await owner.told("packet");
    for (let second = 0; second < 10; second++) {
      clock.advance(1000);
      link.tick();
      expect(link.state.kind).toBe("active");
      socket.push(packet.subarray(10 + second, 11 + second));
      await turn();
    }
    clock.advance(1);
    link.tick();
    expect(owner.said.at(-1)).toMatch(/^closed frame_timeout/);
    const [close] = parse(socket.written).frames;
    expect(decodeClose(close?.body ?? Buffer.alloc(2)).reason).toBe("timeout");
    expect(socket.writableEnded).toBe(true);
  });

  it("gives each frame its own 10 s", async () => {
    const { link, owner, peer } = await active();
    for (let frame = 0; frame < 4; frame++) {
      peer.socket.write(Buffer.concat([packet.subarray(frame === 0 ? 0 : 10), packet.subarray(0, 10)]));
      await eventually(() => owner.packets.length).toBe(frame + 1);
      clock.advance(9000);
      link.tick();
      expect(link.state.kind).toBe("active");
    }
  });

  it("is silent when the peer takes PINGs and never answers", async () => {
    const { link, owner, peer } = await active({ interval: 5000, timeout: 3000, misses: 3, stall: 1e9 });
    peer.read();
    // The kernels acknowledge in their own time.
    const said = eventually(() => {
      clock.advance(100);
      link.tick();
      return owner.said;
    });
    await said.toEqual(["closed silent the peer does not answer"]);
    expect(peer.frames.map(({ type }) => type)).toEqual([frameType.ping, frameType.ping, frameType.ping]);
  });
});

describe("a peer that does not read", () => {
  const stallAlone: LivenessRules = { ...patient, stall: 2500 };

  class Counted implements Lender {
    given = 0;
    returned = 0;

    lend(): this {
      this.given += 1;
      return this;
    }

    giveBack(): void {
      this.returned += 1;
    }
  }

  /** Fills the connection until the socket takes no more. */
  async function fill(link: Link, lender: Counted): Promise<void> {
    const run = Buffer.concat(Array.from({ length: 4000 }, () => packet));
    for (let i = 0; i < 64; i++) link.send(run, 4000, 0, lender.lend());
    // That a socket takes no more is nothing that it tells.
    for (let before = -1; before !== link.queuedBytes; await new Promise((resolve) => setTimeout(resolve, 50))) {
      before = link.queuedBytes;
    }
    expect(link.queuedBytes).toBeGreaterThan(1_000_000);
  }

  it("is dead after the stall when it says nothing either", async () => {
    const { link, owner } = await linkAndPeer(stallAlone);
    link.activate();
    await fill(link, new Counted());
    link.tick();
    clock.advance(2499);
    link.tick();
    expect(link.state.kind).toBe("active");
    clock.advance(1);
    link.tick();
    expect(owner.said).toEqual(["closed stalled no acknowledgement and nothing heard"]);
    expect(owner.unsent).toBeGreaterThan(0);
    expect(owner.unsent % 4000).toBe(0);
  });

  it("is dead after the write stall though it goes on sending", async () => {
    const { link, owner, peer } = await linkAndPeer(stallAlone);
    link.activate();
    await fill(link, new Counted());
    link.tick();
    for (let at = 0; at < 15; at++) {
      peer.socket.write(packet);
      await eventually(() => owner.packets.length).toBe(at + 1);
      clock.advance(1000);
      link.tick();
      expect(link.state.kind).toBe("active");
    }
    clock.advance(1);
    link.tick();
    expect(owner.said.at(-1)).toBe("closed write_stalled");
  });

  it("is dead after it too when all that it does not take lies in the kernel", async () => {
    const sockets = await tlsPair(credentials);
    open.push(sockets.server, sockets.client);
    const kernel = kernelOf(sockets.server);
    const { link, owner } = openEnd(sockets.server, clock, stallAlone, kernel);
    link.activate();
    const run = Buffer.concat(Array.from({ length: 1000 }, () => packet));
    // How much the peer's side takes unread is its kernel's affair, and it needs real time for it.
    for (let at = 0; link.state.kind === "active"; at++) {
      const { unacked, notsentBytes } = kernel.info() ?? noTcpInfo;
      if (unacked === 0 && notsentBytes === 0) link.send(run, 1000, 0, undefined);
      await eventually(() => link.queuedBytes).toBe(0);
      sockets.client.write(packet);
      await eventually(() => owner.packets.length).toBe(at + 1);
      link.tick();
      clock.advance(1000);
    }
    expect(owner.said.at(-1)).toBe("closed write_stalled");
  });

  it("counts the time without acknowledgement from when there was something to acknowledge", async () => {
    const sockets = await tlsPair(credentials);
    open.push(sockets.server, sockets.client);
    let asked = 0;
    let unacked = 0;
    const kernel: Kernel = {
      info: () => {
        asked += 1;
        return { ...noTcpInfo, unacked };
      },
      limitUnsent: () => {},
    };
    const { link, owner } = openEnd(sockets.server, clock, stallAlone, kernel);
    link.activate();
    const tick = (by: number): string => {
      clock.advance(by);
      link.tick();
      return link.state.kind;
    };
    link.send(packet, 1, 60, undefined);
    await eventually(() => link.queuedBytes).toBe(0);
    tick(250);
    const askedBefore = asked;
    for (let quiet = 0; quiet < 40; quiet += 1) tick(250);
    expect(asked).toBe(askedBefore);
    unacked = 1;
    link.send(packet, 1, 60, undefined);
    await eventually(() => link.queuedBytes).toBe(0);
    expect([tick(250), tick(2249), tick(1)]).toEqual(["active", "active", "closed"]);
    expect(owner.said).toEqual(["closed stalled no acknowledgement and nothing heard"]);
  });

  it("holds nothing that was lent once the link is closed", async () => {
    const { link, owner, peer } = await linkAndPeer();
    link.activate();
    const lender = new Counted();
    await fill(link, lender);
    link.close("kicked", "");
    await once(peer.socket.resume(), "close");
    await eventually(() => lender.returned).toBe(lender.given);
    expect(owner.unsent).toBeGreaterThan(0);
    link.send(packet, 1, 60, lender.lend());
    expect(lender.returned).toBe(lender.given);
    expect(owner.said).toEqual(["closed kicked"]);
  });

  it("is cut off a second after CLOSE", async () => {
    const { link, peer } = await linkAndPeer();
    link.activate();
    const lender = new Counted();
    await fill(link, lender);
    link.close("normal", "");
    await eventually(() => lender.returned).toBe(lender.given);
    expect(peer.closed).toBe(false);
  });
});

it("the codes that a CLOSE may carry fit its field", () => {
  expect(Object.values(closeCodes).every((code) => code >= 0 && code <= 0xffff)).toBe(true);
});
