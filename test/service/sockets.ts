import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** A listener on the loopback with every connection that it took. */
export class Endpoint implements AsyncDisposable {
  readonly server: Server;
  readonly taken: Socket[] = [];

  private constructor(server: Server) {
    this.server = server;
  }

  /** Paused, half-open sockets, which `each` is called with. */
  static async open(each: (socket: Socket) => void = () => {}): Promise<Endpoint> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
    const endpoint = new Endpoint(server);
    server.on("connection", (socket) => {
      socket.on("error", () => {});
      endpoint.taken.push(socket);
      each(socket);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return endpoint;
  }

  get target(): { host: string; port: number } {
    return { host: "127.0.0.1", port: (this.server.address() as AddressInfo).port };
  }

  /** The connection of this number, once it is there. */
  async connection(at: number): Promise<Socket> {
    while (this.taken[at] === undefined) await once(this.server, "connection");
    return this.taken[at];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.taken) socket.destroy();
    if (!this.server.listening) return;
    this.server.close();
    await once(this.server, "close");
  }
}

/** A connected client that is not read yet. */
export async function dialled(target: { host: string; port: number; localAddress?: string }): Promise<Socket> {
  const socket = connect({ ...target, allowHalfOpen: true }).pause();
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

/** Everything up to the end. */
export async function readAll(socket: Socket): Promise<string> {
  let text = "";
  // An async iterator would destroy the socket at the end, and with it the other direction.
  socket.setEncoding("latin1").on("data", (chunk: string) => (text += chunk));
  socket.resume();
  await once(socket, "end");
  return text;
}

/** The error that ends a socket that is read. */
export async function errorOf(socket: Socket): Promise<string> {
  socket.resume();
  const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException];
  return error.code ?? error.message;
}

/** Turns of the event loop until `met`. */
export async function until(met: () => boolean): Promise<void> {
  while (!met()) await new Promise((resolve) => setImmediate(resolve));
}
