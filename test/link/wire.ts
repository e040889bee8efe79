import { once } from "node:events";
import { type AddressInfo } from "node:net";
import { connect, createServer, type TLSSocket } from "node:tls";
import type { FrameType } from "../../src/daemon/link/frame.ts";
import { type Kernel, kernelOf } from "../../src/daemon/link/kernel.ts";
import { Link, type LinkHandlers } from "../../src/daemon/link/link.ts";
import type { LivenessRules } from "../../src/daemon/link/liveness.ts";
import { LandingPool } from "../../src/daemon/link/receiver.ts";
import { UnpackTurns } from "../../src/daemon/link/unpack-turns.ts";
import { allocateMemory } from "../../src/daemon/sys/memory.ts";
import { clientTlsOptions, serverTlsOptions } from "../../src/daemon/tls/options.ts";
import type { TlsMaterial } from "../../src/daemon/tls/material.ts";
import { FakeClock } from "../fakes/clock.ts";
import { material, type TestCa } from "../tls/certificates.ts";
import type { Pong } from "../../src/daemon/link/messages.ts";
import { type Frame, parse } from "./frames.ts";

export interface Credentials {
  readonly server: TlsMaterial;
  readonly client: TlsMaterial;
}

export async function createCredentials(ca: TestCa): Promise<Credentials> {
  const [server, client] = await Promise.all([ca.issue("edge-01", "server"), ca.issue("ann", "client")]);
  return { server: material(server, "server", ca.pem), client: material(client, "client", ca.pem) };
}

/** Both ends of a TLS connection over the loopback interface. */
export async function tlsPair(credentials: Credentials): Promise<{ server: TLSSocket; client: TLSSocket }> {
  const listener = createServer(serverTlsOptions(credentials.server));
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const client = connect({ ...clientTlsOptions(credentials.client), host: "127.0.0.1", port });
  const [[server]] = (await Promise.all([once(listener, "secureConnection"), once(client, "secureConnect")])) as [
    [TLSSocket],
    unknown,
  ];
  listener.close();
  return { server, client };
}

/** What a link told its owner, in order. */
export class Owner implements LinkHandlers {
  readonly said: string[] = [];
  readonly packets: Buffer[] = [];
  readonly greetings: Buffer[] = [];
  readonly rtts: number[] = [];
  readonly pongs: Pong[] = [];
  drains = false;
  unsent = 0;
  onPacket: () => void = () => undefined;
  #waiting: { text: string; resolve: () => void }[] = [];

  greeting(_link: Link, type: FrameType, body: Buffer): void {
    this.greetings.push(body);
    this.#say(`greeting ${type}`);
  }

  settled(): void {}

  sending(): void {}
  packed(): void {}

  packet(_link: Link, _type: FrameType, memory: { bytes: Buffer }, body: number, length: number): void {
    this.packets.push(Buffer.from(memory.bytes.subarray(body, body + length)));
    this.#say("packet");
    this.onPacket();
  }

  worn(): void {
    this.#say("worn");
  }

  draining(): boolean {
    return this.drains;
  }

  pong(_link: Link, millis: number, pong: Pong): void {
    this.rtts.push(millis);
    this.pongs.push(pong);
    this.#say("rtt");
  }

  room(): void {}

  goaway(_link: Link, scope: string, reason: string): void {
    this.#say(`goaway ${scope} ${reason}`);
  }

  closed(_link: Link, reason: string, text: string, unsent: number): void {
    this.unsent = unsent;
    this.#say(`closed ${reason} ${text}`.trim());
  }

  load(): number {
    return 42;
  }

  sessionCount(): number {
    return 7;
  }

  /** Resolves when the owner was told something that begins so, now or before. */
  async told(text: string): Promise<string> {
    const present = this.said.find((one) => one.startsWith(text));
    if (present !== undefined) return present;
    await new Promise<void>((resolve) => this.#waiting.push({ text, resolve }));
    return this.told(text);
  }

  #say(text: string): void {
    this.said.push(text);
    const come = this.#waiting.filter((one) => text.startsWith(one.text));
    this.#waiting = this.#waiting.filter((one) => !text.startsWith(one.text));
    for (const { resolve } of come) resolve();
  }
}

export const patient: LivenessRules = { interval: 1e9, timeout: 1e9, misses: 3, stall: 1e9 };

export interface End {
  readonly link: Link;
  readonly owner: Owner;
}

export function openEnd(
  socket: TLSSocket,
  clock: FakeClock,
  liveness: LivenessRules = patient,
  kernel: Kernel = kernelOf(socket),
  unpackTurns: UnpackTurns = new UnpackTurns(),
): End {
  const owner = new Owner();
  const link = new Link({
    id: 1,
    identity: "x",
    remote: "127.0.0.1:1",
    socket,
    kernel,
    handlers: owner,
    landing: new LandingPool(allocateMemory, 0),
    unpackTurns,
    liveness,
    wear: { bytes: 2 ** 30, records: 2 ** 23 },
    greetingBy: clock.now() + 3000,
    now: () => clock.now(),
  });
  link.start();
  return { link, owner };
}

/** The other end as a program of somebody else: whole frames as they come. */
export class RawEnd {
  readonly socket: TLSSocket;
  #bytes = Buffer.alloc(0);
  #heard: () => void = () => undefined;
  closed = false;

  constructor(socket: TLSSocket) {
    this.socket = socket;
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.closed = true;
      this.#heard();
    });
  }

  read(): this {
    this.socket.on("data", (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#heard();
    });
    return this;
  }

  get frames(): Frame[] {
    return parse(this.#bytes).frames;
  }

  /** The first frame of this type, as soon as it has come; undefined when the connection ends before. */
  async frame(type: FrameType): Promise<Buffer | undefined> {
    for (;;) {
      const found = this.frames.find((frame) => frame.type === type);
      if (found !== undefined || this.closed) return found?.body;
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }
}
