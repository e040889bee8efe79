import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { SssonectorError } from "../../shared/errors.ts";
import type { ClusterKey } from "./token.ts";

const line = /^([A-Za-z0-9]{1,16}):([A-Za-z0-9+/]{43}=)$/;

/** Keys of the cluster from the text of its secret file: `KEYID:BASE64` a line, the first key seals. */
export function parseClusterSecret(text: string, file: string): ClusterKey[] {
  const keys = text
    .split("\n")
    .map((row, index) => ({ row: row.trim(), index }))
    .filter(({ row }) => row !== "")
    .map(({ row, index }) => {
      const [, id, secret] = line.exec(row) ?? [];
      if (id === undefined || secret === undefined) {
        throw new SssonectorError("cluster_secret", `${file}:${index + 1}: not KEYID:BASE64 of 32 bytes`);
      }
      return { id, secret: Buffer.from(secret, "base64") };
    });
  if (keys.length === 0) throw new SssonectorError("cluster_secret", `${file}: holds no key`);
  const twice = keys.find(({ id }, index) => keys.findIndex((other) => other.id === id) < index);
  if (twice !== undefined) throw new SssonectorError("cluster_secret", `${file}: two keys are called ${twice.id}`);
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
  return parseClusterSecret(readPrivate(path), path);
}

function readPrivate(path: string): string {
  let text: string;
  let mode: number;
  try {
    text = readFileSync(path, "utf8");
    mode = statSync(path).mode & 0o777;
  } catch (error) {
    throw new SssonectorError("cluster_secret", `${path} can't be read`, { cause: error });
  }
  if ((mode & 0o077) === 0) return text;
  const shown = mode.toString(8).padStart(4, "0");
  throw new SssonectorError("cluster_secret", `${path} has mode ${shown}, so that others can read the secret`, {
    next: `chmod 600 ${path}; make a new secret if it leaked`,
  });
}
