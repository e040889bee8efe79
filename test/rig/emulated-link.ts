import type { Namespace, WireEnd } from "../../src/cli/demo/namespace.ts";
import { Running } from "../../src/cli/demo/running.ts";
import { ControlledProcess } from "./control/process.ts";
import type { LinkCommand } from "./emulator/commands.ts";
import type { LinkReport } from "./emulator/counters.ts";
import type { DirectionName } from "./emulator/link.ts";
import type { Rule } from "./emulator/rules.ts";
import type { Change } from "./emulator/settings.ts";

const program = new URL("./emulator/main.ts", import.meta.url);
/** Frames that the kernel keeps for the emulator while it is busy. */
const interfaceQueue = "10000";

export interface LinkOptions {
  seed?: number;
  mtu?: number;
  /** Settings of both directions, and of each on top of them. */
  both?: Change;
  a_to_b?: Change;
  b_to_a?: Change;
}

interface InterfaceRow {
  ifname: string;
  ifindex: number;
  link_index?: number;
  address: string;
  mtu: number;
  addr_info: { local: string; prefixlen: number; scope: string }[];
  stats64: { tx: { dropped: number } };
}

async function interfaceRows(namespace: Namespace): Promise<InterfaceRow[]> {
  return JSON.parse(await namespace.ip("-s", "-json", "addr")) as InterfaceRow[];
}

async function interfaceRow(namespace: Namespace, name: string): Promise<InterfaceRow> {
  const row = (await interfaceRows(namespace)).find(({ ifname }) => ifname === name);
  if (row === undefined) throw new Error(`${namespace.name} has no interface ${name}`);
  return row;
}

function addressesOf({ addr_info }: InterfaceRow): string[] {
  return addr_info.filter(({ scope }) => scope !== "link").map(({ local, prefixlen }) => `${local}/${prefixlen}`);
}

/** Addresses of an end of a wire: `address`, and those of a list. */
interface Addressed {
  end: Pick<WireEnd, "namespace" | "interface">;
  addresses: readonly string[];
}

/**
 * Configures one end. Neighbours are set and IPv6 is off unless it has an address, so that the kernels' own questions
 * and reports, which come when they like, take no fates of the traffic's frames.
 */
async function configure(one: Addressed, other: Addressed, mtu: number): Promise<void> {
  const { namespace, interface: name } = one.end;
  const { address: peer } = await interfaceRow(other.end.namespace, other.end.interface);
  if (one.addresses.some((address) => address.includes(":"))) {
    await namespace.ip("link", "set", name, "addrgenmode", "none");
  } else {
    await namespace.run("sh", "-c", `echo 1 > /proc/sys/net/ipv6/conf/${name}/disable_ipv6`);
  }
  await namespace.ip("link", "set", name, "mtu", String(mtu), "txqueuelen", interfaceQueue, "up");
  for (const address of one.addresses) {
    await namespace.ip("addr", "add", address, "dev", name, ...(address.includes(":") ? ["nodad"] : []));
  }
  for (const address of other.addresses) {
    const host = address.replace(/\/.*/, "");
    await namespace.ip("neigh", "replace", host, "lladdr", peer, "dev", name, "nud", "permanent");
  }
}

function startEmulator(argv: readonly string[]): Running {
  return new Running("link emulator", argv);
}

/** Two namespaces joined by the link emulator; disposal ends it, and both interfaces vanish. */
export class EmulatedLink implements AsyncDisposable {
  readonly #process: ControlledProcess<LinkCommand, LinkReport>;
  readonly #ends: readonly Pick<WireEnd, "namespace" | "interface">[];

  private constructor(
    process: ControlledProcess<LinkCommand, LinkReport>,
    ends: readonly Pick<WireEnd, "namespace" | "interface">[],
  ) {
    this.#process = process;
    this.#ends = ends;
  }

  /** Joins two namespaces as `join` of src/cli/demo/namespace.ts does, by the emulator instead of a veth pair. */
  static async join(a: WireEnd, b: WireEnd, options: LinkOptions = {}): Promise<EmulatedLink> {
    return await EmulatedLink.#join({ end: a, addresses: [a.address] }, { end: b, addresses: [b.address] }, options);
  }

  /**
   * Takes the place of a veth pair between two namespaces, with its names, addresses and MTU. Routes through the old
   * interfaces, other than those of the addresses, are gone. `interface` is the name of the end in `a`.
   */
  static async replaceVeth(
    a: Pick<WireEnd, "namespace" | "interface">,
    b: Namespace,
    options: LinkOptions = {},
  ): Promise<EmulatedLink> {
    const own = await interfaceRow(a.namespace, a.interface);
    const peer = (await interfaceRows(b)).find(({ ifindex }) => ifindex === own.link_index);
    if (peer === undefined) throw new Error(`${a.interface} of ${a.namespace.name} does not lead to ${b.name}`);
    await a.namespace.ip("link", "del", a.interface);
    return await EmulatedLink.#join(
      { end: a, addresses: addressesOf(own) },
      { end: { namespace: b, interface: peer.ifname }, addresses: addressesOf(peer) },
      { mtu: own.mtu, ...options },
    );
  }

  static async #join(a: Addressed, b: Addressed, options: LinkOptions): Promise<EmulatedLink> {
    const endOf = ({ end }: Addressed) => ({ namespace: end.namespace.name, interface: end.interface });
    const { seed = 1, both, a_to_b, b_to_a, mtu = 1500 } = options;
    const directions = { a_to_b: { ...both, ...a_to_b }, b_to_a: { ...both, ...b_to_a } };
    await using resources = new AsyncDisposableStack();
    const process = resources.use(
      await ControlledProcess.start<LinkCommand, LinkReport>(startEmulator, program, {
        a: endOf(a),
        b: endOf(b),
        seed,
        ...directions,
      }),
    );
    await configure(a, b, mtu);
    await configure(b, a, mtu);
    resources.move();
    return new EmulatedLink(process, [a.end, b.end]);
  }

  /** Changes settings for frames from now on. */
  async set(settings: Change, direction: DirectionName | "both" = "both"): Promise<void> {
    await this.#process.send({ do: "set", direction, settings });
  }

  /** Sets a rule, which counts from now; one of the same name is replaced. */
  async rule(rule: Rule, direction: DirectionName | "both" = "both"): Promise<void> {
    await this.#process.send({ do: "rule", direction, rule });
  }

  async removeRule(name: string, direction: DirectionName | "both" = "both"): Promise<void> {
    await this.#process.send({ do: "unrule", direction, name });
  }

  async report(): Promise<LinkReport> {
    return await this.#process.send({ do: "report" });
  }

  /** Frames that the kernel dropped because the emulator was too slow to read them: none in a valid measurement. */
  async missed(): Promise<number> {
    const rows = await Promise.all(this.#ends.map(async (end) => await interfaceRow(end.namespace, end.interface)));
    return rows.reduce((sum, { stats64 }) => sum + stats64.tx.dropped, 0);
  }

  /** Ends the emulator; the result is its last report. */
  async end(): Promise<LinkReport> {
    return await this.#process.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}
