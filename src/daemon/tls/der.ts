import { SssonectorError } from "../../shared/errors.ts";

export const derTag = {
  integer: 0x02,
  bitString: 0x03,
  oid: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
} as const;

/** One DER element; `body` and `whole` are views of the input. */
export interface DerElement {
  readonly tag: number;
  readonly body: Buffer;
  /** Header and body. */
  readonly whole: Buffer;
}

/** Reads the elements of one constructed body in order. Every method throws `tls_crl_malformed` on bad input. */
export class DerReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** Tag of the next element; undefined at the end. */
  peek(): number | undefined {
    return this.#bytes[this.#at];
  }

  next(): DerElement {
    const start = this.#at;
    const tag = this.#byte();
    // Tags above 30 take several bytes; none occur in a CRL.
    if ((tag & 0x1f) === 0x1f) throw malformed("a multi-byte tag");
    const end = this.#length() + this.#at;
    if (end > this.#bytes.length) throw malformed("an element longer than its container");
    const element = { tag, body: this.#bytes.subarray(this.#at, end), whole: this.#bytes.subarray(start, end) };
    this.#at = end;
    return element;
  }

  expect(tag: number): DerElement {
    const element = this.next();
    if (element.tag !== tag) throw malformed(`tag ${element.tag} in place of ${tag}`);
    return element;
  }

  /** The next element when it has one of the tags. */
  optional(...tags: readonly number[]): DerElement | undefined {
    const tag = this.peek();
    return tag !== undefined && tags.includes(tag) ? this.next() : undefined;
  }

  end(): void {
    if (!this.done) throw malformed("bytes after the end");
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw malformed("a cut element");
    return byte;
  }

  /** Definite lengths of up to four bytes; a CRL of more than 4 GiB is refused before it gets here. */
  #length(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    const count = first & 0x7f;
    if (count === 0 || count > 4) throw malformed("an indefinite or oversized length");
    let length = 0;
    for (let index = 0; index < count; index++) length = length * 256 + this.#byte();
    return length;
  }
}

/** UTCTime or GeneralizedTime in the forms that RFC 5280 allows, as epoch milliseconds. */
export function derTime({ tag, body }: DerElement): number {
  const digits = body.toString("latin1");
  const short = tag === derTag.utcTime && /^\d{12}Z$/.test(digits);
  const long = tag === derTag.generalizedTime && /^\d{14}Z$/.test(digits);
  if (!short && !long) throw malformed("a time in another form than RFC 5280's");
  // Two-digit years: 50 to 99 are 19xx.
  const full = long ? digits : `${Number(digits.slice(0, 2)) >= 50 ? "19" : "20"}${digits}`;
  const [, year, month, day, hour, minute, second] = /^(.{4})(..)(..)(..)(..)(..)Z$/.exec(full) ?? [];
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(time)) throw malformed("a time that does not exist");
  return time;
}

export function malformed(what: string, cause?: unknown): SssonectorError {
  return new SssonectorError("tls_crl_malformed", `the revocation list has ${what}`, { cause });
}
