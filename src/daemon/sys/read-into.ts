import type { Socket } from "node:net";

/**
 * Reads a socket, of TLS mostly, or what readingStream made, into memory that the reader chooses, instead of a new Buffer for
 * each record of 16 KiB: those made the collector the largest cost of a receiving end. Node has this as `onread` of tls.connect, but not for the
 * sockets that a server accepts; so it is switched on by the fields that `onread` sets. Where they are missing, as in
 * another version of Node, data events do the same at more cost (docs/decisions/0002-read-into-own-memory.md).
 *
 * `filled` returns whether to read on; what was decrypted with it comes all the same. The result is called to read again,
 * where `space` then says.
 */
export function readInto(socket: Socket, space: () => Buffer, filled: (length: number) => boolean): () => void {
  const internals = internalsOf(socket);
  if (internals === undefined) {
    socket.on("data", (chunk: Buffer) => {
      if (!copyIn(chunk, space, filled)) socket.pause();
    });
    return () => void socket.resume();
  }
  // What was decrypted before we came lies in the stream's own buffer.
  let goOn = true;
  for (let chunk = socket.read() as Buffer | null; chunk !== null; chunk = socket.read() as Buffer | null) {
    goOn = copyIn(chunk, space, filled);
  }
  const { fields, handle } = internals;
  const readOn = (): void => {
    const first = space();
    fields[internals.buffer] = first;
    handle.useUserBuffer(first);
    socket.read(0);
  };
  fields[internals.callback] = filled;
  fields[internals.generator] = space;
  if (goOn) readOn();
  return readOn;
}

interface Internals {
  readonly fields: Record<symbol, unknown>;
  readonly handle: { useUserBuffer(buffer: Buffer): void };
  readonly buffer: symbol;
  readonly callback: symbol;
  readonly generator: symbol;
}

function internalsOf(socket: Socket): Internals | undefined {
  const symbols = Object.getOwnPropertySymbols(socket);
  const named = (name: string): symbol | undefined => symbols.find((symbol) => symbol.description === name);
  const buffer = named("kBuffer");
  const callback = named("kBufferCb");
  const generator = named("kBufferGen");
  const { _handle: handle } = socket as unknown as { _handle?: Partial<Internals["handle"]> | null };
  if (buffer === undefined || callback === undefined || generator === undefined) return undefined;
  if (typeof handle?.useUserBuffer !== "function") return undefined;
  return {
    fields: socket as unknown as Record<symbol, unknown>,
    handle: handle as Internals["handle"],
    buffer,
    callback,
    generator,
  };
}

function copyIn(chunk: Buffer, space: () => Buffer, filled: (length: number) => boolean): boolean {
  let goOn = true;
  for (let taken = 0; taken < chunk.length; ) {
    const room = space();
    const part = Math.min(room.length, chunk.length - taken);
    chunk.copy(room, 0, taken, taken + part);
    taken += part;
    goOn = filled(part);
  }
  return goOn;
}
