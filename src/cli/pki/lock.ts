import { createHash } from "node:crypto";
import { once } from "node:events";
import { realpath } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import type { Clock, Millis } from "../../shared/clock.ts";
import { SssonectorError } from "../../shared/errors.ts";
import { ensureDirectory } from "./files.ts";

const retryAfter: Millis = 20;
const giveUpAfter: Millis = 10_000;

/**
 * Runs `act` while no other pki command of this machine changes the directory, which is made when it is new; else two
 * of them would each write an index without the other's certificate. Throws `pki_busy` after 10 s.
 */
export async function locked<T>(directory: string, clock: Clock, act: () => Promise<T>): Promise<T> {
  await ensureDirectory(directory);
  const lock = await acquire(await realpath(directory), clock);
  try {
    return await act();
  } finally {
    lock.close();
  }
}

/** An abstract socket is the lock: the kernel frees it with the process, so that none is ever stale. */
async function acquire(directory: string, clock: Clock): Promise<Server> {
  const name = `\0sssonector-pki-${createHash("sha256").update(directory).digest("hex")}`;
  for (const start = clock.now(); ; await pause(clock)) {
    const server = createServer((socket) => socket.destroy());
    try {
      server.listen(name);
      await once(server, "listening");
      return server;
    } catch (error) {
      if (clock.now() - start < giveUpAfter) continue;
      throw new SssonectorError("pki_busy", `${directory} is being changed by another pki command`, { cause: error });
    }
  }
}

function pause(clock: Clock): Promise<void> {
  return new Promise((resolve) => void clock.after(retryAfter, resolve));
}
