import { formatAddress } from "../shared/address.ts";
import type { Session } from "../shared/control/snapshot.ts";
import type { ClientSettings } from "./config/settings.ts";
import type { Welcome } from "./link/messages.ts";
import { shortSession } from "./pool/link-book.ts";
import type { RoleParts } from "./role.ts";

interface ClientSessionParts extends Pick<RoleParts, "clock" | "events" | "links" | "identity"> {
  settings(): ClientSettings;
}

/** The client's one session, as the newest WELCOME of its home tells it. */
export class ClientSession {
  /** Whether a link carries it. */
  ready = false;
  readonly #parts: ClientSessionParts;
  #joined: { readonly welcome: Welcome; readonly since: number } | undefined;
  #clusterId: string | undefined;

  constructor(parts: ClientSessionParts) {
    this.#parts = parts;
  }

  get welcome(): Welcome | undefined {
    return this.#joined?.welcome;
  }

  get inner(): readonly string[] {
    return this.welcome?.addresses.map(({ address }) => formatAddress(address)) ?? [];
  }

  /** Whether flows survive a move to another server; undefined before there is a session. */
  get keepsFlows(): boolean | undefined {
    return this.welcome?.takeoverKeepsFlows;
  }

  isHome(server: string | undefined): boolean {
    return this.welcome !== undefined && serverKey(this.welcome) === server;
  }

  /** Whether it is the session that there was. */
  take(welcome: Welcome): boolean {
    const kept = this.#joined?.welcome.session === welcome.session;
    const now = this.#parts.clock.now();
    this.#joined = { welcome, since: kept ? (this.#joined?.since ?? now) : now };
    return kept;
  }

  /** A session that came along shows that the keys are the same, whichever of them seals now. */
  checkCluster({ clusterId, serverId }: Welcome, kept: boolean): void {
    if (!kept && this.#clusterId !== undefined && this.#clusterId !== clusterId) {
      const message = `${serverId} belongs to another cluster than the last server; sessions can't move between them`;
      this.#parts.events.add("warning", "clusters_differ", message, { server: serverId });
    }
    this.#clusterId = clusterId;
  }

  rows(): Session[] {
    if (this.#joined === undefined) return [];
    const { links, clock, identity } = this.#parts;
    const { welcome, since } = this.#joined;
    return [
      {
        id: shortSession(welcome.session),
        identity,
        inner: [...this.inner],
        epoch: Number(welcome.epoch),
        links: [...links].filter(({ state }) => state === "active").length,
        mtu: Math.min(welcome.mtu, this.#parts.settings().network.mtu),
        since_seconds: Math.round((clock.now() - since) / 1000),
        expires_seconds: null,
      },
    ];
  }
}

/** A server's run: links with the same one lead to the same sessions. */
export function serverKey({ serverId, bootId }: Welcome): string {
  return `${serverId} ${bootId}`;
}
