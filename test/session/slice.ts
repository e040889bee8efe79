import type { Address } from "../../src/shared/address.ts";
import { type Lease, type LeaseJournal, type LeaseRecord, SliceLeaseStore } from "../../src/daemon/session/leases.ts";
import { addressOf, prefixOf } from "./addresses.ts";

/** A journal in memory; `lines` outlive the store that wrote them. */
export class MemoryJournal implements LeaseJournal {
  lines: string[] = [];
  /** While true, nothing can be written. */
  full = false;

  readonly open = (read: (record: LeaseRecord) => void): this => {
    for (const line of this.lines) read(JSON.parse(line) as LeaseRecord);
    return this;
  };

  get length(): number {
    return this.lines.length;
  }

  append(record: LeaseRecord): void {
    if (this.full) throw new Error("ENOSPC");
    this.lines.push(JSON.stringify(record));
  }

  rewrite(records: readonly LeaseRecord[]): void {
    this.lines = records.map((record) => JSON.stringify(record));
  }

  close(): void {}
}

export function sliceStore(
  slices: readonly string[],
  options: { reserved?: readonly string[]; journal?: MemoryJournal; journalFailed?: (error: unknown) => void } = {},
): SliceLeaseStore {
  const reserved: readonly Address[] = (options.reserved ?? []).map(addressOf);
  const { open } = options.journal ?? new MemoryJournal();
  return new SliceLeaseStore({
    slices: slices.map(prefixOf),
    reserved,
    openJournal: open,
    journalFailed:
      options.journalFailed ??
      ((error) => {
        throw error;
      }),
  });
}

export function leaseOf(address: string, session: string, identity: string, expires: number): Lease {
  return { address, session, identity, epoch: "1", expires };
}
