import { join } from "node:path";
import type { Backends } from "./backends.ts";
import type { ClientDialer } from "./client-dialer.ts";
import { Resolver, sessionFile } from "./client-files.ts";
import type { ClientSession } from "./client-session.ts";
import type { ClientSettings, EndpointSettings } from "./config/settings.ts";
import { FlowMode } from "./flow-mode.ts";
import { Connector, type Endpoint, type Introduction } from "./pool/connector.ts";
import { ExtraLinks } from "./pool/extra-links.ts";
import type { RoleParts } from "./role.ts";

/** The LAN behind the servers has this long to learn that a session moved; until then old links deliver. */
const moveTime = 3000;

interface ClientPoolParts extends Pick<RoleParts, "clock" | "engine" | "events" | "links" | "figures"> {
  readonly dialer: ClientDialer;
  readonly session: ClientSession;
  readonly backends: Backends<EndpointSettings>;
  settings(): ClientSettings;
  pin(addresses: readonly string[]): Promise<void>;
  sessionNotSaved(error: unknown): void;
}

/**
 * Who looks after the session's links: the connector after the first, `extra` after further ones to the same server,
 * `flowMode` after those to other servers where flows are spread.
 */
export class ClientPool {
  readonly connector: Connector;
  readonly extra: ExtraLinks;
  readonly flowMode: FlowMode | undefined;
  readonly #parts: ClientPoolParts;

  constructor(settings: ClientSettings, parts: ClientPoolParts) {
    this.#parts = parts;
    this.connector = this.#makeConnector(settings.core.state_dir);
    this.flowMode = settings.balancer.mode === "flow" ? this.#makeFlowMode() : undefined;
    this.extra = this.#makeExtra();
  }

  start(): void {
    this.watchDemand();
    this.connector.start();
  }

  stop(): void {
    this.connector.stop();
    this.extra.stop();
    this.flowMode?.guests.stop();
  }

  /** Flows are counted only where the answer may change something. */
  watchDemand(): void {
    const { initial_size: least, max_size: most } = this.#parts.settings().pool;
    this.#parts.engine.send({ type: "watch_demand", on: most > least });
  }

  spreadFlows(): void {
    const { tunnel, balancer } = this.#parts.settings();
    this.flowMode?.update(tunnel.endpoints, balancer.strategy, this.#parts.session.keepsFlows ?? false);
  }

  close(link: number, text: string): void {
    this.#parts.engine.send({ type: "close", link, reason: "normal", text });
  }

  #makeConnector(state: string): Connector {
    const { clock, events, backends, dialer } = this.#parts;
    const resolver = new Resolver(join(state, "endpoints.json"));
    return new Connector({
      choose: (avoid, keep) => backends.choose(avoid, keep),
      hasAlternative: ({ name }) => backends.hasAlternative(name),
      ended: ({ name }, outcome, lived) => backends.sessionEnded(name, outcome, lived),
      retire: (link) => this.#retire(link),
      clock,
      random: Math.random,
      memory: sessionFile(join(state, "session.json"), (error) => this.#parts.sessionNotSaved(error)),
      resolve: (host) => resolver.resolve(host),
      pin: (addresses) => this.#parts.pin(addresses),
      newLink: () => dialer.newLink(),
      dial: (link, endpoint, address, introduction) => this.#dial(link, endpoint, address, introduction),
      successor: () => this.extra.promote(),
      failed: ({ name }, reason, text, retryIn) => {
        if (reason === "peer_stopping") backends.leaving(name);
        const message = `${name}: ${reason} ${text}; again in ${seconds(retryIn)} s`;
        events.add("warning", "connect_failed", message, { backend: name, reason });
      },
    });
  }

  #makeExtra(): ExtraLinks {
    const { clock, events, backends } = this.#parts;
    return new ExtraLinks({
      clock,
      random: Math.random,
      sizes: () => this.#parts.settings().pool,
      acquire: ({ name }) => backends.acquireExtra(name),
      dial: ({ endpoint, address }) => {
        const introduction = this.connector.joining("join");
        return introduction && this.#dialNew(endpoint, address, introduction);
      },
      close: (link, text) => this.close(link, text),
      retire: (link) => this.#retire(link),
      rate: (link) => this.#rate(link),
      failed: ({ endpoint: { name } }, reason, text, retryIn) => {
        const message = `${name}: no further link (${reason} ${text}); again in ${seconds(retryIn)} s`;
        events.add("info", "pool_limited", message, { backend: name, reason });
      },
    });
  }

  #makeFlowMode(): FlowMode {
    const { clock, engine, events, backends } = this.#parts;
    return new FlowMode({
      clock,
      engine,
      events,
      backends,
      connector: this.connector,
      dial: (endpoint, address, introduction) => this.#dialNew(endpoint, address, introduction),
      close: (link, text) => this.close(link, text),
      retire: (link) => this.#retire(link),
      rate: (link) => this.#rate(link),
    });
  }

  /** Another link has taken this one's place. */
  #retire(link: number): void {
    const { links, session, engine, clock } = this.#parts;
    const record = links.drain(link, clock.now());
    if (record === undefined) return;
    const moved = session.welcome !== undefined && !session.isHome(record.server);
    engine.send({ type: "retire", link, afterMs: moved ? moveTime : 0 });
  }

  #dialNew(endpoint: Endpoint, address: string, introduction: Introduction): number {
    const link = this.#parts.dialer.newLink();
    this.#dial(link, endpoint, address, introduction);
    return link;
  }

  #dial(link: number, endpoint: Endpoint, address: string, introduction: Introduction): void {
    const group = this.flowMode?.group(endpoint.name) ?? 0;
    this.#parts.dialer.dial(link, group, endpoint, address, introduction);
  }

  #rate(link: number): number {
    const record = this.#parts.links.get(link);
    return record === undefined ? 0 : (this.#parts.figures(record)?.bps ?? 0);
  }
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
