import type { Clock } from "../shared/clock.ts";
import type { Alert } from "../shared/control/snapshot.ts";
import { formatAddress, type Prefix, parsePrefix } from "../shared/address.ts";
import type { ServerSettings } from "./config/settings.ts";
import { type Forwarding, openForwarding } from "./forward/forwarding.ts";
import { type IpCommand, ipCommand } from "./tun/ip-command.ts";
import { findWay } from "./tun/outside.ts";
import { checkReversePath, checkSysctl, type SysctlFault } from "./tun/sysctl.ts";

/** Seconds between two looks at the kernel's settings. */
const lookEvery = 10;

export interface ReturnPathParts {
  readonly clock: Clock;
  /** Name of the tunnel's interface. */
  readonly tunnel: string;
  /** The inner prefixes. */
  readonly prefixes: readonly Prefix[];
  readonly onTaken: (address: string, mac: string) => void;
}

/** The way of answers back to this server, and what of the kernel's settings stands in it; those are never written. */
export class ReturnPath {
  readonly forwarding: Forwarding;
  readonly #settings: ServerSettings;
  readonly #parts: ReturnPathParts;
  #faults: readonly Alert[] = [];
  #untilLook = lookEvery;

  private constructor(settings: ServerSettings, parts: ReturnPathParts, forwarding: Forwarding) {
    this.#settings = settings;
    this.#parts = parts;
    this.forwarding = forwarding;
  }

  /** Errors: those of openForwarding. */
  static async open(settings: ServerSettings, parts: ReturnPathParts): Promise<ReturnPath> {
    const { forwarding } = settings.network;
    const { tunnel, prefixes, clock, onTaken } = parts;
    const state = settings.core.state_dir;
    const opened = await openForwarding(
      { mode: forwarding.mode, lan: forwarding.interface, tunnel, prefixes, stateDirectory: state },
      { clock, onTaken },
    );
    const path = new ReturnPath(settings, parts, opened);
    await path.look();
    return path;
  }

  alerts(): Alert[] {
    if (this.forwarding.up) return [...this.#faults];
    const message = `network.forwarding.interface ${this.#settings.network.forwarding.interface} is down or was replaced`;
    return [{ code: "lan_down", severity: "critical", message }, ...this.#faults];
  }

  /** Once a second. */
  tick(): void {
    this.#untilLook -= 1;
    if (this.#untilLook > 0) return;
    this.#untilLook = lookEvery;
    void this.look();
  }

  /** Reads what the kernel allows. Answers of its own services reach a server without forwarding; those need none. */
  async look(): Promise<void> {
    const { forwarding, routes } = this.#settings.network;
    if (forwarding.mode === "none" && routes.length === 0) return;
    const families = new Set(this.#parts.prefixes.map(({ address }) => (address.family === 4 ? "ipv4" : "ipv6")));
    const off = await checkSysctl([...families]);
    const strict = forwarding.interface === undefined ? [] : await this.#strictFilter(forwarding.interface);
    this.#faults = [
      ...off.map((fault) =>
        alertOf("forwarding_off", "the kernel forwards nothing between tunnel and services", fault),
      ),
      ...strict.map((fault) =>
        alertOf("reverse_path_filter", "answers that come by this interface are dropped", fault),
      ),
    ];
  }

  /** Strict reverse path filtering bites where the way to a pushed route is another than the one that answers take. */
  async #strictFilter(lan: string): Promise<SysctlFault[]> {
    if (this.#settings.network.forwarding.mode === "none") return [];
    const faults = await checkReversePath(lan);
    if (faults.length === 0) return [];
    const ways = this.#settings.network.routes.map((route) =>
      leadsElsewhere(ipCommand, route, lan, this.#parts.tunnel),
    );
    return (await Promise.all(ways)).includes(true) ? faults : [];
  }
}

async function leadsElsewhere(ip: IpCommand, route: string, lan: string, tunnel: string): Promise<boolean> {
  const prefix = parsePrefix(route);
  if (prefix?.address.family !== 4) return false;
  try {
    const way = await findWay(ip, formatAddress(prefix.address), tunnel);
    return way.kind === "remote" && way.outside !== undefined && way.outside.device !== lan;
  } catch {
    // What can't be found out is no reason for an alarm.
    return false;
  }
}

function alertOf(code: string, what: string, { name, value, mend }: SysctlFault): Alert {
  return { code, severity: "warning", message: `${what}: ${name} is ${value}; ${mend}` };
}
