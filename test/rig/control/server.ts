import { createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";

/** Answer to one line: what the command gave, or why it was not carried out. */
export type Answer<T> = { readonly ok: T } | { readonly error: string };

export interface ControlServer {
  /** Resolves on SIGTERM or SIGINT, or when a controller that said "stay" hangs up. */
  untilStopped(): Promise<void>;
  /** Hangs up on everybody and removes the socket. */
  close(): Promise<void>;
}

function answer<T>(obey: (line: unknown) => T, text: string): Answer<T> {
  try {
    return { ok: obey(JSON.parse(text)) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * Serves a unix socket: each line is one JSON value, which `obey` carries out or refuses by throwing; each is answered
 * by one line. The bare line `stay` ties this process to that controller: when it is gone, so are we.
 */
export async function serveControl(path: string, obey: (line: unknown) => unknown): Promise<ControlServer> {
  const stopped = Promise.withResolvers<void>();
  const sockets = new Set<Socket>();
  process.once("SIGTERM", stopped.resolve).once("SIGINT", stopped.resolve);
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).once("close", () => sockets.delete(socket));
    createInterface(socket).on("line", (text) => {
      if (text === "stay") socket.once("close", () => stopped.resolve());
      else socket.write(`${JSON.stringify(answer(obey, text))}\n`);
    });
  });
  const listening = Promise.withResolvers<void>();
  server.once("error", listening.reject).listen(path, listening.resolve);
  await listening.promise;
  return {
    untilStopped: async () => await stopped.promise,
    async close() {
      for (const socket of sockets) socket.destroy();
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      await closed.promise;
    },
  };
}
