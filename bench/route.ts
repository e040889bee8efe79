import { parseAddress } from "../src/shared/address.ts";
import type { SessionLink } from "../src/daemon/session/data-session.ts";
import { SessionTable } from "../src/daemon/session/session-table.ts";

const lookups = 2_000_000;
const firstAddress = 0x0a08_0002;
const peer = { checksum: true, tso4: true, tso6: true, uso: false };

/** Nanoseconds to find the session that owns a packet's destination, among so many; destinations come in no order. */
export function routeNanoseconds(sessions: number): number {
  const table = new SessionTable<SessionLink>(() => 0);
  for (let index = 0; index < sessions; index++) {
    const word = firstAddress + index;
    const address = parseAddress([24, 16, 8, 0].map((shift) => (word >>> shift) & 255).join("."));
    if (address === undefined) throw new Error("no address");
    const id = index.toString(16).padStart(32, "0");
    table.put({ id, identity: `load-${index}`, prefixes: [{ address, length: 32 }], mtu: 1500, acl: [], peer });
  }
  const order = Uint32Array.from({ length: 4096 }, () => firstAddress + Math.floor(Math.random() * sessions));
  let found = 0;
  const run = (): number => {
    const begun = performance.now();
    for (let n = 0; n < lookups; n++) if (table.owner4(order[n & 4095] ?? 0) !== undefined) found += 1;
    return ((performance.now() - begun) * 1e6) / lookups;
  };
  run();
  const nanoseconds = run();
  if (found !== 2 * lookups) throw new Error("a session was not found");
  return nanoseconds;
}
