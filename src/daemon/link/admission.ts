import type { Millis } from "../../shared/clock.ts";

export interface AdmissionRules {
  /** Handshakes under way at once. */
  readonly pending: number;
  readonly perSource: { readonly pending: number; readonly rate: number; readonly burst: number };
}

/** A source that lately showed a valid certificate gets this many times the bounds, and the turns of those who wait. */
const knownFactor = 10;
const knownFor: Millis = 3_600_000;

interface Source {
  pending: number;
  /** Token bucket of handshakes. */
  tokens: number;
  at: Millis;
  knownUntil: Millis;
}

/** Decides whether one more handshake may begin; sources are addresses, for IPv6 their /64. */
export class Admission {
  #rules: AdmissionRules;
  readonly #sources = new Map<string, Source>();
  #pending = 0;

  constructor(rules: AdmissionRules) {
    this.#rules = rules;
  }

  /** From now on other rules hold; what is under way counts on. */
  use(rules: AdmissionRules): void {
    this.#rules = rules;
  }

  /** Handshakes under way. */
  get pending(): number {
    return this.#pending;
  }

  /** Nobody may begin before somebody ends. */
  get full(): boolean {
    return this.#pending >= this.#rules.pending;
  }

  /** How many of a source, by its `sourceKey`, have their turn before the next source's. */
  turns(source: string, now: Millis): number {
    return (this.#sources.get(source)?.knownUntil ?? now) > now ? knownFactor : 1;
  }

  /** Takes a place for a handshake; false when it has to wait. */
  begin(address: string, now: Millis): boolean {
    if (this.full) return false;
    const { perSource } = this.#rules;
    const source = this.#source(address, now);
    const factor = source.knownUntil > now ? knownFactor : 1;
    const burst = perSource.burst * factor;
    source.tokens = Math.min(burst, source.tokens + ((now - source.at) / 1000) * perSource.rate * factor);
    source.at = now;
    if (source.tokens < 1 || source.pending >= perSource.pending * factor) return false;
    source.tokens -= 1;
    source.pending += 1;
    this.#pending += 1;
    return true;
  }

  /** Gives the place back; `valid` when the peer showed a certificate that counts. */
  end(address: string, now: Millis, valid: boolean): void {
    const source = this.#source(address, now);
    source.pending = Math.max(0, source.pending - 1);
    this.#pending = Math.max(0, this.#pending - 1);
    if (valid) source.knownUntil = now + knownFor;
  }

  /** Forgets sources that are no different from new ones. */
  sweep(now: Millis): void {
    for (const [key, source] of this.#sources) {
      const full =
        source.tokens + ((now - source.at) / 1000) * this.#rules.perSource.rate >= this.#rules.perSource.burst;
      if (source.pending === 0 && full && source.knownUntil <= now) this.#sources.delete(key);
    }
  }

  #source(address: string, now: Millis): Source {
    const key = sourceKey(address);
    const present = this.#sources.get(key);
    if (present !== undefined) return present;
    const source = { pending: 0, tokens: this.#rules.perSource.burst, at: now, knownUntil: 0 };
    this.#sources.set(key, source);
    return source;
  }
}

/** What counts as one source: an IPv4 address, or the /64 of an IPv6 address. */
export function sourceKey(address: string): string {
  if (!address.includes(":")) return address;
  if (address.startsWith("::ffff:")) return address.slice(7);
  // The /64 of the address: its first four groups, "::" written out.
  const [head = "", tail] = address.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: tail === undefined ? 0 : 8 - left.length - right.length }, () => "0");
  return [...left, ...zeros, ...right].slice(0, 4).join(":");
}
