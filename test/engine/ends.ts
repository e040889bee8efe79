import { connect, type TLSSocket } from "node:tls";
import { once } from "node:events";
import { DataThread } from "../../src/daemon/engine/data-thread.ts";
import type { Command, Event } from "../../src/daemon/engine/messages.ts";
import type { Hello, Welcome } from "../../src/daemon/link/messages.ts";
import { noLimits } from "../../src/daemon/limit/rules.ts";
import { createBucketSlots } from "../../src/daemon/metrics/bucket-slots.ts";
import type { WearLimits } from "../../src/daemon/link/wear.ts";
import { createLinkSlots } from "../../src/daemon/metrics/link-slots.ts";
import { createLoopCells } from "../../src/daemon/metrics/loop-delay.ts";
import type { Team } from "../../src/daemon/engine/team.ts";
import { clientTlsOptions } from "../../src/daemon/tls/options.ts";
import type { TlsMaterial } from "../../src/daemon/tls/material.ts";
import type { OffloadFeatures } from "../../src/daemon/tun/device.ts";
import { addressBytes } from "../../src/shared/address.ts";
import { type FakeKernel, fakeTun, fullOffload } from "../fakes/tun.ts";
import { Counted, spec } from "../flow/parts.ts";
import { addressOf, prefixOf } from "../session/addresses.ts";
import { material, TestCa } from "../tls/certificates.ts";

type Of<T extends Event["type"]> = Extract<Event, { type: T }>;

/** Certificates of one server and some clients. */
export interface Certificates {
  readonly server: TlsMaterial;
  client(name: string): TlsMaterial;
}

export async function makeCertificates(...clients: string[]): Promise<Certificates> {
  const ca = await TestCa.create();
  const server = material(await ca.issue("edge-01", "server"), "server", ca.pem);
  const made = new Map<string, TlsMaterial>();
  for (const name of clients) made.set(name, material(await ca.issue(name, "client"), "client", ca.pem));
  return { server, client: (name) => made.get(name) as TlsMaterial };
}

/** One data thread on this thread, over a TUN in memory, and what it tells its control plane. */
export class End {
  readonly kernel: FakeKernel;
  readonly counted = new Counted();
  readonly thread: DataThread;
  readonly events: Event[] = [];
  readonly #taken = new Set<Event>();
  readonly #waiters = new Set<() => void>();
  #closeDevice: () => void;
  port = 0;

  constructor(
    mode: "server" | "client",
    tls: TlsMaterial,
    options: {
      capacity?: number;
      heard?: (event: Event) => void;
      wear?: WearLimits;
      features?: OffloadFeatures;
      clientToClient?: boolean;
      team?: Team;
    } = {},
  ) {
    const features = options.features ?? fullOffload;
    const { device, kernel } = fakeTun({ features });
    this.kernel = kernel;
    this.#closeDevice = () => device.close();
    this.thread = new DataThread(
      device,
      {
        mode,
        tun: { fd: -1, name: device.name, features },
        mtu: 1500,
        material: tls,
        admission: { pending: 100, perSource: { pending: 100, rate: 1000, burst: 1000 } },
        liveness: { interval: 5000, timeout: 3000, misses: 3, stall: 5000 },
        buffers: { keptBytes: 0, cleanupInterval: 30_000 },
        wear: options.wear ?? { bytes: 2 ** 30, records: 2 ** 23 },
        keepAlive: true,
        clientToClient: options.clientToClient ?? false,
        clustered: false,
        counters: this.counted.values,
        linkSlots: createLinkSlots(options.capacity ?? 10),
        loop: createLoopCells(),
        sampling: false,
        limits: noLimits,
        bucketSlots: createBucketSlots(10),
        queueBytes: 1024 * 1024,
        team: options.team,
      },
      (event) => {
        this.events.push(event);
        options.heard?.(event);
        if (event.type === "stopped") this.#closeDevice();
        for (const waiter of this.#waiters) waiter();
      },
    );
  }

  send(command: Command): void {
    this.thread.handle(command);
  }

  /** The next event of a type, each given once. */
  next<T extends Event["type"]>(type: T): Promise<Of<T>> {
    const { promise, resolve } = Promise.withResolvers<Of<T>>();
    const look = (): void => {
      const event = this.events.find((one): one is Of<T> => one.type === type && !this.#taken.has(one));
      if (event === undefined) return;
      this.#taken.add(event);
      this.#waiters.delete(look);
      resolve(event);
    };
    this.#waiters.add(look);
    look();
    return promise;
  }

  count(type: Event["type"]): number {
    return this.events.filter((event) => event.type === type).length;
  }

  async listen(): Promise<this> {
    this.send({ type: "listen", host: "127.0.0.1", port: 0 });
    this.port = (await this.next("listening")).port;
    return this;
  }

  dial(link: number, port: number, more: Partial<Hello> = {}): void {
    this.send({
      type: "dial",
      link,
      target: { host: "127.0.0.1", port, identity: "edge-01", serverName: undefined },
      hello: { ...hello, ...more },
      group: 0,
      timeoutMs: 5000,
    });
  }
}

export const hello: Hello = {
  version: 1,
  intent: "new",
  epoch: 0n,
  linkIndex: 0,
  capabilities: { ...fullOffload, zstd: false },
  mtu: 1500,
};

export interface Place {
  /** 16 bytes in hexadecimal. */
  readonly session: string;
  readonly addresses: readonly string[];
  readonly allowed?: readonly string[];
  readonly supersede?: boolean;
}

export function welcomeFor({ session, addresses }: Place): Welcome {
  return {
    version: 1,
    serverId: "edge-01",
    bootId: "00".repeat(16),
    clusterId: "11".repeat(8),
    region: "",
    session,
    epoch: 1n,
    token: "dG9r",
    addresses: addresses.map((text) => ({
      address: addressOf(text),
      prefixLength: addressBytes(addressOf(text)).length * 4,
    })),
    gateways: [addressOf("10.8.0.1")],
    routes: [prefixOf("10.8.0.0/16")],
    mtu: 1500,
    keepaliveMs: 5000,
    keepaliveMisses: 3,
    sessionCount: 1,
    takeoverKeepsFlows: false,
    capabilities: { ...fullOffload, zstd: false },
  };
}

/** Lets the link of this HELLO in. */
export function admit(
  server: End,
  event: Of<"hello">,
  place: Place,
  capabilities: Welcome["capabilities"] = { ...fullOffload, zstd: false },
): void {
  const { id: _, ...session } = spec("", [...place.addresses, ...(place.allowed ?? [])], {
    identity: event.identity,
    peer: event.hello.capabilities,
  });
  server.send({
    type: "admit",
    link: event.link,
    session: { ...session, id: place.session },
    welcome: { ...welcomeFor(place), capabilities },
    linkIndex: event.hello.linkIndex,
    supersede: place.supersede ?? false,
  });
}

/** Dials, greets and lets in; the server's number of the link. */
export async function join(
  client: End,
  server: End,
  link: number,
  place: Place,
  more: Partial<Hello> = {},
): Promise<number> {
  client.dial(link, server.port, more);
  const event = await server.next("hello");
  admit(server, event, place);
  await client.next("welcome");
  return event.link;
}

/** A client of which the test sends every byte, and which reads nothing. */
export async function rawClient(tls: TlsMaterial, port: number): Promise<TLSSocket> {
  const socket = connect({ ...clientTlsOptions(tls), host: "127.0.0.1", port });
  socket.on("error", () => undefined);
  await once(socket, "secureConnect");
  return socket;
}
