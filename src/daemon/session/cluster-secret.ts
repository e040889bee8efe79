import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { SssonectorError } from "../../shared/errors.ts";
import type { ClusterKey } from "./token.ts";

const line = /^([A-Za-z0-9]{1,16}):([A-Za-z0-9+/]{43}=)$/;

/** Keys of the cluster from the text of its secret file: `KEYID:BASE64` a line, the first key seals. */
export function parseClusterSecret(text: string, file: string): ClusterKey[] {
  const keys = text
    .split("\n")
    .filter((row) => row.trim() !== "")
    .map((row, index) => {
      const [, id, secret] = line.exec(row.trim()) ?? [];
      if (id === undefined || secret === undefined) {
        throw new SssonectorError("cluster_secret", `${file}:${index + 1}: not KEYID:BASE64 of 32 bytes`);
      }
      return { id, secret: Buffer.from(secret, "base64") };
    });
  if (keys.length === 0) throw new SssonectorError("cluster_secret", `${file}: holds no key`);
  return keys;
}

/** The secret of `file`, which must exist; without one, that of the state directory, made at the first start. */
export function loadClusterSecret(
  file: string | undefined,
  own: string,
  make: (path: string, text: string) => void,
): ClusterKey[] {
  const path = file ?? own;
  if (file === undefined && !existsSync(own)) {
    make(own, `${randomBytes(4).toString("hex")}:${randomBytes(32).toString("base64")}\n`);
  }
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new SssonectorError("cluster_secret", `${path} can't be read`, { cause: error });
  }
  return parseClusterSecret(text, path);
}
