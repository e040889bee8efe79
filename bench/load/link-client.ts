import { connect, type SecureContext, type TLSSocket } from "node:tls";
import { formatAddress } from "../../src/shared/address.ts";
import { controlFrame, frameHeaderBytes, frameType } from "../../src/daemon/link/frame.ts";
import { decodeWelcome, encodeHello, encodePong } from "../../src/daemon/link/messages.ts";
import { echoMillis, echoRequest } from "./echo.ts";

export interface Target {
  readonly host: string;
  readonly port: number;
  readonly secureContext: SecureContext;
}

/** A HELLO that asks for a new session. */
export const hello: Buffer = controlFrame(
  frameType.hello,
  encodeHello({
    version: 1,
    intent: "new",
    epoch: 0n,
    linkIndex: 0,
    capabilities: { checksum: true, tso4: true, tso6: true, uso: false, zstd: false },
    mtu: 1500,
  }),
);

/** A TLS connection of the protocol; `secureConnect` says that this end is done. */
export function connectTo({ host, port, secureContext }: Target): TLSSocket {
  return connect({ host, port, secureContext, ALPNProtocols: ["sssonector/1"], checkServerIdentity: () => undefined });
}

/** One session with one link, by the wire protocol and nothing of the daemon's: keeps it alive and sends echo requests. */
export class LinkClient {
  /** The session's inner IPv4 address. */
  readonly address: string;
  readonly #socket: TLSSocket;

  private constructor(socket: TLSSocket, address: string) {
    this.#socket = socket;
    this.address = address;
  }

  /** Resolves when the server's WELCOME is there. */
  static open(
    target: Target,
    told: { echo: (millis: number) => void; closed: (why: string) => void },
  ): Promise<LinkClient> {
    const { promise, resolve, reject } = Promise.withResolvers<LinkClient>();
    const socket = connectTo(target);
    let client: LinkClient | undefined;
    const ended = (why: string): void => (client === undefined ? reject(new Error(why)) : told.closed(why));
    socket.setNoDelay(true);
    socket.once("secureConnect", () => socket.write(hello));
    socket.once("error", (error) => ended(error.message)).once("end", () => ended("ended by the server"));
    eachFrame(socket, (type, body) => {
      if (type === frameType.welcome) {
        const address = decodeWelcome(body)?.addresses.find((one) => one.address.family === 4)?.address;
        client = new LinkClient(socket, address === undefined ? "" : formatAddress(address));
        resolve(client);
      } else if (type === frameType.close) ended(`closed: ${body.toString("utf8", 2)}`);
      else if (type === frameType.packet) told.echo(echoMillis(body));
      else if (type === frameType.ping) {
        socket.write(controlFrame(frameType.pong, encodePong({ echo: body, load: 0, sessionCount: 0, drain: 0 })));
      }
    });
    return promise;
  }

  /** An ICMP echo request to an inner address; `told.echo` gets its round trip. */
  echo(to: string): void {
    this.#socket.write(controlFrame(frameType.packet, echoRequest(this.address, to)));
  }

  close(): void {
    this.#socket.destroy();
  }
}

function eachFrame(socket: TLSSocket, frame: (type: number, body: Buffer) => void): void {
  let waiting: Buffer = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    waiting = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk]);
    while (waiting.length >= frameHeaderBytes) {
      const end = frameHeaderBytes + waiting.readUIntBE(1, 3);
      if (waiting.length < end) return;
      frame(waiting[0] ?? 0, Buffer.from(waiting.subarray(frameHeaderBytes, end)));
      waiting = waiting.subarray(end);
    }
  });
}
