import { kindNone, kindTcp4, kindTcp6, needsChecksum } from "../packet/vnet.ts";
import type { SessionSpec } from "../session/data-session.ts";

/** Whether the peer can inject the unit whose header, in link form, is at `header`. */
export function sendable(bytes: Uint8Array, header: number, peer: SessionSpec["peer"]): boolean {
  if (needsChecksum(bytes, header) && !peer.checksum) return false;
  const kind = bytes[header];
  if (kind === kindNone) return true;
  if (kind === kindTcp4) return peer.tso4;
  return kind === kindTcp6 ? peer.tso6 : peer.uso;
}
