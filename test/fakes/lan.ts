import { readArp } from "../../src/daemon/forward/arp.ts";
import { sameBytes } from "../../src/daemon/forward/lan-message.ts";
import type { LanPort } from "../../src/daemon/forward/lan-port.ts";
import { readNeighbour } from "../../src/daemon/forward/neighbour.ts";

/** A port that a test looks into. */
export interface FakeLanPort extends LanPort {
  /** What was sent, the oldest first; taken out by reading. */
  takeSent(): Buffer[];
  /** Groups joined and not left. */
  readonly groups: string[];
  /** Frames that arrive from now on wait until the port is asked, as in a process that is stopped. */
  setStopped(stopped: boolean): void;
  setUp(up: boolean): void;
  readonly closed: boolean;
}

/** An Ethernet in memory: each frame reaches every other port that listens for its destination. */
export class FakeLan {
  readonly #ports = new Set<{ mac: Uint8Array; hears(frame: Buffer): void }>();

  /** Puts a frame on the wire, as another host would. */
  inject(frame: Buffer): void {
    for (const port of this.#ports) port.hears(frame);
  }

  port(lastByte: number): FakeLanPort {
    const mac = Uint8Array.of(2, 0, 0, 0, 0, lastByte);
    const waiting: Buffer[] = [];
    const sent: Buffer[] = [];
    const groups: string[] = [];
    let ready: (() => void) | undefined;
    let stopped = false;
    let up = true;
    let closed = false;
    const wants = (to: Buffer): boolean =>
      sameBytes(to, mac) ||
      to[0] === 0xff ||
      to.toString("hex") === "333300000001" ||
      groups.includes(to.toString("hex"));
    const place = {
      mac,
      hears(frame: Buffer): void {
        if (closed || !up || !wants(frame.subarray(0, 6))) return;
        // Stricter than the filter in the kernel, which does not look for what is malformed.
        if (readArp(frame) === undefined && readNeighbour(frame) === undefined) return;
        waiting.push(Buffer.from(frame));
        if (!stopped) ready?.();
      },
    };
    this.#ports.add(place);
    const others = this.#ports;
    return {
      mac,
      isUp: () => up,
      receive: () => waiting.splice(0),
      onReadable(call) {
        ready = call;
      },
      send(frame) {
        if (!up) return false;
        sent.push(frame);
        for (const other of others) if (other !== place) other.hears(frame);
        return true;
      },
      join: (group) => void groups.push(Buffer.from(group).toString("hex")),
      leave(group) {
        groups.splice(groups.indexOf(Buffer.from(group).toString("hex")), 1);
      },
      close() {
        closed = true;
      },
      takeSent: () => sent.splice(0),
      groups,
      setStopped(next) {
        stopped = next;
        if (!stopped && waiting.length > 0) ready?.();
      },
      setUp(next) {
        up = next;
      },
      get closed() {
        return closed;
      },
    };
  }
}
