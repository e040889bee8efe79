import { join } from "node:path";
import { z } from "zod";
import { SssonectorError } from "../../shared/errors.ts";
import type { AltName } from "./names.ts";
import { privateMode, readText, writeAtomically } from "./files.ts";

/** One issued certificate, as `issued.json` remembers it. */
export interface Issued {
  readonly name: string;
  readonly role: "server" | "client";
  /** Lower-case hex, 32 digits. */
  readonly serial: string;
  readonly sans: readonly AltName[];
  /** Days of validity that were asked for; renewal asks for them again. */
  readonly days: number;
  readonly not_before: string;
  readonly not_after: string;
  readonly revoked_at?: string | undefined;
}

/** What was issued and revoked; the private side of the CRL. */
export interface Index {
  readonly v: 1;
  /** Number of the last CRL; the next one is greater. */
  readonly crl_number: number;
  readonly certificates: readonly Issued[];
}

const indexSchema: z.ZodType<Index> = z.strictObject({
  v: z.literal(1),
  crl_number: z.number().int().nonnegative(),
  certificates: z.array(
    z.strictObject({
      name: z.string(),
      role: z.enum(["server", "client"]),
      serial: z.string().regex(/^[0-9a-f]{32}$/),
      sans: z.array(z.strictObject({ type: z.enum(["dns", "ip"]), value: z.string() })),
      days: z.number().int().positive(),
      not_before: z.iso.datetime(),
      not_after: z.iso.datetime(),
      revoked_at: z.iso.datetime().optional(),
    }),
  ),
});

export const emptyIndex: Index = { v: 1, crl_number: 0, certificates: [] };

/** Paths of the CA's own files in a pki directory. */
export interface CaPaths {
  readonly certificate: string;
  readonly key: string;
  readonly clusterKey: string;
  readonly crl: string;
  readonly index: string;
}

export function caPaths(directory: string): CaPaths {
  return {
    certificate: join(directory, "ca.crt"),
    key: join(directory, "ca.key"),
    clusterKey: join(directory, "cluster.key"),
    crl: join(directory, "ca.crl"),
    index: join(directory, "issued.json"),
  };
}

export async function readIndex(directory: string): Promise<Index> {
  const path = caPaths(directory).index;
  const text = await readText(path);
  try {
    return indexSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new SssonectorError("pki_invalid", `${path} is not a list of issued certificates`, { cause: error });
  }
}

export async function writeIndex(directory: string, index: Index): Promise<void> {
  await writeAtomically(caPaths(directory).index, `${JSON.stringify(index, null, 2)}\n`, privateMode);
}

/** All certificates of a name, oldest first; `pki_unknown` when there is none. */
export function issuedTo(index: Index, name: string): readonly [Issued, ...Issued[]] {
  const [first, ...rest] = index.certificates.filter((issued) => issued.name === name);
  if (first === undefined) throw new SssonectorError("pki_unknown", `no certificate was issued to ${name}`);
  return [first, ...rest];
}
