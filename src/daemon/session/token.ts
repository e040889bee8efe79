import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from "node:crypto";

/** What a token says; only servers of the cluster can read or make one. */
export interface TokenClaims {
  readonly identity: string;
  /** Session id, 16 bytes in hexadecimal. */
  readonly session: string;
  /** Inner addresses of the session. */
  readonly addresses: readonly string[];
  /** The server whose slice the addresses come from. */
  readonly home: string;
  readonly region: string;
  /** As a decimal number, since JSON has no 64-bit integers. */
  readonly epoch: string;
  /** Milliseconds since the Unix epoch. */
  readonly expires: number;
}

export interface ClusterKey {
  /** 1 to 16 characters. */
  readonly id: string;
  readonly secret: Buffer;
}

const tokenVersion = 1;
const nonceBytes = 12;
const tagBytes = 16;

/**
 * Seals and opens tokens: version u8, key id length u8, key id, nonce of 12 bytes, AES-256-GCM of the claims as JSON
 * with all before it as additional data, tag of 16 bytes. Keys are derived by HKDF-SHA-256 (RFC 5869). The first
 * cluster key seals, every one opens.
 */
export class TokenSealer {
  #keys: { readonly id: string; readonly key: Buffer }[] = [];
  #clusterId = "";

  constructor(keys: readonly ClusterKey[]) {
    this.use(keys);
  }

  /** First 8 bytes of a hash of the sealing key, in hexadecimal. */
  get clusterId(): string {
    return this.#clusterId;
  }

  /** Takes other keys from now on; tells whether another one seals. */
  use(keys: readonly ClusterKey[]): boolean {
    const before = this.#clusterId;
    const [first] = keys;
    if (first === undefined) throw new Error("a cluster needs a key");
    this.#keys = keys.map(({ id, secret }) => ({
      id,
      key: Buffer.from(hkdfSync("sha256", secret, "", "sssonector token 1", 32)),
    }));
    this.#clusterId = createHash("sha256")
      .update("sssonector cluster\0")
      .update(first.secret)
      .digest("hex")
      .slice(0, 16);
    return this.#clusterId !== before;
  }

  /** The token in base64. */
  seal(claims: TokenClaims): string {
    const [{ id, key }] = this.#keys as [{ id: string; key: Buffer }];
    const head = Buffer.concat([
      Buffer.of(tokenVersion, id.length),
      Buffer.from(id, "latin1"),
      randomBytes(nonceBytes),
    ]);
    const cipher = createCipheriv("aes-256-gcm", key, head.subarray(-nonceBytes));
    cipher.setAAD(head);
    const body = Buffer.concat([cipher.update(JSON.stringify(claims), "utf8"), cipher.final()]);
    return Buffer.concat([head, body, cipher.getAuthTag()]).toString("base64");
  }

  /** What a token says, or undefined when it was not made by this cluster. The expiry is for the caller to judge. */
  open(token: string): TokenClaims | undefined {
    const bytes = Buffer.from(token, "base64");
    const headBytes = 2 + (bytes[1] ?? 0) + nonceBytes;
    if (bytes[0] !== tokenVersion || bytes.length < headBytes + tagBytes) return undefined;
    const head = bytes.subarray(0, headBytes);
    const key = this.#keys.find(({ id }) => id === head.toString("latin1", 2, headBytes - nonceBytes))?.key;
    if (key === undefined) return undefined;
    const decipher = createDecipheriv("aes-256-gcm", key, head.subarray(-nonceBytes));
    decipher.setAAD(head);
    decipher.setAuthTag(bytes.subarray(-tagBytes));
    try {
      const body = Buffer.concat([decipher.update(bytes.subarray(headBytes, -tagBytes)), decipher.final()]);
      // Authentic, so written by seal.
      return JSON.parse(body.toString("utf8")) as TokenClaims;
    } catch {
      return undefined;
    }
  }
}
