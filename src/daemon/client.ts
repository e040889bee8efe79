import { lookup } from "node:dns/promises";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import { z } from "zod";
import type { Alert, Session } from "../shared/control/snapshot.ts";
import { formatAddress, formatPrefix, parsePrefix, prefixContains } from "../shared/address.ts";
import { describeError } from "../shared/errors.ts";
import type { AcceptRoutes, ClientSettings, Settings } from "./config/settings.ts";
import type { ActionResult } from "./control/backend.ts";
import type { Event } from "./engine/messages.ts";
import { type Hello, protocolVersion, type Welcome } from "./link/messages.ts";
import { Connector, type Endpoint, type Introduction } from "./pool/connector.ts";
import { shortSession } from "./pool/link-book.ts";
import type { RememberedSession, SessionMemory } from "./pool/session-memory.ts";
import type { Role } from "./role.ts";
import type { RoleParts } from "./server.ts";
import { writeAtomically } from "./store/journal.ts";

interface Joined {
  readonly welcome: Welcome;
  readonly since: number;
}

/** The client's control plane: one session, the link that carries it, and the host's addresses and routes. */
export class ClientRole implements Role {
  readonly #parts: RoleParts;
  readonly #connector: Connector;
  readonly #resolver: Resolver;
  #settings: ClientSettings;
  #joined: Joined | undefined;
  #applied = "";
  #clusterId: string | undefined;
  ready = false;

  constructor(settings: ClientSettings, parts: RoleParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.#resolver = new Resolver(join(settings.core.state_dir, "endpoints.json"));
    this.#connector = new Connector({
      endpoints: settings.tunnel.endpoints,
      clock: parts.clock,
      random: Math.random,
      memory: sessionFile(join(settings.core.state_dir, "session.json"), (error) =>
        this.#failed("session_not_saved", "the session can't be saved", error),
      ),
      resolve: (host) => this.#resolver.resolve(host),
      pin: async (addresses) => void (await parts.host.repin(addresses)),
      dial: (link, endpoint, address, introduction) => this.#dial(link, endpoint, address, introduction),
      failed: (endpoint, reason, text, retryIn) => {
        const wait = (retryIn / 1000).toFixed(1);
        parts.events.add("warning", "connect_failed", `${endpoint.name}: ${reason} ${text}; again in ${wait} s`, {
          backend: endpoint.name,
          reason,
        });
      },
    });
  }

  get inner(): readonly string[] {
    return this.#joined?.welcome.addresses.map(({ address }) => formatAddress(address)) ?? [];
  }

  async start(): Promise<void> {
    // What a killed process left is undone; the address comes with WELCOME.
    await this.#parts.host.apply({
      mtu: this.#settings.network.mtu,
      addresses: [],
      unreachable: [],
      pins: [],
      routes: [],
    });
    this.#connector.start();
  }

  onEvent(event: Event): void {
    const { links } = this.#parts;
    switch (event.type) {
      case "secured": {
        const record = links.get(event.link);
        if (record !== undefined) record.state = "configuring";
        return;
      }
      case "dial_failed":
        links.remove(event.link);
        return this.#connector.dialFailed(event.link, event.reason, event.text);
      case "welcome":
        this.#welcome(event).catch((error: unknown) => {
          // Without its addresses the link is of no use; the next one tries again.
          this.#parts.engine.send({ type: "close", link: event.link, reason: "internal", text: "" });
          this.#failed("host_not_applied", "the host did not take the session's addresses and routes", error);
        });
        return;
      case "closed":
        return this.#closed(event);
      case "goaway":
        return this.#parts.events.add("info", "goaway", `the server asks to leave: ${event.reason}`, {
          reason: event.reason,
        });
      case "listening":
      case "listen_failed":
      case "refused":
      case "hello":
      case "spoofed":
      case "tun_down":
      case "stopped":
        return;
    }
  }

  sessions(): Session[] {
    if (this.#joined === undefined) return [];
    const { welcome, since } = this.#joined;
    return [
      {
        id: shortSession(welcome.session),
        identity: this.#settings.core.name,
        inner: [...this.inner],
        epoch: Number(welcome.epoch),
        links: this.#parts.links.size,
        mtu: Math.min(welcome.mtu, this.#settings.network.mtu),
        since_seconds: Math.round((this.#parts.clock.now() - since) / 1000),
        expires_seconds: null,
      },
    ];
  }

  alerts(): Alert[] {
    const { state } = this.#connector;
    if (this.ready || state.kind === "stopped") return [];
    const error = state.kind === "waiting" ? state.lastError : undefined;
    return [
      {
        code: "no_link",
        severity: "critical",
        message: `no link to any server${error === undefined ? "" : ` (${error})`}`,
      },
    ];
  }

  tick(): void {}

  kickSession(id: string, reason: string, dryRun: boolean): ActionResult | undefined {
    const session = this.#joined?.welcome.session;
    if (session === undefined || (shortSession(session) !== id && session !== id)) return undefined;
    if (dryRun) return { kind: "done", message: `would close the link of session ${shortSession(session)}` };
    for (const { link } of this.#parts.links) {
      this.#parts.engine.send({ type: "close", link, reason: "kicked", text: reason });
    }
    return { kind: "done", message: `closed the link of session ${shortSession(session)}; it reconnects by itself` };
  }

  reload(settings: Settings): void {
    if (settings.core.mode === "client") {
      this.#settings = { ...this.#settings, network: { ...this.#settings.network, routes: settings.network.routes } };
    }
    if (this.#joined === undefined) return;
    this.#applyHost(this.#joined.welcome).catch((error: unknown) =>
      this.#failed("host_not_applied", "the host did not take the new routes", error),
    );
  }

  async networkChanged(): Promise<void> {
    await this.#parts.host.repin(this.#connector.outerAddresses);
    this.#connector.networkChanged();
  }

  async close(): Promise<void> {
    this.#connector.stop();
  }

  #dial(link: number, endpoint: Endpoint, address: string, introduction: Introduction): void {
    const { engine, links, clock, features } = this.#parts;
    links.add({
      link,
      slot: undefined,
      identity: endpoint.identity,
      session: introduction.intent === "new" ? "" : introduction.session,
      backend: endpoint.name,
      remote: `${address}:${endpoint.address.port}`,
      inner: [],
      state: "connecting",
      since: clock.now(),
    });
    engine.send({
      type: "dial",
      link,
      target: {
        host: address,
        port: endpoint.address.port,
        identity: endpoint.identity,
        serverName: this.#settings.security.tls.server_name,
      },
      hello: this.#hello(introduction, { ...features, zstd: false }),
      timeoutMs: this.#settings.performance.connection_timeout,
    });
  }

  #hello(introduction: Introduction, capabilities: Hello["capabilities"]): Hello {
    const common = { version: protocolVersion, linkIndex: 0, capabilities, mtu: this.#settings.network.mtu };
    return introduction.intent === "new" ? { ...common, intent: "new", epoch: 0n } : { ...common, ...introduction };
  }

  async #welcome(event: Extract<Event, { type: "welcome" }>): Promise<void> {
    const { links, events, clock } = this.#parts;
    const { welcome, link } = event;
    const record = links.get(link);
    if (record === undefined) return;
    const first = record.state !== "active";
    record.slot = event.slot;
    record.session = welcome.session;
    record.state = "active";
    const kept = this.#joined?.welcome.session === welcome.session;
    this.#joined = { welcome, since: kept ? (this.#joined?.since ?? clock.now()) : clock.now() };
    record.inner = this.inner;
    this.#connector.welcomed(link, {
      id: welcome.session,
      epoch: welcome.epoch.toString(),
      token: welcome.token,
      clusterId: welcome.clusterId,
    });
    this.#checkCluster(welcome);
    if (!first) return;
    await this.#applyHost(welcome);
    if (links.get(link) === undefined) return;
    this.ready = true;
    const inner = this.inner.join(" ");
    events.add("info", "link_up", `linked to ${welcome.serverId} as ${inner}`, { backend: record.backend, inner });
  }

  #closed(event: Extract<Event, { type: "closed" }>): void {
    const record = this.#parts.links.remove(event.link);
    if (record?.state === "active") {
      this.ready = false;
      const message = `lost the link to ${record.backend} (${event.reason}) ${event.text}`.trim();
      this.#parts.events.add("warning", "link_down", message, { backend: record.backend, reason: event.reason });
    }
    this.#connector.closed(event.link, event.reason, event.text);
  }

  #failed(code: string, what: string, error: unknown): void {
    this.#parts.events.add("critical", code, `${what}: ${describeError(error)}`);
  }

  #checkCluster(welcome: Welcome): void {
    if (this.#clusterId !== undefined && this.#clusterId !== welcome.clusterId) {
      const message = `${welcome.serverId} belongs to another cluster than the last server; sessions can't move between them`;
      this.#parts.events.add("warning", "clusters_differ", message, { server: welcome.serverId });
    }
    this.#clusterId = welcome.clusterId;
  }

  /** Gives the host the addresses and routes of the session, if they are not what it has. */
  async #applyHost(welcome: Welcome): Promise<void> {
    const { network } = this.#settings;
    const addresses = welcome.addresses.map(({ address, prefixLength }) => `${formatAddress(address)}/${prefixLength}`);
    const pushed = welcome.routes.map(formatPrefix).filter((prefix) => accepted(prefix, network.accept_routes));
    const routes = [...new Set([...pushed, ...network.routes])];
    const mtu = Math.min(welcome.mtu, network.mtu);
    const wanted = JSON.stringify({ addresses, routes, mtu });
    if (wanted === this.#applied) return;
    const pins = this.#connector.outerAddresses;
    const report = await this.#parts.host.apply({ mtu, addresses, unreachable: [], pins, routes });
    this.#applied = wanted;
    for (const { what, reason } of report.refused) {
      this.#parts.events.add("warning", "host_route_refused", `${what}: ${reason}`, {});
    }
  }
}

/** Whether a pushed route is taken; a default route only when the list names it. */
function accepted(route: string, rule: AcceptRoutes): boolean {
  if (rule === "none") return false;
  const isDefault = route === "0.0.0.0/0" || route === "::/0";
  if (rule === "all") return !isDefault;
  const prefix = parsePrefix(route);
  return rule.some((text) => {
    if (isDefault || prefix === undefined) return text === route;
    const allowed = parsePrefix(text);
    return allowed !== undefined && allowed.length <= prefix.length && prefixContains(allowed, prefix.address);
  });
}

const rememberedSession: z.ZodType<RememberedSession> = z.object({
  id: z.string().regex(/^[0-9a-f]{32}$/),
  epoch: z.string().regex(/^\d{1,20}$/),
  token: z.base64().min(1),
  clusterId: z.string(),
});

function sessionFile(path: string, failed: (error: unknown) => void): SessionMemory {
  return {
    load: () => readJson(path, rememberedSession),
    save(session) {
      try {
        if (session === undefined) rmSync(path, { force: true });
        else writeAtomically(path, JSON.stringify(session));
      } catch (error) {
        // It holds until this process ends.
        failed(error);
      }
    },
  };
}

const knownAddresses = z.record(z.string(), z.array(z.string()));

/** Names to addresses; what was found last is kept on disk for when names no longer resolve. */
class Resolver {
  readonly #path: string;
  readonly #known: Record<string, string[]>;

  constructor(path: string) {
    this.#path = path;
    this.#known = readJson(path, knownAddresses) ?? {};
  }

  async resolve(host: string): Promise<readonly string[]> {
    if (isIP(host) !== 0) return [host];
    try {
      const found = (await lookup(host, { all: true })).map(({ address }) => address);
      if (JSON.stringify(this.#known[host]) !== JSON.stringify(found)) {
        this.#known[host] = found;
        writeAtomically(this.#path, JSON.stringify(this.#known));
      }
      return found;
    } catch (error) {
      const known = this.#known[host];
      if (known === undefined || known.length === 0) throw error;
      return known;
    }
  }
}

function readJson<T>(path: string, schema: z.ZodType<T>): T | undefined {
  try {
    return existsSync(path) ? schema.parse(JSON.parse(readFileSync(path, "utf8"))) : undefined;
  } catch {
    // A damaged file is as good as none: the client begins a new session, or resolves again.
    return undefined;
  }
}
