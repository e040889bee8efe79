import { counterIndex, type DropReason } from "../metrics/counters.ts";
import { flowHash } from "../packet/transport.ts";
import { unitHeaderLength } from "../packet/vnet.ts";
import type { Delivery } from "./delivery.ts";
import { destinationOwner } from "./owner.ts";
import type { Destinations, HandOver } from "./ports.ts";

/** The way of a unit that another thread handed over: to the link that this thread has, or once more to another. */
export class HandedOver {
  readonly #destinations: Pick<Destinations, "owner4" | "owner6" | "nobody">;
  readonly #delivery: Delivery;
  readonly #onward: HandOver;
  readonly #counters: Float64Array;

  constructor(parts: {
    destinations: Pick<Destinations, "owner4" | "owner6" | "nobody">;
    delivery: Delivery;
    onward: HandOver;
    counters: Float64Array;
  }) {
    this.#destinations = parts.destinations;
    this.#delivery = parts.delivery;
    this.#onward = parts.onward;
    this.#counters = parts.counters;
  }

  /** A unit of `length` bytes, its header in link form included, at `header`; 4 bytes before it may be overwritten. */
  accept(bytes: Buffer, header: number, length: number, hops: number): void {
    const packet = header + unitHeaderLength;
    const session = destinationOwner(this.#destinations, bytes, packet);
    if (session === undefined) return this.#drop(this.#destinations.nobody);
    const flow = flowHash(bytes, packet, length - unitHeaderLength);
    const link = session.linkFor(flow);
    if (link !== undefined) {
      return this.#delivery.deliver(session, link, flow, bytes, header, length - unitHeaderLength);
    }
    // Whoever handed it over did not know yet that the link had gone; twice would be a circle.
    if (hops > 0 || session.elsewhere.length === 0) return this.#drop("no_link");
    if (!this.#onward.offer(session, flow, bytes, header, length, hops + 1)) this.#drop("handover_full");
  }

  #drop(reason: DropReason): void {
    this.#counters[counterIndex[reason]]! += 1;
  }
}
