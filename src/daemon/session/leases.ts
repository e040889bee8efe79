import {
  type Address,
  addressFromNumber,
  addressNumber,
  formatAddress,
  fullLength,
  parseAddress,
  type Prefix,
  prefixContains,
} from "../../shared/address.ts";

/** Who holds an inner address, and until when it stays reserved for them. */
export interface Lease {
  readonly address: string;
  readonly session: string;
  readonly identity: string;
  /** As a decimal number. */
  readonly epoch: string;
  /** Milliseconds since the Unix epoch; the last token for this address expires then. */
  readonly expires: number;
}

export interface StoredLease {
  readonly lease: Lease;
  /** Grows with each change of this address. */
  readonly revision: number;
}

/** Leases by inner address. The slice keeps its own; a store shared by servers would have the same interface. */
export interface LeaseStore {
  get(address: string): Promise<StoredLease | undefined>;
  /** Writes when the address still has `revision` (0: nobody holds it); false when somebody was faster. */
  putIfRevision(lease: Lease, revision: number): Promise<boolean>;
  /**
   * A free address for the identity, or undefined when the slice is full. `inUse` tells whether a session with links
   * has the address, whatever its lease says.
   */
  free(family: 4 | 6, identity: string, wall: number, inUse: (address: string) => boolean): Promise<string | undefined>;
  /** Whether an address is the server's own or fixed to an identity. */
  isReserved(address: Address): boolean;
}

/** One line of the journal: the newest line of an address counts. */
export type LeaseRecord = Lease & { readonly revision: number };

/** Where the slice writes what must outlive the process. */
export interface LeaseJournal {
  readonly length: number;
  append(record: LeaseRecord): void;
  rewrite(records: readonly LeaseRecord[]): void;
  close(): void;
}

/** Compact once the journal has this many lines for each lease. */
const compactAt = 8;
/**
 * Addresses of one identity that are reserved and not in use: with so many it gets its oldest one, so that whoever
 * begins sessions again and again can't fill the slice.
 */
const mostLeftBehind = 16;
const leastSweep = 64;

interface Held {
  readonly stored: StoredLease;
  /** Undefined: the address is of no slice. */
  readonly pool: Pool | undefined;
}

/** The leases of this server's slice, journalled in the state directory. */
export class SliceLeaseStore implements LeaseStore {
  readonly #leases = new Map<string, Held>();
  /** Addresses leased to each identity. */
  readonly #byIdentity = new Map<string, Set<string>>();
  /** Expired leases are forgotten when there are this many. */
  #sweepAt = leastSweep;
  readonly #journal: LeaseJournal;
  readonly #journalFailed: (error: unknown) => void;
  readonly #pools: readonly Pool[];
  #reserved: ReadonlySet<string>;

  /**
   * `slices` are the prefixes to lease from; `reserved` the addresses in them that are never leased: the server's own
   * and the fixed ones.
   */
  constructor(parts: {
    slices: readonly Prefix[];
    reserved: readonly Address[];
    openJournal: (read: (record: LeaseRecord) => void) => LeaseJournal;
    /** A lease could not be written (a full disk): it holds until this process ends. */
    journalFailed: (error: unknown) => void;
  }) {
    this.#journalFailed = parts.journalFailed;
    this.#reserved = new Set(parts.reserved.map(formatAddress));
    this.#pools = parts.slices.map((slice) => new Pool(slice, (address) => this.#reserved.has(address)));
    this.#journal = parts.openJournal(({ revision, ...lease }) => this.#set({ lease, revision }));
  }

  /** Other addresses are reserved from now on; who has one of them keeps it for the lease's time. */
  reserve(addresses: readonly Address[]): void {
    this.#reserved = new Set(addresses.map(formatAddress));
  }

  isReserved(address: Address): boolean {
    return this.#reserved.has(formatAddress(address));
  }

  get(address: string): Promise<StoredLease | undefined> {
    return Promise.resolve(this.#leases.get(address)?.stored);
  }

  putIfRevision(lease: Lease, revision: number): Promise<boolean> {
    if ((this.#leases.get(lease.address)?.stored.revision ?? 0) !== revision) return Promise.resolve(false);
    const stored = { lease, revision: revision + 1 };
    this.#set(stored);
    try {
      this.#journal.append({ ...lease, revision: stored.revision });
      if (this.#journal.length > compactAt * (this.#leases.size + 16)) this.compact();
    } catch (error) {
      this.#journalFailed(error);
    }
    return Promise.resolve(true);
  }

  free(
    family: 4 | 6,
    identity: string,
    wall: number,
    inUse: (address: string) => boolean,
  ): Promise<string | undefined> {
    if (this.#leases.size >= this.#sweepAt) this.#forgetExpired(wall);
    const pools = this.#pools.filter((pool) => pool.family === family);
    const leftBehind = [...(this.#byIdentity.get(identity) ?? [])]
      .flatMap((address) => this.#leases.get(address) ?? [])
      .filter(({ pool }) => pool !== undefined && pools.includes(pool))
      .map(({ stored }) => stored.lease)
      .filter(({ address, expires }) => expires > wall && !inUse(address) && !this.#reserved.has(address))
      .toSorted((a, b) => a.expires - b.expires);
    const usable = (address: string): boolean =>
      (this.#leases.get(address)?.stored.lease.expires ?? 0) <= wall && !inUse(address);
    for (const pool of leftBehind.length < mostLeftBehind ? pools : []) {
      const address = pool.next(usable);
      if (address === undefined) continue;
      this.#forget(address);
      return Promise.resolve(address);
    }
    // The slice is full: an identity may take back what it left behind, never what is another's.
    return Promise.resolve(leftBehind[0]?.address);
  }

  #set(stored: StoredLease): void {
    const { address, identity } = stored.lease;
    const held = this.#leases.get(address);
    const pool = held === undefined ? this.#pools.find((one) => one.contains(address)) : held.pool;
    this.#forget(address);
    this.#leases.set(address, { stored, pool });
    this.#byIdentity.set(identity, (this.#byIdentity.get(identity) ?? new Set()).add(address));
  }

  #forget(address: string): void {
    const identity = this.#leases.get(address)?.stored.lease.identity;
    if (identity === undefined) return;
    this.#leases.delete(address);
    const own = this.#byIdentity.get(identity);
    own?.delete(address);
    if (own?.size === 0) this.#byIdentity.delete(identity);
  }

  /** Looks at every lease, so it is done only when they have doubled since the last time. */
  #forgetExpired(wall: number): void {
    for (const [address, { stored }] of this.#leases) if (stored.lease.expires <= wall) this.#forget(address);
    this.#sweepAt = Math.max(leastSweep, 2 * this.#leases.size);
  }

  compact(): void {
    this.#journal.rewrite(
      [...this.#leases.values()].map(({ stored }) => ({ ...stored.lease, revision: stored.revision })),
    );
  }

  close(): void {
    this.#journal.close();
  }
}

/** The usable addresses of a slice, handed out in turn so that a freed one rests as long as possible. */
class Pool {
  readonly family: 4 | 6;
  readonly #first: bigint;
  readonly #count: bigint;
  readonly #slice: Prefix;
  readonly #isReserved: (address: string) => boolean;
  #cursor = 0n;

  constructor(slice: Prefix, isReserved: (address: string) => boolean) {
    this.family = slice.address.family;
    this.#slice = slice;
    this.#isReserved = isReserved;
    const bits = fullLength(slice.address) - slice.length;
    const size = 1n << BigInt(bits);
    const network = (addressNumber(slice.address) >> BigInt(bits)) << BigInt(bits);
    // The first and last address of a network mean something else (RFC 919; RFC 4291 for the first).
    const edge = bits >= 2 ? 1n : 0n;
    this.#first = network + edge;
    this.#count = size - 2n * edge;
  }

  contains(address: string): boolean {
    const parsed = parseAddress(address);
    return parsed !== undefined && prefixContains(this.#slice, parsed);
  }

  next(usable: (address: string) => boolean): string | undefined {
    for (let tried = 0n; tried < this.#count && tried < 1_000_000n; tried++) {
      const address = formatAddress(addressFromNumber(this.family, this.#first + this.#cursor));
      this.#cursor = (this.#cursor + 1n) % this.#count;
      if (!this.#isReserved(address) && usable(address)) return address;
    }
    return undefined;
  }
}
