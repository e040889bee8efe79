import { isIP } from "node:net";
import type { Millis } from "../../shared/clock.ts";

/** How long an address that a name had is used before the name is looked up again. */
const keptFor: Millis = 30_000;
/** After a lookup that failed. */
const retryAfter: Millis = 5000;

interface Known {
  address: string | undefined;
  /** When it is looked up again; infinite while that is under way. */
  nextAt: Millis;
}

export interface NamesParts {
  lookup(name: string): Promise<string>;
  now(): Millis;
  /** A name has another address than before. */
  changed(): void;
}

/** Addresses of names, looked up in the background; the last one stays in use while a name no longer resolves. */
export class Names {
  readonly #known = new Map<string, Known>();
  readonly #parts: NamesParts;

  constructor(parts: NamesParts) {
    this.#parts = parts;
  }

  /** The address of a name, or an address as it is; undefined as long as the name never resolved. */
  addressOf(host: string): string | undefined {
    if (isIP(host) !== 0) return host;
    const known = this.#known.get(host) ?? { address: undefined, nextAt: Number.NEGATIVE_INFINITY };
    this.#known.set(host, known);
    if (this.#parts.now() >= known.nextAt) void this.#refresh(host, known);
    return known.address;
  }

  async #refresh(host: string, known: Known): Promise<void> {
    known.nextAt = Number.POSITIVE_INFINITY;
    try {
      const address = await this.#parts.lookup(host);
      known.nextAt = this.#parts.now() + keptFor;
      if (address === known.address) return;
      known.address = address;
      this.#parts.changed();
    } catch {
      known.nextAt = this.#parts.now() + retryAfter;
    }
  }
}
