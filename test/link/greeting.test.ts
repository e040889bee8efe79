import { once } from "node:events";
import { type AddressInfo } from "node:net";
import { connect, createServer, type TLSSocket } from "node:tls";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { DataThread } from "../../src/daemon/engine/data-thread.ts";
import type { Command, DataThreadOptions, Event } from "../../src/daemon/engine/messages.ts";
import { controlFrame, frameType } from "../../src/daemon/link/frame.ts";
import {
  decodeClose,
  decodeHello,
  decodeWelcome,
  encodeHello,
  encodeWelcome,
  type Hello,
  type Welcome,
} from "../../src/daemon/link/messages.ts";
import { createCounters } from "../../src/daemon/metrics/counters.ts";
import { noLimits } from "../../src/daemon/limit/rules.ts";
import { createBucketSlots } from "../../src/daemon/metrics/bucket-slots.ts";
import { createLinkSlots } from "../../src/daemon/metrics/link-slots.ts";
import { createLoopCells } from "../../src/daemon/metrics/loop-delay.ts";
import { clientTlsOptions, serverTlsOptions } from "../../src/daemon/tls/options.ts";
import { fakeTun } from "../fakes/tun.ts";
import { TestCa } from "../tls/certificates.ts";
import { generous } from "./doors.ts";
import { createCredentials, type Credentials, patient, RawEnd } from "./wire.ts";

let credentials: Credentials;
const open: { close(): void }[] = [];

beforeAll(async () => {
  credentials = await createCredentials(await TestCa.create());
});

afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

const capabilities = { checksum: true, tso4: true, tso6: true, uso: true, zstd: false };
const hello: Hello = { version: 1, intent: "new", epoch: 0n, linkIndex: 0, capabilities, mtu: 1400 };
const session = "00112233445566778899aabbccddeeff";
const welcome: Welcome = {
  version: 1,
  serverId: "edge-01",
  bootId: session,
  clusterId: "0011223344556677",
  region: "",
  session,
  epoch: 1n,
  token: "dG9rZW4=",
  addresses: [{ address: { family: 4, word: 0x0a080002 }, prefixLength: 16 }],
  gateways: [],
  routes: [],
  mtu: 1400,
  keepaliveMs: 5000,
  keepaliveMisses: 3,
  sessionCount: 1,
  takeoverKeepsFlows: false,
  capabilities,
};

/** A data thread with a TUN in memory, and what it told the control plane. */
class Thread {
  readonly events: Event[] = [];
  readonly #thread: DataThread;
  #heard: () => void = () => undefined;

  constructor(mode: "server" | "client", linkSlots = 8) {
    const { device } = fakeTun();
    const options: DataThreadOptions = {
      mode,
      tun: { fd: -1, name: "fake0", features: device.features },
      mtu: 1500,
      material: credentials[mode],
      admission: generous,
      liveness: patient,
      buffers: { keptBytes: 0, cleanupInterval: 30_000 },
      wear: { bytes: 2 ** 30, records: 2 ** 23 },
      keepAlive: false,
      clientToClient: false,
      clustered: false,
      counters: createCounters(),
      linkSlots: createLinkSlots(linkSlots),
      loop: createLoopCells(),
      sampling: false,
      limits: noLimits,
      bucketSlots: createBucketSlots(10),
      queueBytes: 1024 * 1024,
      team: undefined,
    };
    this.#thread = new DataThread(device, options, (event) => {
      this.events.push(event);
      this.#heard();
    });
    open.push({ close: () => this.do({ type: "stop", reason: "stopping" }) });
  }

  do(command: Command): void {
    this.#thread.handle(command);
  }

  all<T extends Event["type"]>(type: T): Extract<Event, { type: T }>[] {
    return this.events.filter((event): event is Extract<Event, { type: T }> => event.type === type);
  }

  /** The `count`th event of the type, as soon as it happens. */
  async event<T extends Event["type"]>(type: T, count = 1): Promise<Extract<Event, { type: T }>> {
    for (;;) {
      const found = this.all(type)[count - 1];
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }
}

/** A client of somebody else's, at the door of a server. */
async function clientOf(server: Thread): Promise<RawEnd> {
  if (server.all("listening").length === 0) server.do({ type: "listen", host: "127.0.0.1", port: 0 });
  const { port } = await server.event("listening");
  const socket = connect({ ...clientTlsOptions(credentials.client), host: "127.0.0.1", port });
  await once(socket, "secureConnect");
  open.push({ close: () => socket.destroy() });
  return new RawEnd(socket).read();
}

async function closeOf(peer: RawEnd): Promise<{ reason: string; text: string } | undefined> {
  const body = await peer.frame(frameType.close);
  return body === undefined ? undefined : decodeClose(body);
}

function admit(link: number): Command {
  const spec = { id: session, identity: "ann", prefixes: [], mtu: 1400, acl: [], peer: capabilities };
  return { type: "admit", link, session: spec, welcome, linkIndex: 0, supersede: false };
}

const helloFrame = controlFrame(frameType.hello, encodeHello(hello));
const welcomeFrame = controlFrame(frameType.welcome, encodeWelcome(welcome));

describe("a server", () => {
  it("hears HELLO with the identity of the certificate, and answers WELCOME when it admits", async () => {
    const server = new Thread("server");
    const peer = await clientOf(server);
    peer.socket.write(helloFrame);
    const { link, identity, hello: heard } = await server.event("hello");
    expect([identity, heard]).toEqual(["ann", hello]);
    server.do(admit(link));
    expect(decodeWelcome((await peer.frame(frameType.welcome)) ?? Buffer.alloc(0))).toEqual(welcome);
  });

  it.each([
    ["a second HELLO before WELCOME", false],
    ["a second HELLO after WELCOME", true],
  ])("closes on %s", async (_what, admitted) => {
    const server = new Thread("server");
    const peer = await clientOf(server);
    peer.socket.write(helloFrame);
    const { link } = await server.event("hello");
    if (admitted) {
      server.do(admit(link));
      await peer.frame(frameType.welcome);
    }
    peer.socket.write(helloFrame);
    expect(await closeOf(peer)).toEqual({ reason: "protocol_error", text: "a second HELLO" });
    expect(server.all("hello")).toHaveLength(1);
    expect(await server.event("closed")).toMatchObject({ link, reason: "protocol_error" });
  });

  it.each([
    ["WELCOME", welcomeFrame, "protocol_error", "unexpected WELCOME"],
    ["a malformed HELLO", controlFrame(frameType.hello, Buffer.alloc(9)), "protocol_error", "malformed HELLO"],
    [
      "another version",
      controlFrame(frameType.hello, encodeHello({ ...hello, version: 2 })),
      "version",
      "this end speaks version 1",
    ],
  ])("closes on %s", async (_what, frame, reason, text) => {
    const server = new Thread("server");
    const peer = await clientOf(server);
    peer.socket.write(frame);
    expect(await closeOf(peer)).toEqual({ reason, text });
    expect(server.all("hello")).toEqual([]);
  });

  it("refuses with the reason that the control plane gives", async () => {
    const server = new Thread("server");
    const peer = await clientOf(server);
    peer.socket.write(helloFrame);
    const { link } = await server.event("hello");
    server.do({ type: "refuse", link, reason: "not_here", text: "this server does not know the session" });
    expect((await closeOf(peer))?.reason).toBe("not_here");
    server.do(admit(link));
    expect(server.all("closed")).toHaveLength(1);
  });

  it("says that it is full", async () => {
    const server = new Thread("server", 1);
    await clientOf(server);
    const second = await clientOf(server);
    expect((await closeOf(second))?.reason).toBe("server_full");
    expect(await server.event("refused")).toMatchObject({ reason: "server_full" });
  });

  it("replaces the link of the same index, and all links in a takeover", async () => {
    const server = new Thread("server");
    const peers: RawEnd[] = [];
    for (const [count, changes] of [{}, {}, { linkIndex: 1 }, { linkIndex: 2, supersede: true }].entries()) {
      const peer = await clientOf(server);
      peer.socket.write(helloFrame);
      const { link } = await server.event("hello", count + 1);
      server.do({ ...admit(link), ...changes });
      await peer.frame(frameType.welcome);
      peers.push(peer);
    }
    expect((await closeOf(peers[0] as RawEnd))?.reason).toBe("superseded");
    expect((await closeOf(peers[1] as RawEnd))?.reason).toBe("superseded");
    expect((await closeOf(peers[2] as RawEnd))?.reason).toBe("superseded");
    await server.event("closed", 3);
    expect(server.all("closed")).toHaveLength(3);
  });
});

/** A client whose server is somebody else's. */
async function dialled(): Promise<{ client: Thread; peer: RawEnd }> {
  const listener = createServer(serverTlsOptions(credentials.server)).listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const accepted = once(listener, "secureConnection") as Promise<[TLSSocket]>;
  const client = new Thread("client");
  const target = { host: "127.0.0.1", port, identity: "edge-01", serverName: undefined };
  client.do({ type: "dial", link: 5, target, hello, group: 0, timeoutMs: 5000 });
  const [socket] = await accepted;
  listener.close();
  open.push({ close: () => socket.destroy() });
  return { client, peer: new RawEnd(socket).read() };
}

describe("a client", () => {
  it("says HELLO, and is up with WELCOME", async () => {
    const { client, peer } = await dialled();
    expect(decodeHello((await peer.frame(frameType.hello)) ?? Buffer.alloc(0))).toEqual(hello);
    expect(client.all("welcome")).toEqual([]);
    peer.socket.write(welcomeFrame);
    expect(await client.event("welcome")).toMatchObject({ link: 5, welcome });
  });

  it("takes a second WELCOME for a refresh", async () => {
    const { client, peer } = await dialled();
    peer.socket.write(welcomeFrame);
    const newer = { ...welcome, token: "bmV3ZXI=" };
    peer.socket.write(controlFrame(frameType.welcome, encodeWelcome(newer)));
    expect(await client.event("welcome", 2)).toMatchObject({ link: 5, welcome: newer });
    peer.socket.write(controlFrame(frameType.ping, Buffer.alloc(8)));
    expect(await peer.frame(frameType.pong)).toBeDefined();
    expect(client.all("closed")).toEqual([]);
  });

  it("ends its links when WELCOME names another session", async () => {
    const { client, peer } = await dialled();
    peer.socket.write(welcomeFrame);
    await client.event("welcome");
    const other = { ...welcome, session: session.replaceAll("0", "f") };
    peer.socket.write(controlFrame(frameType.welcome, encodeWelcome(other)));
    expect(await closeOf(peer)).toMatchObject({ reason: "superseded" });
  });

  it.each([
    ["HELLO", helloFrame, "unexpected HELLO"],
    ["a malformed WELCOME", controlFrame(frameType.welcome, Buffer.alloc(9)), "malformed WELCOME"],
    ["a packet before WELCOME", controlFrame(frameType.packet, Buffer.alloc(20, 0x45)), "packet before WELCOME"],
  ])("closes on %s", async (_what, frame, text) => {
    const { client, peer } = await dialled();
    await peer.frame(frameType.hello);
    peer.socket.write(frame);
    expect(await closeOf(peer)).toEqual({ reason: "protocol_error", text });
    expect(client.all("welcome")).toEqual([]);
  });
});
