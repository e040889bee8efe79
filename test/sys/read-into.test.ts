import { once } from "node:events";
import { PassThrough } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import type { TLSSocket } from "node:tls";
import { describe, expect, it } from "vitest";
import { readInto } from "../../src/daemon/sys/read-into.ts";
import { TestCa } from "../tls/certificates.ts";
import { eventually } from "../link/eventually.ts";
import { createCredentials, tlsPair } from "../link/wire.ts";

const text = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 31) & 0xff));

/** A reader whose space is as small as the test says. */
class Reader {
  #length = 0;
  readonly #read = Buffer.alloc(text.length);
  largest = 0;
  #space: Buffer;
  readonly #readOn: () => void;
  /** Whether it reads nothing more than what comes with what it has. */
  stops = false;

  constructor(socket: TLSSocket, size: number) {
    this.#space = Buffer.alloc(size);
    this.#readOn = readInto(
      socket,
      () => this.#space,
      (length) => {
        this.largest = Math.max(this.largest, length);
        this.#length += this.#space.copy(this.#read, this.#length, 0, length);
        this.#space.fill(0xee);
        return !this.stops;
      },
    );
  }

  /** Goes on elsewhere. */
  readOn(): void {
    this.#space = Buffer.alloc(this.#space.length);
    this.#readOn();
  }

  get read(): Buffer {
    return this.#read.subarray(0, this.#length);
  }
}

describe("reading into given memory", () => {
  it.each([100, 16_384, 70_000])("gives every byte in order, in spaces of %i", async (size) => {
    const { server, client } = await tlsPair(await createCredentials(await TestCa.create()));
    const reader = new Reader(server, size);
    client.write(text);
    await eventually(() => reader.read.length).toBe(text.length);
    expect(reader.read.equals(text)).toBe(true);
    expect(reader.largest).toBeLessThanOrEqual(size);
    const ended = once(server, "close");
    client.end();
    await ended;
    client.destroy();
  });

  it("reads nothing more once that is not wanted, until it is again, then to another place", async () => {
    const { server, client } = await tlsPair(await createCredentials(await TestCa.create()));
    const reader = new Reader(server, 1000);
    reader.stops = true;
    client.write(text);
    await eventually(() => reader.read.length).toBeGreaterThan(0);
    // What was decrypted comes in one go; the rest would come in the turns after that.
    for (let turns = 0; turns < 20; turns++) await turn();
    const first = reader.read.length;
    expect(first).toBeLessThan(text.length);
    reader.stops = false;
    reader.readOn();
    await eventually(() => reader.read.length).toBe(text.length);
    expect(reader.read.equals(text)).toBe(true);
    server.destroy();
    client.destroy();
  });

  it("begins with what came before", async () => {
    const { server, client } = await tlsPair(await createCredentials(await TestCa.create()));
    server.pause();
    client.write("early ");
    await once(server, "readable");
    const reader = new Reader(server, 4);
    client.write("and late");
    await eventually(() => reader.read.toString()).toBe("early and late");
    server.destroy();
    client.destroy();
  });

  it("does the same by data events where Node has nothing better", async () => {
    const socket = new PassThrough();
    const reader = new Reader(socket as unknown as TLSSocket, 7);
    socket.write(text);
    await eventually(() => reader.read.length).toBe(text.length);
    expect(reader.read.equals(text)).toBe(true);
    expect(reader.largest).toBe(7);
  });
});
