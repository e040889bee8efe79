import { createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";

/** Answer to one line: what the command gave, or why it was not carried out. */
export type Answer<T> = { readonly ok: T } | { readonly error: string };

/** Carries out a decoded line and answers, or refuses it by throwing. */
export type Obey = (line: unknown) => unknown;

export interface ControlServer {
  /** Resolves on SIGTERM or SIGINT, or when a controller that said "stay" hangs up. */
  untilStopped(): Promise<void>;
  /** Hangs up on everybody and removes the socket. */
  close(): Promise<void>;
}

async function answer(obey: Obey, text: string): Promise<Answer<unknown>> {
  try {
    return { ok: await obey(JSON.parse(text)) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

/** Answers line by line; `hungUp` is called at the end when the controller said "stay". */
async function serve(socket: Socket, obey: Obey, hungUp: () => void): Promise<void> {
  for await (const text of createInterface(socket)) {
    if (text === "stay") socket.once("close", hungUp);
    else socket.write(`${JSON.stringify(await answer(obey, text))}\n`);
  }
}

/**
 * Serves a unix socket: each line is one JSON value, answered by one line. The bare line `stay` ties this process to that controller: when it is gone, so are we.
 */
export async function serveControl(path: string, obey: Obey): Promise<ControlServer> {
  const stopped = Promise.withResolvers<void>();
  const sockets = new Set<Socket>();
  process.once("SIGTERM", stopped.resolve).once("SIGINT", stopped.resolve);
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).once("close", () => sockets.delete(socket));
    // readline fails as its socket does, which is no more than the end of this controller.
    serve(socket, obey, stopped.resolve).catch(() => undefined);
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
