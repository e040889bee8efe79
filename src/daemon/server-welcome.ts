import { randomBytes } from "node:crypto";
import { type Address, parseAddress } from "../shared/address.ts";
import type { ServerSettings } from "./config/settings.ts";
import { stretched } from "./link/liveness.ts";
import { type Capabilities, protocolVersion, type Welcome } from "./link/messages.ts";
import type { RoleParts } from "./role.ts";
import { aclOf, innerPrefixes, prefixOf, serverId } from "./server-rules.ts";
import type { ServerReports } from "./server-reports.ts";
import type { SessionSpec } from "./session/data-session.ts";
import type { ServerSession, SessionRegistry } from "./session/registry.ts";
import type { TokenSealer } from "./session/token.ts";

interface ServerWelcomeParts extends Pick<RoleParts, "engine" | "features"> {
  readonly registry: SessionRegistry;
  readonly sealer: TokenSealer;
  readonly reports: ServerReports;
  settings(): ServerSettings;
}

/** What a session is: told to its client by WELCOME, with a token that is renewed in time, and to the data thread. */
export class ServerWelcome {
  readonly #parts: ServerWelcomeParts;
  readonly #bootId = randomBytes(16).toString("hex");
  /** What the newest link of each session can inject. */
  readonly #peers = new WeakMap<ServerSession, Capabilities>();

  constructor(parts: ServerWelcomeParts) {
    this.#parts = parts;
  }

  /** What the data thread and the client are to know of a session whose newest link has these capabilities. */
  introduce(session: ServerSession, token: string, peer: Capabilities): { session: SessionSpec; welcome: Welcome } {
    this.#peers.set(session, peer);
    return { session: this.#spec(session, peer), welcome: this.#welcome(session, token) };
  }

  /** Gives the sessions that are there what the settings say now. */
  respec(): void {
    const { engine, registry } = this.#parts;
    for (const session of registry.sessions()) {
      const peer = this.#peers.get(session);
      if (peer !== undefined) engine.send({ type: "respec", session: this.#spec(session, peer) });
    }
  }

  /** A newer WELCOME, with a fresh token, to every client. */
  renewAll(): void {
    for (const session of this.#parts.registry.sessions()) this.#renew(session);
  }

  /** The same to those whose token is half way through its life. */
  renewStale(): void {
    for (const session of this.#parts.registry.stale()) this.#renew(session);
  }

  #renew(session: ServerSession): void {
    this.#sendAnew(session).catch((error: unknown) =>
      this.#parts.reports.failed("renewal_failed", `the token of ${session.identity} can't be renewed`, error),
    );
  }

  async #sendAnew(session: ServerSession): Promise<void> {
    const token = await this.#parts.registry.renew(session);
    if (token === undefined) return;
    for (const link of session.links) {
      this.#parts.engine.send({ type: "rewelcome", link, welcome: this.#welcome(session, token) });
    }
  }

  #welcome(session: ServerSession, token: string): Welcome {
    const { registry, sealer, features } = this.#parts;
    const settings = this.#parts.settings();
    const { network, health, cluster } = settings;
    const prefixes = innerPrefixes(settings);
    const prefixLength = ({ family }: Address): number =>
      prefixes.find(({ address }) => address.family === family)?.length ?? 0;
    const addresses = session.addresses.flatMap((text) => parseAddress(text) ?? []);
    return {
      version: protocolVersion,
      serverId: serverId(settings),
      bootId: this.#bootId,
      clusterId: sealer.clusterId,
      region: cluster.region ?? "",
      session: session.id,
      epoch: session.epoch,
      token,
      addresses: addresses.map((address) => ({ address, prefixLength: prefixLength(address) })),
      gateways: prefixes.map(({ address }) => address),
      routes: network.routes.map(prefixOf),
      mtu: session.mtu,
      keepaliveMs: stretched(health.interval, registry.size),
      keepaliveMisses: health.fall,
      sessionCount: registry.size,
      takeoverKeepsFlows: network.forwarding.mode !== "nat",
      capabilities: { ...features, zstd: network.compression && this.#peers.get(session)?.zstd === true },
    };
  }

  #spec(session: ServerSession, peer: Capabilities): SessionSpec {
    const { access } = this.#parts.settings();
    const known = access.identities.find(({ name }) => name === session.identity);
    const allowed = known?.allowed_ips ?? [];
    return {
      id: session.id,
      identity: session.identity,
      prefixes: [...session.addresses, ...allowed].map(prefixOf),
      mtu: session.mtu,
      acl: aclOf(access, known),
      peer,
    };
  }
}
