import type { Clock, Timer } from "../../shared/clock.ts";
import { addressBytes, parseAddress } from "../../shared/address.ts";
import { arpAnnouncement, arpAnswer, readArp } from "./arp.ts";
import type { Forwarding } from "./forwarding.ts";
import { type Bytes, formatMac, keyOf, type LanMessage, sameBytes } from "./lan-message.ts";
import type { LanFamily, LanPort } from "./lan-port.ts";
import { neighbourAnnouncement, neighbourAnswer, readNeighbour, solicitedNodeMac } from "./neighbour.ts";

/** Waits between taking an address and telling the LAN, in milliseconds. */
export const announceAt: readonly number[] = [0, 100, 500];

interface Owned {
  /** As it was given. */
  readonly text: string;
  readonly address: Bytes;
  readonly family: LanFamily;
  timers: Timer[];
}

/**
 * Answers on the LAN for the addresses that this server owns, tells the LAN when it takes one, and lets go of one as
 * soon as another server tells the same. What waits on the port is always heard before anything is said: a process that
 * was stopped for a while must not speak for addresses that others took meanwhile.
 */
export class ProxyArp implements Forwarding {
  readonly #port: LanPort;
  readonly #clock: Clock;
  readonly #onTaken: (address: string, mac: string) => void;
  readonly #owned = new Map<string, Owned>();
  #up: boolean;

  constructor(port: LanPort, clock: Clock, onTaken: (address: string, mac: string) => void) {
    this.#port = port;
    this.#clock = clock;
    this.#onTaken = onTaken;
    this.#up = port.isUp();
    port.onReadable(() => this.#hear());
  }

  own(addresses: readonly string[]): void {
    this.#hear();
    for (const text of addresses) {
      const address = bytesOf(text);
      const key = keyOf(address);
      let owned = this.#owned.get(key);
      if (owned === undefined) {
        owned = { text, address, family: address.length === 4 ? 4 : 6, timers: [] };
        this.#owned.set(key, owned);
        if (owned.family === 6) this.#port.join(solicitedNodeMac(address));
      }
      this.#announceRepeatedly(owned);
    }
  }

  release(addresses: readonly string[]): void {
    for (const text of addresses) {
      const owned = this.#owned.get(keyOf(bytesOf(text)));
      if (owned !== undefined) this.#drop(owned);
    }
  }

  networkChanged(): void {
    const up = this.#port.isUp();
    const came = up && !this.#up;
    this.#up = up;
    if (came) this.#hear();
    for (const owned of this.#owned.values()) {
      if (came) this.#announceRepeatedly(owned);
      // What is left of a round that the interface cut off would come on top of the whole one when it is back.
      else if (!up) silence(owned);
    }
  }

  get up(): boolean {
    return this.#up;
  }

  async close(): Promise<void> {
    for (const owned of this.#owned.values()) this.#drop(owned);
    this.#port.close();
  }

  #announceRepeatedly(owned: Owned): void {
    silence(owned);
    owned.timers = announceAt.slice(1).map((delay) =>
      this.#clock.after(delay, () => {
        this.#hear();
        if (this.#owned.get(keyOf(owned.address)) === owned) this.#announce(owned);
      }),
    );
    this.#announce(owned);
  }

  #announce({ address, family }: Owned): void {
    const { mac } = this.#port;
    this.#port.send(family === 4 ? arpAnnouncement(mac, address) : neighbourAnnouncement(mac, address), family);
  }

  #drop(owned: Owned): void {
    silence(owned);
    if (owned.family === 6) this.#port.leave(solicitedNodeMac(owned.address));
    this.#owned.delete(keyOf(owned.address));
  }

  #hear(): void {
    const messages = this.#port.receive().flatMap((frame) => readArp(frame) ?? readNeighbour(frame) ?? []);
    for (const message of messages) if (message.kind === "announces") this.#otherOwner(message);
    for (const message of messages) if (message.kind === "asks") this.#answer(message);
  }

  #otherOwner({ address, mac }: Extract<LanMessage, { kind: "announces" }>): void {
    const owned = this.#owned.get(keyOf(address));
    if (owned === undefined || sameBytes(mac, this.#port.mac)) return;
    this.#drop(owned);
    this.#onTaken(owned.text, formatMac(mac));
  }

  #answer(question: Extract<LanMessage, { kind: "asks" }>): void {
    const { mac } = this.#port;
    const owned = this.#owned.get(keyOf(question.target));
    if (owned === undefined || sameBytes(question.askerMac, mac)) return;
    this.#port.send(owned.family === 4 ? arpAnswer(mac, question) : neighbourAnswer(mac, question), owned.family);
  }
}

function silence(owned: Owned): void {
  for (const timer of owned.timers) timer.cancel();
}

/** Callers give addresses of sessions, which have been checked. */
function bytesOf(text: string): Buffer {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`not an address: ${text}`);
  return addressBytes(address);
}
