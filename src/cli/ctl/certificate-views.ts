import type {
  CertificateReport,
  CertificateRow,
  DeniedRow,
  PeerCertificateRow,
} from "../../shared/control/certificates.ts";
import { printable } from "../../shared/text.ts";
import type { View } from "./read.ts";
import { table } from "./table.ts";

export const certificatesView: View<CertificateReport> = {
  fetch: (client) => client.call("certificates", {}),
  json: (report) => report,
  text: ({ own, peers, peers_total, denied }) =>
    [ownTable(own), peersTable(peers, peers_total), denied.length === 0 ? "" : deniedTable(denied)]
      .filter((part) => part !== "")
      .join("\n"),
};

function ownTable(rows: CertificateRow[]): string {
  return table<CertificateRow>(
    [
      { title: "KIND", cell: (row) => row.kind },
      { title: "SUBJECT", cell: (row) => printable(row.subject, 60) },
      { title: "IDENTITY", cell: (row) => printable(row.identity ?? "-") },
      { title: "SERIAL", cell: (row) => row.serial ?? "-" },
      { title: "FROM", cell: (row) => day(row.not_before_ms) },
      { title: "UNTIL", cell: (row) => day(row.not_after_ms) },
      { title: "DAYS", right: true, cell: (row) => String(row.days_left) },
      { title: "FINGERPRINT", cell: (row) => row.fingerprint.slice(0, 16) },
      { title: "FILE", cell: (row) => printable(row.file, 100) },
    ],
    rows,
    "no certificates",
  );
}

function peersTable(rows: PeerCertificateRow[], total: number): string {
  const more = total > rows.length ? `and ${total - rows.length} more that end later\n` : "";
  const shown = table<PeerCertificateRow>(
    [
      { title: "PEER", cell: (row) => printable(row.identity) },
      { title: "SERIAL", cell: (row) => printable(row.serial, 60) },
      { title: "UNTIL", cell: (row) => day(row.not_after_ms) },
      { title: "DAYS", right: true, cell: (row) => String(row.days_left) },
      { title: "LINKS", right: true, cell: (row) => String(row.links) },
    ],
    rows,
    "no peer is connected",
  );
  return `${shown}${more}`;
}

function deniedTable(rows: DeniedRow[]): string {
  return table<DeniedRow>(
    [
      { title: "SHUT OUT", cell: (row) => printable(row.identity) },
      { title: "SINCE", cell: (row) => new Date(row.since_ms).toISOString() },
    ],
    rows,
    "nobody is shut out",
  );
}

function day(millis: number): string {
  return new Date(millis).toISOString().slice(0, 10);
}
