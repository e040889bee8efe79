import { formatAddress, formatPrefix, parsePrefix, prefixContains } from "../shared/address.ts";
import type { AcceptRoutes, ClientSettings } from "./config/settings.ts";
import type { Welcome } from "./link/messages.ts";
import type { RoleParts } from "./role.ts";

interface ClientHostParts extends Pick<RoleParts, "host" | "events"> {
  settings(): ClientSettings;
  /** Outer addresses of the servers, which never go through the tunnel. */
  pins(): readonly string[];
}

/** The session's addresses and routes on the client's host. */
export class ClientHost {
  readonly #parts: ClientHostParts;
  #applied = "";

  constructor(parts: ClientHostParts) {
    this.#parts = parts;
  }

  /** What a killed process left is undone; the address comes with WELCOME. */
  async clear(): Promise<void> {
    const { mtu } = this.#parts.settings().network;
    await this.#parts.host.apply({ mtu, addresses: [], unreachable: [], pins: [], routes: [] });
  }

  /** Gives the host the addresses and routes of the session, if they are not what it has. */
  async apply(welcome: Welcome): Promise<void> {
    const { network } = this.#parts.settings();
    const addresses = welcome.addresses.map(({ address, prefixLength }) => `${formatAddress(address)}/${prefixLength}`);
    const pushed = welcome.routes.map(formatPrefix).filter((prefix) => accepted(prefix, network.accept_routes));
    const routes = [...new Set([...pushed, ...network.routes])];
    const mtu = Math.min(welcome.mtu, network.mtu);
    const wanted = JSON.stringify({ addresses, routes, mtu });
    if (wanted === this.#applied) return;
    const pins = this.#parts.pins();
    const report = await this.#parts.host.apply({ mtu, addresses, unreachable: [], pins, routes });
    this.#applied = wanted;
    for (const { what, reason } of report.refused) {
      this.#parts.events.add("warning", "host_route_refused", `${what}: ${reason}`, {});
    }
  }

  /** The host's network changed, or the servers' addresses did. */
  async repin(addresses: readonly string[]): Promise<void> {
    await this.#parts.host.repin(addresses);
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
