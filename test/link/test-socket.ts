import { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";

/** The socket of a link, whose other end is the test; what is pushed arrives in the next turn. */
export class TestSocket extends Duplex {
  written = Buffer.alloc(0);

  get asTls(): TLSSocket {
    return this as unknown as TLSSocket;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written = Buffer.concat([this.written, chunk]);
    done();
  }

  destroySoon(): void {
    this.end(() => this.destroy());
  }
}
