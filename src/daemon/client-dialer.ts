import type { ClientSettings } from "./config/settings.ts";
import type { DialTarget } from "./link/dialer.ts";
import { type Hello, protocolVersion } from "./link/messages.ts";
import type { Endpoint, Introduction } from "./pool/connector.ts";
import type { RoleParts } from "./role.ts";

interface ClientDialerParts extends Pick<RoleParts, "clock" | "engine" | "links" | "features"> {
  settings(): ClientSettings;
}

/** Has the data thread dial servers: for a link, which gets its number and its row here, or for a check. */
export class ClientDialer {
  readonly #parts: ClientDialerParts;
  #newestLink = 0;

  constructor(parts: ClientDialerParts) {
    this.#parts = parts;
  }

  /** Number of the next link. */
  newLink(): number {
    return ++this.#newestLink;
  }

  /** `address` is one of the endpoint's; `group` tells its server's links from those of others where flows are spread. */
  dial(link: number, group: number, endpoint: Endpoint, address: string, introduction: Introduction): void {
    const { engine, links, clock } = this.#parts;
    const index = links.freeIndex();
    links.add({
      link,
      slot: undefined,
      identity: endpoint.identity,
      session: introduction.intent === "new" ? "" : introduction.session,
      backend: endpoint.name,
      remote: `${address}:${endpoint.address.port}`,
      inner: [],
      index,
      server: undefined,
      state: "connecting",
      since: clock.now(),
      drainingSince: undefined,
    });
    engine.send({
      type: "dial",
      link,
      group,
      target: this.#target(endpoint, address),
      hello: this.#hello(introduction, index),
      timeoutMs: this.#parts.settings().performance.connection_timeout,
    });
  }

  probe(endpoint: Endpoint): void {
    const target = this.#target(endpoint, endpoint.address.host);
    const timeoutMs = this.#parts.settings().health.timeout;
    this.#parts.engine.send({ type: "probe", name: endpoint.name, target, timeoutMs });
  }

  #target({ identity, address }: Endpoint, host: string): DialTarget {
    return { host, port: address.port, identity, serverName: this.#parts.settings().security.tls.server_name };
  }

  #hello(introduction: Introduction, linkIndex: number): Hello {
    const { mtu, compression } = this.#parts.settings().network;
    const capabilities = { ...this.#parts.features, zstd: compression };
    const common = { version: protocolVersion, linkIndex, capabilities, mtu };
    return introduction.intent === "new" ? { ...common, intent: "new", epoch: 0n } : { ...common, ...introduction };
  }
}
