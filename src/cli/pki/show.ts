import { type Issued, issuedTo, readIndex } from "./store.ts";

type State = "valid" | "expired" | "revoked";

/** One issued certificate for people and scripts. */
export interface CertificateRow {
  readonly name: string;
  readonly role: "server" | "client";
  readonly serial: string;
  readonly not_after: string;
  readonly state: State;
  readonly revoked_at?: string;
  readonly sans: readonly string[];
}

/** The issued certificates, oldest first; only those of `name` when it is given. */
export async function certificateRows(
  directory: string,
  name: string | undefined,
  wallMs: number,
): Promise<CertificateRow[]> {
  const index = await readIndex(directory);
  const certificates = name === undefined ? index.certificates : issuedTo(index, name);
  return certificates.map((issued) => row(issued, wallMs));
}

/** The rows as aligned columns with a heading. */
export function certificateTable(rows: readonly CertificateRow[]): string {
  const cells = [
    ["NAME", "ROLE", "SERIAL", "EXPIRES", "STATE"],
    ...rows.map((one) => [one.name, one.role, one.serial, one.not_after, stateText(one)]),
  ];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  const lines = cells.map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "));
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}

function row(issued: Issued, wallMs: number): CertificateRow {
  const { name, role, serial, not_after, revoked_at } = issued;
  const sans = issued.sans.map(({ type, value }) => `${type}:${value}`);
  const state = stateOf(issued, wallMs);
  return { name, role, serial, not_after, state, ...(revoked_at === undefined ? {} : { revoked_at }), sans };
}

function stateOf(issued: Issued, wallMs: number): State {
  if (issued.revoked_at !== undefined) return "revoked";
  return Date.parse(issued.not_after) <= wallMs ? "expired" : "valid";
}

function stateText(row: CertificateRow): string {
  return row.revoked_at === undefined ? row.state : `revoked ${row.revoked_at}`;
}
