import path from "node:path";
import { SssonectorError } from "../../shared/errors.ts";
import { applyWords, type Change, changeKey, replaceWords, undoWords } from "./change.ts";
import { type IpCommand, ipCommand } from "./ip-command.ts";
import { Journal } from "./journal.ts";
import { findWay, type Hop } from "./outside.ts";
import { refuseTaken } from "./taken.ts";

/** What the tunnel wants of the host. Prefixes and addresses have been checked by whoever read them. */
export interface HostSettings {
  /** Of the tunnel's interface, in bytes. */
  readonly mtu: number;
  /** ADDRESS/LENGTH on the tunnel's interface. */
  readonly addresses: readonly string[];
  /** Prefixes whose packets must not leak to other routes when the interface is gone. */
  readonly unreachable: readonly string[];
  /** Outer addresses that stay reachable outside the tunnel. */
  readonly pins: readonly string[];
  /** Prefixes that lead into the tunnel; a default route goes in as two halves. */
  readonly routes: readonly string[];
}

/** What could not be had; the tunnel works without it. */
export interface HostReport {
  readonly refused: readonly { readonly what: string; readonly reason: string }[];
  /** Outer addresses to which no way outside the tunnel is known now. */
  readonly withoutWay: readonly string[];
}

type Pin = Extract<Change, { kind: "pin" }>;

const queueLength = 1000;
/** What `ip` says of something that is in place already, or gone already. */
const inPlace = /File exists|already assigned/;
const gone =
  /No such (process|device)|Cannot (find device|assign requested address)|not found|FIB table does not exist/;

/** Addresses, routes and pins on the host for one tunnel interface; each is journalled first and undone at the end. */
export class HostNetwork {
  readonly #device: string;
  readonly #ip: IpCommand;
  readonly #journal: Journal;
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(device: string, ip: IpCommand, journal: Journal) {
    this.#device = device;
    this.#ip = ip;
    this.#journal = journal;
  }

  /**
   * Undoes what a killed process left for this interface, and takes the journal over. The interface exists and is ours
   * by now: that keeps a second daemon from undoing what the first one uses. Errors: host_ip, host_journal.
   */
  static async open(options: {
    readonly device: string;
    readonly stateDirectory: string;
    readonly ip?: IpCommand;
  }): Promise<HostNetwork> {
    const journal = await Journal.open(path.join(options.stateDirectory, `host-${options.device}.journal`));
    const network = new HostNetwork(options.device, options.ip ?? ipCommand, journal);
    try {
      await network.#undo(journal.changes());
    } catch (error) {
      await journal.close();
      throw error;
    }
    return network;
  }

  /**
   * Brings the host to these settings; pins are in place before any route.
   * Errors: host_address_in_use, host_ip, host_journal.
   */
  apply(settings: HostSettings): Promise<HostReport> {
    return this.#inTurn(async () => {
      await refuseTaken(this.#ip, settings.addresses, this.#device);
      await this.#setUpLink(settings.mtu);
      const wanted = this.#changesFor(settings);
      await this.#undo(this.#obsolete(wanted));
      const refused = await this.#make(wanted.filter((change) => change.kind !== "route"));
      const withoutWay = await this.#pinAll(settings.pins);
      refused.push(...(await this.#make(wanted.filter((change) => change.kind === "route"))));
      return { refused, withoutWay };
    });
  }

  /** Looks for the ways to these outer addresses again; for when links, addresses or routes have changed. */
  repin(addresses: readonly string[]): Promise<HostReport> {
    return this.#inTurn(async () => ({ refused: [], withoutWay: await this.#pinAll(addresses) }));
  }

  /** Undoes everything, the last first. */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#undo(this.#journal.changes());
      await this.#journal.close();
    });
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(act, act);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  async #setUpLink(mtu: number): Promise<void> {
    const device = this.#device;
    // In a request of its own and before "up": otherwise the kernel makes a link-local address first.
    const quiet = ["link", "set", "dev", device, "addrgenmode", "none"];
    const settings = ["link", "set", "dev", device, "mtu", String(mtu), "txqueuelen", String(queueLength)];
    const failures = await this.#ip.batch([quiet, settings, ["link", "set", "dev", device, "up"]]);
    // A kernel without IPv6 knows no addrgenmode, and needs none.
    const failure = failures.find((one) => one.line > 0);
    if (failure !== undefined) throw new SssonectorError("host_ip", `interface ${device}: ${failure.reason}`);
  }

  #changesFor(settings: HostSettings): Change[] {
    const device = this.#device;
    return [
      ...settings.addresses.map((address): Change => ({ kind: "address", device, address })),
      ...settings.unreachable.map((prefix): Change => ({ kind: "unreachable", prefix })),
      ...settings.routes.flatMap(halves).map((prefix): Change => ({ kind: "route", device, prefix })),
    ];
  }

  /** Without its last address an interface loses its routes, so when addresses go all routes go first. */
  #obsolete(wanted: readonly Change[]): Change[] {
    const keep = new Set(wanted.map(changeKey));
    const have = this.#journal.changes().filter((change) => change.kind !== "pin");
    const obsolete = have.filter((change) => !keep.has(changeKey(change)));
    if (!obsolete.some((change) => change.kind === "address")) return obsolete;
    return have.filter((change) => change.kind === "route" || obsolete.includes(change));
  }

  /** Makes what is not there yet; an address that can't be had is an error, the rest is reported. */
  async #make(wanted: readonly Change[]): Promise<{ what: string; reason: string }[]> {
    const have = new Set(this.#journal.changes().map(changeKey));
    const missing = wanted.filter((change) => !have.has(changeKey(change)));
    await this.#journal.willDo(missing);
    const failures = await this.#ip.batch(missing.map(applyWords));
    const failed = failures.flatMap(({ line, reason }) => {
      const change = missing[line];
      return change === undefined ? [] : [{ change, reason }];
    });
    await this.#journal.undid(failed.map(({ change }) => change));
    const fatal = failed.find(({ change, reason }) => change.kind === "address" && !inPlace.test(reason));
    if (fatal !== undefined) throw new SssonectorError("host_ip", `${changeKey(fatal.change)}: ${fatal.reason}`);
    return failed
      .filter(({ change, reason }) => change.kind === "route" || !inPlace.test(reason))
      .map(({ change, reason }) => ({ what: changeKey(change), reason }));
  }

  /** Takes changes back, the last first; what has gone by itself is fine. */
  async #undo(changes: readonly Change[]): Promise<void> {
    const undone = changes.toReversed();
    const failures = await this.#ip.batch(undone.map(undoWords));
    const failure = failures.find(({ reason }) => !gone.test(reason));
    if (failure !== undefined) {
      const what = undone[failure.line];
      const words = what === undefined ? "" : undoWords(what).join(" ");
      throw new SssonectorError("host_ip", `ip ${words}: ${failure.reason}`);
    }
    await this.#journal.undid(undone);
  }

  /** Returns the addresses to which there is no way. */
  async #pinAll(addresses: readonly string[]): Promise<string[]> {
    const wanted = new Set(addresses);
    const withoutWay: string[] = [];
    for (const address of wanted) if (!(await this.#pin(address))) withoutWay.push(address);
    await this.#undo(this.#pins().filter((pin) => !wanted.has(pin.address)));
    return withoutWay;
  }

  /** False when there is no way to the address outside the tunnel. */
  async #pin(address: string): Promise<boolean> {
    const way = await findWay(this.#ip, address, this.#device);
    const old = this.#pins().filter((pin) => pin.address === address);
    if (way.kind === "local" || way.outside === undefined || way.pinnedByOther) {
      await this.#undo(old);
      return way.kind === "local" || way.outside !== undefined;
    }
    const pin: Pin = { kind: "pin", address, ...way.outside };
    const current = old.find((one) => changeKey(one) === changeKey(pin));
    if (current !== undefined && sameHop(way.pinned, way.outside)) return true;
    await this.#journal.willDo([pin]);
    const failures = await this.#ip.batch([old.length > 0 ? replaceWords(pin) : applyWords(pin)]);
    // A route to this very host that somebody else made serves as well, and is not ours to undo.
    await this.#journal.undid(failures.length > 0 ? [pin] : old.filter((one) => one !== current));
    return failures.every(({ reason }) => inPlace.test(reason));
  }

  #pins(): Pin[] {
    return this.#journal.changes().filter((change) => change.kind === "pin");
  }
}

function sameHop(one: Hop | undefined, other: Hop): boolean {
  return one !== undefined && one.device === other.device && one.gateway === other.gateway;
}

/** A default route as two that are more specific, so that the host's own default stays untouched. */
function halves(prefix: string): string[] {
  if (prefix === "0.0.0.0/0") return ["0.0.0.0/1", "128.0.0.0/1"];
  return prefix === "::/0" ? ["::/1", "8000::/1"] : [prefix];
}
