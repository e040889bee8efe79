import type { Socket } from "node:net";
import type { Gate } from "./gate.ts";

/** How a relayed connection ended: both ends closed in order, one of them was reset, or we cut it. */
export type RelayEnd = "closed" | "client_reset" | "endpoint_reset" | "cut";

/** The rate limits of a relay's directions. */
export interface Gates {
  /** From the client. */
  readonly up: Gate;
  readonly down: Gate;
}

/**
 * Carries bytes between a client and an endpoint, both ways, until both directions have ended. A FIN is passed on behind
 * the last byte and the other direction goes on; a reset is passed on as a reset; who reads slowly is read for slowly:
 * each direction holds at most what two streams buffer (128 KiB) and one read (64 KiB).
 */
export class Relay {
  readonly client: Socket;
  readonly endpoint: Socket;
  readonly #ended: (end: RelayEnd) => void;
  #open = 2;
  /** Directions that wait for their rate limit. */
  #limited = 0;
  #end: RelayEnd = "closed";

  constructor(client: Socket, endpoint: Socket, gates: Gates, ended: (end: RelayEnd) => void) {
    this.client = client;
    this.endpoint = endpoint;
    this.#ended = ended;
    this.#carry(client, endpoint, gates.up, "client_reset");
    this.#carry(endpoint, client, gates.down, "endpoint_reset");
  }

  /** Some bytes wait for a side that does not read. */
  get stalled(): boolean {
    return this.client.writableNeedDrain || this.endpoint.writableNeedDrain;
  }

  get limited(): boolean {
    return this.#limited > 0;
  }

  /** Ends both sides with a reset. */
  cut(): void {
    this.#fail("cut");
    this.client.resetAndDestroy();
    this.endpoint.resetAndDestroy();
  }

  #carry(from: Socket, to: Socket, gate: Gate, reset: RelayEnd): void {
    let held = false;
    const go = (): void => {
      held = false;
      this.#limited -= 1;
      if (!to.writableNeedDrain) from.resume();
    };
    from.on("data", (chunk: Buffer) => {
      const full = !to.write(chunk);
      held = !gate.passed(chunk.length, go);
      if (held) this.#limited += 1;
      if (full || held) from.pause();
    });
    to.on("drain", () => {
      if (!held) from.resume();
    });
    from.on("end", () => to.end());
    from.on("error", () => {
      this.#fail(reset);
      // One that had said all it had to say owes the other nothing more than to deliver it.
      if (from.readableEnded) to.destroySoon();
      else to.resetAndDestroy();
    });
    from.once("close", () => {
      gate.leave(go);
      this.#open -= 1;
      if (this.#open === 0) this.#ended(this.#end);
    });
    from.resume();
  }

  /** The first reason counts. */
  #fail(end: RelayEnd): void {
    if (this.#end === "closed") this.#end = end;
  }
}
