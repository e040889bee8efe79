/**
 * Bodies of HELLO and WELCOME: a sequence of fields, each tag u8, length u16, value, in network byte order.
 * Unknown tags are skipped, so that a newer peer can say more; a known tag that is cut, repeated or of the wrong
 * size makes the whole body invalid.
 */

export class FieldWriter {
  readonly #parts: Uint8Array[] = [];

  bytes(tag: number, value: Uint8Array): this {
    const head = new Uint8Array(3);
    head[0] = tag;
    head[1] = value.length >>> 8;
    head[2] = value.length;
    this.#parts.push(head, value);
    return this;
  }

  text(tag: number, value: string): this {
    return this.bytes(tag, Buffer.from(value, "utf8"));
  }

  u8(tag: number, value: number): this {
    return this.bytes(tag, Uint8Array.of(value));
  }

  u16(tag: number, value: number): this {
    return this.bytes(tag, Uint8Array.of(value >>> 8, value));
  }

  u32(tag: number, value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value >>> 0);
    return this.bytes(tag, bytes);
  }

  u64(tag: number, value: bigint): this {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(value);
    return this.bytes(tag, bytes);
  }

  finish(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

/** Fields by tag, each tag at most once; undefined when the body is cut or a tag is repeated. */
export function readFields(body: Uint8Array): Map<number, Buffer> | undefined {
  const fields = new Map<number, Buffer>();
  const view = Buffer.from(body.buffer, body.byteOffset, body.length);
  let at = 0;
  while (at < view.length) {
    if (view.length - at < 3) return undefined;
    const tag = view.readUInt8(at);
    const length = view.readUInt16BE(at + 1);
    at += 3;
    if (view.length - at < length || fields.has(tag)) return undefined;
    fields.set(tag, view.subarray(at, at + length));
    at += length;
  }
  return fields;
}
