import { randomBytes } from "node:crypto";

/**
 * The cluster secret, which servers of one cluster share (`cluster.secret_file`). Text, one key per line:
 *
 *     KEYID:BASE64
 *
 * KEYID is 8 hex digits, BASE64 the 32 random bytes of the key. Several lines are allowed: the first key seals, all of
 * them open, so that a new key is put first on every server and the old one is removed when nothing needs it any more.
 */
export function newClusterKey(): string {
  return `${randomBytes(4).toString("hex")}:${randomBytes(32).toString("base64")}\n`;
}
