import { connect, type Socket } from "node:net";
import type { Clock } from "../../../src/shared/clock.ts";
import { Flow, type FlowCounts } from "./flow.ts";
import { Pause } from "./pause.ts";
import type { Plan } from "./plan.ts";

/** How a connection ended: by the sides themselves, by the proxy's RST, or because the server took no call. */
export type Ending = "closed" | "reset" | "dial_failed";

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

export interface ConnectionReport {
  readonly id: number;
  readonly to_server: Readonly<FlowCounts>;
  readonly to_client: Readonly<FlowCounts>;
}

async function dialled(server: Socket): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("connect", resolve).once("close", () => reject(new Error("not connected")));
  await promise;
}

async function closed(socket: Socket): Promise<void> {
  if (socket.closed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.once("close", () => resolve());
  await promise;
}

/** One connection of a client, and ours to the server on its behalf. */
export class Connection {
  readonly id: number;
  readonly #client: Socket;
  readonly #clock: Clock;
  readonly #pause: Pause;
  readonly #toServer: Flow;
  readonly #toClient: Flow;
  readonly #accepted: number;
  #server: Socket | undefined;
  #plan: Plan;
  #ending: Ending | undefined;

  constructor(id: number, client: Socket, plan: Plan, clock: Clock) {
    this.id = id;
    this.#client = client.setNoDelay(true);
    this.#plan = plan;
    this.#clock = clock;
    this.#pause = new Pause(clock);
    this.#accepted = clock.now();
    this.#toServer = new Flow(plan.to_server, clock, this.reset);
    this.#toClient = new Flow(plan.to_client, clock, this.reset);
    client.on("error", () => undefined);
  }

  get plan(): Plan {
    return this.#plan;
  }

  report(): ConnectionReport {
    return { id: this.id, to_server: { ...this.#toServer.counts }, to_client: { ...this.#toClient.counts } };
  }

  change(plan: Plan): void {
    this.#plan = plan;
    this.#pause.wake();
    this.#toServer.change(plan.to_server);
    this.#toClient.change(plan.to_client);
  }

  /** Serves the connection to its end. */
  async run(address: ServerAddress): Promise<Ending> {
    await this.#untilServed();
    if (this.#ending !== undefined) return this.#ending;
    const server = connect({ ...address, allowHalfOpen: true }).setNoDelay(true);
    server.on("error", () => undefined);
    this.#server = server;
    try {
      await dialled(server);
    } catch {
      const ending = this.#ending ?? "dial_failed";
      this.reset();
      return ending;
    }
    await this.#carry(server);
    return this.#ending ?? "closed";
  }

  /** A RST to both sides. */
  readonly reset = (): void => {
    if (this.#ending !== undefined) return;
    this.#ending = "reset";
    this.#pause.wake();
    this.#toServer.close();
    this.#toClient.close();
    this.#client.resetAndDestroy();
    this.#server?.resetAndDestroy();
  };

  async #untilServed(): Promise<void> {
    for (;;) {
      const { accept } = this.#plan;
      if (accept.kind === "now" || this.#ending !== undefined) return;
      const left = accept.kind === "never" ? undefined : this.#accepted + accept.ms - this.#clock.now();
      if (left !== undefined && left <= 0) return;
      await this.#pause.wait(left);
    }
  }

  async #carry(server: Socket): Promise<void> {
    const closeDelay = (): number => this.#plan.close_delay_ms;
    const carried = async (flow: Flow, source: Socket, target: Socket): Promise<void> => {
      // A side that fails takes the other with it, unless nothing that it does is to be seen.
      await flow.run(source, target, closeDelay).catch(() => {
        if (flow.fault !== "swallow") target.resetAndDestroy();
      });
    };
    await Promise.all([
      carried(this.#toServer, this.#client, server),
      carried(this.#toClient, server, this.#client),
      closed(this.#client),
      closed(server),
    ]);
  }
}
