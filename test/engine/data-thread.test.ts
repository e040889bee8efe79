import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { controlFrame, frameType } from "../../src/daemon/link/frame.ts";
import { encodeHello } from "../../src/daemon/link/messages.ts";
import type { TlsMaterial } from "../../src/daemon/tls/material.ts";
import { fullOffload, noOffload } from "../fakes/tun.ts";
import { packet } from "../flow/parts.ts";
import { checksumsHold, protocolNumber } from "../packet/reference.ts";
import { unitFor } from "../packet/shapes.ts";
import { admit, type Certificates, End, hello, join, makeCertificates, type Place, rawClient } from "./ends.ts";

let certificates: Certificates;
beforeAll(async () => {
  certificates = await makeCertificates("ann", "bob");
});

const open: End[] = [];

async function stopAll(): Promise<void> {
  for (const end of open.splice(0)) {
    end.send({ type: "stop", reason: "stopping" });
    await end.next("stopped");
  }
}

/** What keeps a process alive. */
function handles(...kinds: string[]): string[] {
  return process.getActiveResourcesInfo().filter((kind) => kinds.some((one) => kind.startsWith(one)));
}

afterEach(async () => {
  await stopAll();
  while (handles("TCP", "TLS").length > 0) await turns(1);
});

type Options = ConstructorParameters<typeof End>[2];

async function serve(options?: Options): Promise<End> {
  const end = new End("server", certificates.server, options);
  open.push(end);
  return await end.listen();
}

function client(name: string, options?: Options): End {
  const end = new End("client", certificates.client(name), options);
  open.push(end);
  return end;
}

const annsPlace: Place = { session: "aa".repeat(16), addresses: ["10.8.0.2", "fd00:8::2"] };
const bobsPlace: Place = { session: "bb".repeat(16), addresses: ["10.8.0.3"] };

function plain(bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.alloc(10), bytes]);
}

async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe("two data threads", () => {
  it("greet, and carry packets both ways, whole and in order", async () => {
    const [server, ann] = [await serve(), client("ann")];
    ann.dial(7, server.port);
    const event = await server.next("hello");
    expect(event).toMatchObject({ identity: "ann", hello, slot: 0 });
    admit(server, event, annsPlace);
    expect(await ann.next("secured")).toMatchObject({ link: 7, remote: `127.0.0.1:${server.port}` });
    expect(await ann.next("welcome")).toMatchObject({
      link: 7,
      welcome: { session: annsPlace.session, serverId: "edge-01" },
    });
    const up = Array.from({ length: 500 }, (_, n) => packet("10.8.0.2", "192.0.2.1", (n * 37) % 1400));
    const down = Array.from({ length: 500 }, (_, n) => packet("fd00:8::1", "fd00:8::2", (n * 41) % 1400));
    for (const bytes of up) ann.kernel.injectPacket(bytes);
    for (const bytes of down) server.kernel.injectPacket(bytes);
    expect(await server.kernel.whenWritten(500)).toEqual(up.map(plain));
    expect(await ann.kernel.whenWritten(500)).toEqual(down.map(plain));
    for (const [from, to] of [
      [ann, server],
      [server, ann],
    ] as const) {
      expect(from.counted.totals.frames_accepted).toBe(to.counted.totals.frames_injected + to.counted.dropped);
      expect(from.counted.drops).toEqual({});
    }
  });

  it("carry whole segments between those that have offload, and cut them for one that has not", async () => {
    const shape = {
      version: 4,
      protocol: "tcp",
      options: 0,
      tcpOptions: 12,
      flags: 24,
      sequence: 9,
      id: 3,
      size: 1400,
    } as const;
    const { unit, transport, headers } = unitFor({ ...shape, payload: Buffer.alloc(60_000, "x") });
    unit.writeUInt16LE(headers, 2);
    const [server, ann, bob] = [await serve(), client("ann"), client("bob", { features: noOffload })];
    await join(ann, server, 1, annsPlace);
    await join(bob, server, 1, bobsPlace, { capabilities: { ...noOffload, zstd: false } });
    server.kernel.inject(unit);
    expect(await ann.kernel.whenWritten(1)).toEqual([unit]);
    unit.set([10, 8, 0, 3], 10 + 16);
    server.kernel.inject(unit);
    const parts = await bob.kernel.whenWritten(Math.ceil(60_000 / 1400));
    expect(Buffer.concat(parts.map((part) => part.subarray(10 + headers)))).toEqual(Buffer.alloc(60_000, "x"));
    expect(parts.every((part) => part.subarray(0, 10).equals(Buffer.alloc(10)))).toBe(true);
    // The pseudo-header's sum in the unit is for ann's address.
    expect(checksumsHold(parts[0]?.subarray(10) ?? Buffer.of(), transport, protocolNumber.tcp)).toBe(true);
  });

  it("compress what they send, where both agreed to it", async () => {
    const text = Buffer.alloc(1200, "GET / HTTP/1.1 ");
    for (const [offered, granted] of [
      [true, true],
      [true, false],
      [false, true],
    ] as const) {
      const server = await serve();
      const ann = client("ann");
      const capabilities = { ...hello.capabilities, zstd: offered };
      ann.dial(1, server.port, { capabilities });
      const event = await server.next("hello");
      admit(server, event, annsPlace, { ...fullOffload, zstd: offered && granted });
      await ann.next("welcome");
      ann.kernel.injectPacket(packet("10.8.0.2", "10.8.0.1", text));
      expect((await server.kernel.whenWritten(1))[0]?.subarray(-1200).equals(text)).toBe(true);
      const { compressible_bytes: before, compressed_bytes: after } = ann.counted.totals;
      expect([before > 1200, after > 0 && after < 200]).toEqual([offered && granted, offered && granted]);
      await stopAll();
    }
  });

  it("keep clients apart: each gets its own packets only, and sends from its own addresses only", async () => {
    const [server, ann, bob] = [await serve(), client("ann"), client("bob")];
    await join(ann, server, 1, annsPlace);
    await join(bob, server, 1, bobsPlace);
    for (let n = 0; n < 20; n++)
      server.kernel.injectPacket(packet("10.8.0.1", n % 2 === 0 ? "10.8.0.2" : "10.8.0.3", n));
    expect(await ann.kernel.whenWritten(10)).toHaveLength(10);
    expect(await bob.kernel.whenWritten(10)).toHaveLength(10);
    for (let n = 0; n < 50; n++) ann.kernel.injectPacket(packet("10.8.0.3", "10.8.0.1"));
    ann.kernel.injectPacket(packet("10.8.0.2", "10.8.0.3"));
    ann.kernel.injectPacket(packet("10.8.0.2", "10.8.0.1"));
    await server.kernel.whenWritten(1);
    expect(server.counted.drops).toEqual({ spoofed_source: 50, client_to_client: 1 });
    expect(bob.kernel.written).toHaveLength(10);
    // One event of many, so that a flood stays in the data thread.
    expect(server.events.filter(({ type }) => type === "spoofed")).toEqual([
      { type: "spoofed", session: annsPlace.session, identity: "ann" },
    ]);
  });
});

describe("a link", () => {
  it("that is refused says why", async () => {
    const [server, ann] = [await serve(), client("ann")];
    ann.dial(3, server.port);
    const { link } = await server.next("hello");
    server.send({ type: "refuse", link, reason: "denied", text: "not you" });
    expect(await ann.next("closed")).toEqual({ type: "closed", link: 3, reason: "peer_denied", text: "not you" });
    expect(await server.next("closed")).toMatchObject({ link, reason: "denied" });
    admit(server, { ...(server.events.find((one) => one.type === "hello") ?? expect.fail()) }, annsPlace);
    server.kernel.injectPacket(packet("10.8.0.1", "10.8.0.2"));
    await server.kernel.whenDrained();
    expect(server.counted.drops).toEqual({ no_session: 1 });
  });

  it("that is kicked ends with its session, and its place is free again", async () => {
    const [server, ann] = [await serve({ capacity: 1 }), client("ann", { capacity: 1 })];
    for (const link of [1, 2, 3]) {
      await join(ann, server, link, annsPlace);
      server.send({ type: "close_session", session: annsPlace.session, reason: "kicked", text: "bye" });
      expect(await ann.next("closed")).toEqual({ type: "closed", link, reason: "peer_kicked", text: "bye" });
      await server.next("closed");
    }
    server.kernel.injectPacket(packet("10.8.0.1", "10.8.0.2"));
    await server.kernel.whenDrained();
    expect(server.counted.drops).toEqual({ no_session: 1 });
  });

  it("takes the place of its session's others when it supersedes them, or of the one with its index", async () => {
    const [server, ann] = [await serve(), client("ann")];
    await join(ann, server, 1, annsPlace);
    await join(ann, server, 2, annsPlace, { linkIndex: 1 });
    expect(ann.count("closed")).toBe(0);
    await join(ann, server, 3, annsPlace, { linkIndex: 1 });
    expect(await ann.next("closed")).toMatchObject({ link: 2, reason: "peer_superseded" });
    await join(ann, server, 4, { ...annsPlace, supersede: true }, { linkIndex: 5 });
    const ended = [await ann.next("closed"), await ann.next("closed")].map(({ link }) => link);
    expect(ended.toSorted((a, b) => a - b)).toEqual([1, 3]);
    server.kernel.injectPacket(packet("10.8.0.1", "10.8.0.2"));
    ann.kernel.injectPacket(packet("10.8.0.2", "10.8.0.1"));
    await Promise.all([ann.kernel.whenWritten(1), server.kernel.whenWritten(1)]);
  });

  it("over the capacity is refused on either end, and told of", async () => {
    const [server, ann, bob] = [await serve({ capacity: 1 }), client("ann"), client("bob", { capacity: 1 })];
    await join(ann, server, 1, annsPlace);
    bob.dial(1, server.port);
    expect(await server.next("refused")).toMatchObject({ reason: "server_full" });
    expect((await bob.next("closed")).link).toBe(1);
    const other = await serve();
    await join(bob, other, 2, bobsPlace);
    bob.dial(3, other.port);
    expect(await bob.next("dial_failed")).toMatchObject({ link: 3, reason: "server_full" });
  });

  it("waits while the rules let no handshake begin, until a reload does", async () => {
    const [server, ann] = [await serve(), client("ann")];
    const liveness = { interval: 5000, timeout: 3000, misses: 3, stall: 5000 };
    const perSource = { pending: 10, rate: 100, burst: 100 };
    const buffers = { keptBytes: 0, cleanupInterval: 30_000 };
    server.send({ type: "rules", admission: { pending: 0, perSource }, liveness, buffers });
    ann.dial(1, server.port);
    await turns(200);
    expect(server.count("hello")).toBe(0);
    server.send({ type: "rules", admission: { pending: 10, perSource }, liveness, buffers });
    expect(await server.next("hello")).toMatchObject({ identity: "ann" });
  });

  it("that was not greeted carries nothing", async () => {
    const server = await serve();
    const socket = await rawClient(certificates.client("ann"), server.port);
    socket.write(controlFrame(frameType.packet, packet("10.8.0.2", "10.8.0.1")));
    expect(await server.next("closed")).toMatchObject({ reason: "protocol_error" });
    expect(server.counted.totals.rx_packets).toBe(0);
    socket.destroy();
  });
});

describe("a client", () => {
  it("leaves packets in its TUN while no link is there, and carries them over the next", async () => {
    const [server, ann] = [await serve(), client("ann")];
    await join(ann, server, 1, annsPlace);
    server.send({ type: "close_session", session: annsPlace.session, reason: "kicked", text: "" });
    await ann.next("closed");
    const bytes = packet("10.8.0.2", "10.8.0.1", 99);
    ann.kernel.injectPacket(bytes);
    await turns();
    expect([ann.kernel.waiting, ann.counted.drops]).toEqual([1, {}]);
    await join(ann, server, 2, annsPlace);
    expect(await server.kernel.whenWritten(1)).toEqual([plain(bytes)]);
  });

  it("keeps its session when a server answers a link of it with another one", async () => {
    const [server, other, ann] = [await serve(), await serve(), client("ann")];
    await join(ann, server, 1, annsPlace);
    ann.dial(2, other.port, { intent: "guest", session: annsPlace.session, epoch: 1n, token: "dG9r" });
    admit(other, await other.next("hello"), { session: "cc".repeat(16), addresses: ["10.8.0.9"] });
    expect(await ann.next("closed")).toMatchObject({ link: 2, reason: "protocol_error" });
    const bytes = packet("10.8.0.2", "10.8.0.1", 99);
    ann.kernel.injectPacket(bytes);
    expect(await server.kernel.whenWritten(1)).toEqual([plain(bytes)]);
  });

  it("sends what each of its servers can take, whichever said WELCOME last", async () => {
    const shape = { version: 4, protocol: "tcp", options: 0, tcpOptions: 12, flags: 24, sequence: 9, id: 3 } as const;
    const { unit, headers } = unitFor({ ...shape, size: 1400, payload: Buffer.alloc(14_000, "x") });
    unit.writeUInt16LE(headers, 2);
    unit.set([10, 8, 0, 2], 10 + 12);
    const [old, server, ann] = [await serve({ features: noOffload }), await serve(), client("ann")];
    ann.dial(1, old.port);
    admit(old, await old.next("hello"), annsPlace, { ...noOffload, zstd: false });
    await ann.next("welcome");
    await join(ann, server, 2, annsPlace, { intent: "guest", session: annsPlace.session, token: "dG9r" });
    // For a second new flows go over the first link.
    ann.kernel.inject(unit);
    expect((await old.kernel.whenWritten(10)).length).toBe(10);
    expect(old.counted.drops).toEqual({});
  });

  it("that reads nothing holds up nobody once there are others, and what it held comes back", async () => {
    const server = await serve();
    // As often as it takes for read buffers that don't come back to be missed.
    for (let round = 0; round < 4; round++) {
      const stuck = await rawClient(certificates.client("ann"), server.port);
      stuck.write(controlFrame(frameType.hello, encodeHello(hello)));
      const event = await server.next("hello");
      admit(server, event, annsPlace);
      // More than sockets, read buffers and queues hold.
      for (let n = 0; n < 9000; n++) server.kernel.injectPacket(packet("10.8.0.1", "10.8.0.2", 1400));
      // Some wait in the kernel's queue, or in the session's while its link's speed is not known.
      for (let waiting = Number.POSITIVE_INFINITY; server.kernel.waiting < waiting; await turns(200)) {
        waiting = server.kernel.waiting;
      }
      server.send({ type: "close", link: event.link, reason: "kicked", text: "" });
      await server.next("closed");
      await server.kernel.whenDrained();
      stuck.destroy();
    }
    const bob = client("bob");
    await join(bob, server, 1, bobsPlace);
    server.kernel.injectPacket(packet("10.8.0.1", "10.8.0.3"));
    await bob.kernel.whenWritten(1);
    const { frames_accepted, tx_packets } = server.counted.totals;
    expect(frames_accepted).toBe(tx_packets);
    const { queue_full: full = 0, queue_delay: late = 0, no_link: homeless = 0 } = server.counted.drops;
    server.send({ type: "close_session", session: annsPlace.session, reason: "normal", text: "" });
    const forgotten = (server.counted.drops.no_link ?? 0) - homeless;
    expect(frames_accepted + full + late + homeless + forgotten).toBe(4 * 9000 + 1);
  });
});

describe("a session without a link", () => {
  it("keeps what waits for it for a moment only, so that the others have the room", { timeout: 15_000 }, async () => {
    const server = await serve();
    const bob = client("bob");
    await join(bob, server, 1, bobsPlace);
    const stuck = await rawClient(certificates.client("ann"), server.port);
    stuck.write(controlFrame(frameType.hello, encodeHello(hello)));
    const event = await server.next("hello");
    admit(server, event, annsPlace);
    for (let n = 0; n < 9000; n++) server.kernel.injectPacket(packet("10.8.0.1", "10.8.0.2", 1400));
    await server.kernel.whenDrained();
    server.send({ type: "close", link: event.link, reason: "kicked", text: "" });
    await server.next("closed");
    const { no_link: before = 0 } = server.counted.drops;
    while ((server.counted.drops.no_link ?? 0) === before) await new Promise((resolve) => setTimeout(resolve, 100));
    const { frames_accepted } = server.counted.totals;
    const { queue_full: full = 0, queue_delay: late = 0, no_link: homeless = 0 } = server.counted.drops;
    expect(frames_accepted + full + late + homeless).toBe(9000);
    stuck.destroy();
  });
});

describe("stop", () => {
  it("closes every link and leaves nothing open", { timeout: 8000 }, async () => {
    const timers = handles("Timeout").length;
    const [server, ann, bob] = [await serve(), client("ann"), client("bob")];
    await join(ann, server, 1, annsPlace);
    await join(bob, server, 1, bobsPlace);
    ann.dial(2, server.port);
    await server.next("hello");
    ann.send({ type: "retire", link: 1, afterMs: 0 });
    expect(handles("TCP").length).toBeGreaterThan(6);
    expect(handles("Timeout").length).toBeGreaterThan(timers);
    await stopAll();
    expect([server.count("closed"), ann.count("closed"), bob.count("closed")]).toEqual([3, 2, 1]);
    expect(server.events.at(-1)?.type).toBe("stopped");
    while (handles("TCP", "TLS").length > 0 || handles("Timeout").length > timers) await turns(1);
  });

  it("says stopping to the peers", async () => {
    const [server, ann] = [await serve(), client("ann")];
    await join(ann, server, 1, annsPlace);
    server.send({ type: "stop", reason: "stopping" });
    expect(await ann.next("closed")).toMatchObject({ link: 1, reason: "peer_stopping" });
  });
});

describe("a TUN that is taken down", () => {
  it("is told of once, whatever still arrives for it", async () => {
    const [server, ann] = [await serve(), client("ann")];
    await join(ann, server, 1, annsPlace);
    server.kernel.setUp(false);
    for (let n = 0; n < 50; n++) ann.kernel.injectPacket(packet("10.8.0.2", "10.8.0.1"));
    await server.next("tun_down");
    while (server.counted.totals.rx_packets < 50) await turns(1);
    expect(server.count("tun_down")).toBe(1);
    expect(server.counted.drops).toEqual({ tun_refused: 50 });
  });
});

describe("a link that is retired", () => {
  it("is sent nothing more, and still brings what the other end sends", async () => {
    const [server, ann] = [await serve(), client("ann")];
    await join(ann, server, 1, annsPlace);
    ann.send({ type: "retire", link: 1, afterMs: 60_000 });
    await join(ann, server, 2, annsPlace, { linkIndex: 1 });
    ann.send({ type: "close", link: 2, reason: "normal", text: "" });
    await Promise.all([ann.next("closed"), server.next("closed")]);
    server.kernel.injectPacket(packet("10.8.0.1", "10.8.0.2"));
    await ann.kernel.whenWritten(1);
    ann.kernel.injectPacket(packet("10.8.0.2", "10.8.0.1"));
    await turns();
    expect(ann.kernel.waiting).toBe(1);
    expect(server.kernel.written).toEqual([]);
  });
});

describe("a link whose place another of the same server has taken", () => {
  it("ends by itself, behind the last frame of either end", async () => {
    const [server, ann] = [await serve(), client("ann")];
    await join(ann, server, 1, annsPlace);
    await join(ann, server, 2, annsPlace, { linkIndex: 1 });
    // Flows that came while there was one link stay on it.
    for (let n = 0; n < 500; n++) {
      ann.kernel.injectPacket(packet("10.8.0.2", "192.0.2.1", (n * 37) % 1400));
      server.kernel.injectPacket(packet("192.0.2.1", "10.8.0.2", (n * 41) % 1400));
      if (n === 250) ann.send({ type: "retire", link: 1, afterMs: 0 });
    }
    expect(await ann.next("closed")).toMatchObject({ link: 1, reason: "peer_normal" });
    expect(await server.next("goaway")).toMatchObject({ link: 1, scope: "link" });
    await Promise.all([server.kernel.whenWritten(500), ann.kernel.whenWritten(500)]);
    expect([server.counted.drops, ann.counted.drops]).toEqual([{}, {}]);
    ann.kernel.injectPacket(packet("10.8.0.2", "192.0.2.1"));
    await server.kernel.whenWritten(501);
  });
});

describe("a link that has carried its bytes", () => {
  const wear = { bytes: 100_000, records: 2 ** 23 };

  it("is told of by a client", async () => {
    const [server, ann] = [await serve(), client("ann", { wear })];
    await join(ann, server, 3, annsPlace);
    for (let n = 0; n < 100; n++) ann.kernel.injectPacket(packet("10.8.0.2", "192.0.2.1", 1000));
    expect(await ann.next("worn")).toEqual({ type: "worn", link: 3 });
  });

  it("is asked to be replaced by a server, whichever direction it was", async () => {
    for (const direction of ["up", "down"] as const) {
      const [server, ann] = [await serve({ wear }), client("ann")];
      await join(ann, server, 3, annsPlace);
      for (let n = 0; n < 100; n++) {
        if (direction === "up") ann.kernel.injectPacket(packet("10.8.0.2", "192.0.2.1", 1000));
        else server.kernel.injectPacket(packet("192.0.2.1", "10.8.0.2", 1000));
      }
      expect(await ann.next("goaway")).toMatchObject({ link: 3, scope: "link" });
      expect(server.count("worn")).toBe(0);
    }
  });
});

describe("demand", () => {
  it("is told each second while it is watched: flows that move data, in the direction that has more", async () => {
    const [server, ann] = [await serve(), client("ann")];
    await join(ann, server, 1, annsPlace);
    ann.send({ type: "watch_demand", on: true });
    for (let flows = 0; flows <= 1; flows = (await ann.next("demand")).flows) {
      for (let n = 0; n < 200; n++) {
        for (let flow = 1; flow <= 5; flow++) ann.kernel.injectPacket(packet("10.8.0.2", `192.0.2.${flow}`, 1400));
        ann.kernel.injectPacket(packet("10.8.0.2", "192.0.2.99", 40));
        if (n % 20 === 0) await turns(1);
      }
    }
    for (let flows = 1; flows > 0; flows = (await ann.next("demand")).flows);
    expect(Math.max(...ann.events.map((event) => (event.type === "demand" ? event.flows : 0)))).toBeLessThan(6);
  });
});

describe("renewed certificates", () => {
  it("are those of the next connection", async () => {
    const server = await serve();
    const others = await makeCertificates("ann");
    server.send({ type: "renew", material: others.server });
    const ann = client("ann");
    ann.dial(1, server.port);
    expect(await ann.next("dial_failed")).toMatchObject({ link: 1, reason: "certificate_untrusted" });
    const anew: TlsMaterial = others.client("ann");
    ann.send({ type: "renew", material: anew });
    await join(ann, server, 2, annsPlace);
  });
});
