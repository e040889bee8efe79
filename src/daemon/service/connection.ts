import type { Socket } from "node:net";
import type { Millis } from "../../shared/clock.ts";
import { type Gates, Relay, type RelayEnd } from "./relay.ts";

/** waiting: for a free place; connecting: to an endpoint; active: bytes flow. */
type State =
  | { readonly kind: "waiting" }
  | { readonly kind: "connecting"; readonly endpoint: string; readonly giveUp: () => void }
  | { readonly kind: "active"; readonly endpoint: string; readonly relay: Relay }
  | { readonly kind: "over" };

/** One client's connection to a service. The client is not read before an endpoint took it. */
export class ServiceConnection {
  readonly id: number;
  readonly client: Socket;
  /** The client's inner address and port. */
  readonly remote: { readonly address: string; readonly port: number };
  /** Who its place is counted for: an identity has many addresses, and is one client. */
  readonly owner: string;
  readonly since: Millis;
  /** Endpoints on which it failed to connect. */
  readonly tried: Set<string> = new Set();
  state: State = { kind: "waiting" };

  constructor(id: number, client: Socket, now: Millis, ownerOf: (address: string) => string) {
    this.id = id;
    this.client = client;
    this.remote = { address: client.remoteAddress ?? "", port: client.remotePort ?? 0 };
    this.owner = ownerOf(this.remote.address);
    this.since = now;
    // A client that is reset before it is read must not end the thread; reading or writing finds it later.
    client.on("error", () => {});
  }

  /** The endpoint that it is on, or tries. */
  get endpoint(): string | undefined {
    return this.state.kind === "connecting" || this.state.kind === "active" ? this.state.endpoint : undefined;
  }

  /** From the client. */
  get rxBytes(): number {
    return this.client.bytesRead;
  }

  /** To the client. */
  get txBytes(): number {
    return this.client.bytesWritten;
  }

  connecting(endpoint: string, giveUp: () => void): void {
    this.state = { kind: "connecting", endpoint, giveUp };
  }

  join(endpoint: string, socket: Socket, gates: Gates, ended: (end: RelayEnd) => void): void {
    this.state = { kind: "active", endpoint, relay: new Relay(this.client, socket, gates, ended) };
  }

  /** Resets it; a relay tells of its end itself. */
  cut(): void {
    const { state } = this;
    if (state.kind === "active") return state.relay.cut();
    if (state.kind === "connecting") state.giveUp();
    this.state = { kind: "over" };
    this.client.resetAndDestroy();
  }
}
