/**
 * Counters of one data thread in shared memory: the data thread writes, the control plane samples. A value is a
 * double that one thread alone writes; an aligned double is read whole on every platform Node runs on.
 */

/** Why a packet or a link frame was not carried on; the text is for docs/drops.md. */
export const dropReasons = {
  malformed: { side: "outbound", text: "not a well-formed IP packet, or an offload header that makes no sense" },
  not_routable: { side: "outbound", text: "link-local, multicast, broadcast or unspecified address" },
  no_session: { side: "outbound", text: "no session owns the destination" },
  not_here: {
    side: "outbound",
    text: "no session of this server owns the destination; another server of the cluster may have it",
  },
  no_link: { side: "outbound", text: "the session has no link up" },
  handover_full: {
    side: "outbound",
    text: "the session's link is on another data thread, which is behind with what it was handed over",
  },
  too_big: { side: "outbound", text: "larger than the session's MTU; the sender got an ICMP answer" },
  queue_full: { side: "outbound", text: "the session's queue, or what all queues may hold, is full" },
  queue_delay: {
    side: "outbound",
    text: "waited too long in the session's queue: dropped so that its sender slows down and what is behind stays fresh",
  },
  link_closed: { side: "outbound", text: "accepted, but the link ended before the frame was written" },
  bad_packet: {
    side: "inbound",
    text: "the peer sent what is not a well-formed IP packet, or a source that no packet may have",
  },
  bad_offload: { side: "inbound", text: "the peer's segmentation fields contradict the packet" },
  over_rate: { side: "inbound", text: "the peer sent more than a rate limit lets pass" },
  spoofed_source: { side: "inbound", text: "the sending session does not own the source address" },
  forbidden_destination: { side: "inbound", text: "a destination that the peer may not reach" },
  acl: { side: "inbound", text: "refused by access.acl or the identity's own rules" },
  client_to_client: {
    side: "inbound",
    text: "from one client to another, which access.client_to_client does not allow",
  },
  peer_no_link: { side: "inbound", text: "from one client to another who has no link" },
  peer_too_big: {
    side: "inbound",
    text: "from one client to another, larger than the other's MTU; the sender got an ICMP answer",
  },
  tun_refused: { side: "inbound", text: "the kernel refused the packet" },
} as const;

export type DropReason = keyof typeof dropReasons;

/** Totals that are no drops. Bytes are inner IP bytes, rx from the peer, tx to the peer. */
const totals = [
  "rx_bytes",
  "tx_bytes",
  "rx_packets",
  "tx_packets",
  "frames_accepted",
  "frames_injected",
  "compressible_bytes",
  "compressed_bytes",
] as const;

/** What there is now: memory of the buffers that packets are read into and land in, and how much of it is in use. */
const levels = ["buffer_bytes", "buffer_used_bytes"] as const;

export type Level = (typeof levels)[number];

export type Total = (typeof totals)[number];

const names: readonly (Total | Level | DropReason)[] = [
  ...totals,
  ...levels,
  ...(Object.keys(dropReasons) as DropReason[]),
];

/** Place of each counter in the array. */
export const counterIndex: Readonly<Record<Total | Level | DropReason, number>> = Object.fromEntries(
  names.map((name, index) => [name, index]),
) as Record<Total | Level | DropReason, number>;

export function createCounters(): Float64Array<SharedArrayBuffer> {
  return new Float64Array(new SharedArrayBuffer(names.length * 8));
}

/** The sum over data threads. */
export function readTotals(counters: readonly Float64Array[]): Record<Total, number> {
  return Object.fromEntries(totals.map((name) => [name, sum(counters, name)])) as Record<Total, number>;
}

export function readLevels(counters: readonly Float64Array[]): Record<Level, number> {
  return Object.fromEntries(levels.map((name) => [name, sum(counters, name)])) as Record<Level, number>;
}

/** Drops by reason over all data threads, those that happened only. */
export function readDrops(counters: readonly Float64Array[]): Partial<Record<DropReason, number>> {
  const drops: Partial<Record<DropReason, number>> = {};
  for (const reason of Object.keys(dropReasons) as DropReason[]) {
    const count = sum(counters, reason);
    if (count > 0) drops[reason] = count;
  }
  return drops;
}

function sum(counters: readonly Float64Array[], name: Total | Level | DropReason): number {
  return counters.reduce((total, ofThread) => total + (ofThread[counterIndex[name]] ?? 0), 0);
}
