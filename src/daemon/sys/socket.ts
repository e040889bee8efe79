import type { Socket } from "node:net";
import { isEstablished } from "./tcp.ts";

/** Whether the connection can still carry bytes both ways, as the kernel knows it; nothing needs to be read for that. */
export function isAlive(socket: Socket): boolean {
  const { _handle: handle } = socket as unknown as { _handle?: { fd?: number } | null };
  const fd = handle?.fd ?? -1;
  return !socket.destroyed && fd >= 0 && isEstablished(fd);
}
