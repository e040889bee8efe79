import { ClientRole } from "../../src/daemon/client.ts";
import { isServer, type Settings } from "../../src/daemon/config/settings.ts";
import { DataThread } from "../../src/daemon/engine/data-thread.ts";
import type { Engine } from "../../src/daemon/engine/engine.ts";
import type { Command, Event } from "../../src/daemon/engine/messages.ts";
import { noLimits } from "../../src/daemon/limit/rules.ts";
import { createBucketSlots } from "../../src/daemon/metrics/bucket-slots.ts";
import { createLinkSlots } from "../../src/daemon/metrics/link-slots.ts";
import { createLoopCells } from "../../src/daemon/metrics/loop-delay.ts";
import { EventLog } from "../../src/daemon/monitor/event-log.ts";
import { LinkBook } from "../../src/daemon/pool/link-book.ts";
import type { Role, RoleParts } from "../../src/daemon/role.ts";
import { ServerRole } from "../../src/daemon/server.ts";
import type { TlsMaterial } from "../../src/daemon/tls/material.ts";
import { systemClock } from "../../src/shared/clock.ts";
import type { DaemonEvent } from "../../src/shared/control/snapshot.ts";
import { type FakeKernel, fakeTun, fullOffload } from "../fakes/tun.ts";
import { Counted } from "../flow/parts.ts";

type Host = RoleParts["host"];

/** A daemon without process, control channel and host: its role and its data thread, both on this thread. */
export class Node implements AsyncDisposable {
  readonly kernel: FakeKernel;
  readonly counted = new Counted();
  readonly events = new EventLog(systemClock, { server: "node", boot_id: "b" });
  readonly links = new LinkBook();
  /** What the host was given, the newest last. */
  readonly applied: Parameters<Host["apply"]>[0][] = [];
  /** While set, the host refuses everything. */
  hostError: Error | undefined;
  /** Identities that an operator shut out. */
  readonly denied = new Set<string>();
  /** What is measured of its links. */
  figures: ReturnType<RoleParts["figures"]>;
  readonly commands: Command[] = [];
  readonly role: Role;
  readonly #thread: DataThread;
  readonly #close: () => void;
  readonly #stopped = Promise.withResolvers<void>();
  #told = 0;

  constructor(settings: Settings, tls: TlsMaterial, identity: string) {
    const { device, kernel } = fakeTun();
    this.kernel = kernel;
    this.#close = () => device.close();
    const engine: Engine = {
      send: (command) => {
        this.commands.push(command);
        setImmediate(() => this.#command(command));
      },
      responds: () => Promise.resolve(),
      stop: () => this.stop(),
    };
    const parts: RoleParts = {
      clock: systemClock,
      engine,
      host: this.#host(),
      events: this.events,
      links: this.links,
      features: fullOffload,
      identity,
      denied: (who) => this.denied.has(who),
      figures: () => this.figures,
    };
    this.role = isServer(settings) ? new ServerRole(settings, parts) : new ClientRole(settings, parts);
    this.#thread = new DataThread(
      device,
      {
        mode: settings.core.mode,
        tun: { fd: -1, name: device.name, features: fullOffload },
        mtu: settings.network.mtu,
        material: tls,
        admission: { pending: 100, perSource: { pending: 100, rate: 1000, burst: 1000 } },
        liveness: { interval: 5000, timeout: 3000, misses: 3, stall: 5000 },
        buffers: { keptBytes: 0, cleanupInterval: 30_000 },
        wear: { bytes: 2 ** 30, records: 2 ** 23 },
        keepAlive: true,
        clientToClient: false,
        clustered: false,
        counters: this.counted.values,
        linkSlots: createLinkSlots(10),
        loop: createLoopCells(),
        sampling: false,
        limits: noLimits,
        bucketSlots: createBucketSlots(10),
        queueBytes: 1024 * 1024,
        team: undefined,
      },
      (event) => void setImmediate(() => this.#event(event)),
    );
  }

  start(): Promise<void> {
    return this.role.start();
  }

  /** What the monitor does once a second. */
  tick(): void {
    this.role.checkHealth();
    this.role.adjustWeights();
    this.role.settleBreakers();
  }

  /** The next event with this code that was not asked for yet. */
  async told(code: string): Promise<DaemonEvent> {
    for (;;) {
      const found = this.events.since(this.#told).find((event) => event.code === code);
      if (found !== undefined) {
        this.#told = found.seq;
        return found;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async stop(): Promise<void> {
    this.#command({ type: "stop", reason: "stopping" });
    await this.#stopped.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.role.close();
    await this.stop();
  }

  #command(command: Command): void {
    this.#thread.handle(command);
  }

  #event(event: Event): void {
    this.role.onEvent(event);
    if (event.type !== "stopped") return;
    this.#close();
    this.#stopped.resolve();
  }

  #host(): Host {
    return {
      apply: async (wanted) => {
        if (this.hostError !== undefined) throw this.hostError;
        this.applied.push(wanted);
        return { refused: [], withoutWay: [] };
      },
      repin: async () => ({ refused: [], withoutWay: [] }),
    };
  }
}
