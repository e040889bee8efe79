import type { Socket } from "node:net";
import type { Millis } from "../../shared/clock.ts";
import type { ConnectOutcome } from "./connect.ts";

export interface WarmRules {
  /** Connections to keep ready. */
  readonly size: number;
  /** One that was not used for this long is closed and replaced. */
  readonly idleTimeout: Millis;
}

export interface WarmParts {
  now(): Millis;
  /** Begins one connect; returns how to give it up. */
  connect(done: (outcome: ConnectOutcome) => void): () => void;
  /** Whether neither a FIN nor a reset has come. */
  alive(socket: Socket): boolean;
}

interface Warm {
  readonly socket: Socket;
  readonly since: Millis;
}

/**
 * Connections to one endpoint that were made ahead, each used once. They are never read before they are used, so a
 * greeting stays in the kernel; whether one still lives is asked of the kernel when it is taken.
 */
export class WarmPool {
  readonly #parts: WarmParts;
  #ready: Warm[] = [];
  readonly #dials = new Set<() => void>();

  constructor(parts: WarmParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#ready.length;
  }

  /** The oldest that lives; the caller owns it. */
  take(): Socket | undefined {
    for (let warm = this.#ready.shift(); warm !== undefined; warm = this.#ready.shift()) {
      if (this.#parts.alive(warm.socket)) return warm.socket;
      warm.socket.destroy();
    }
    return undefined;
  }

  /** Closes the dead. */
  sweep(): void {
    this.#keep(({ socket }) => this.#parts.alive(socket));
  }

  /** Closes those that nobody used for `idleTimeout`. */
  age({ idleTimeout }: WarmRules): void {
    const oldest = this.#parts.now() - idleTimeout;
    this.#keep(({ since }) => since > oldest);
  }

  /** Closes the surplus and begins as many connects as are missing. */
  refill({ size }: WarmRules): void {
    for (const { socket } of this.#ready.splice(size)) socket.destroy();
    for (let missing = size - this.#ready.length - this.#dials.size; missing > 0; missing--) this.#dial();
  }

  close(): void {
    for (const giveUp of this.#dials) giveUp();
    this.#dials.clear();
    this.#keep(() => false);
  }

  #dial(): void {
    const giveUp = this.#parts.connect((outcome) => {
      this.#dials.delete(giveUp);
      if (outcome.kind === "connected") this.#ready.push({ socket: outcome.socket, since: this.#parts.now() });
    });
    this.#dials.add(giveUp);
  }

  #keep(wanted: (warm: Warm) => boolean): void {
    this.#ready = this.#ready.filter((warm) => {
      if (wanted(warm)) return true;
      warm.socket.destroy();
      return false;
    });
  }
}
