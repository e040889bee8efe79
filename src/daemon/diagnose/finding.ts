import { describeError, SssonectorError } from "../../shared/errors.ts";

/** failed: no traffic is possible; warning: it works now or in part; skipped: it could not be looked at. */
export type Verdict = "ok" | "warning" | "failed" | "skipped";

export interface Finding {
  /** Stable name of what was looked at, such as `certificate`; docs/doctor.md lists them. */
  readonly check: CheckName;
  readonly verdict: Verdict;
  readonly message: string;
  /** The command or the act that mends it; null where nothing is to be mended. */
  readonly next: string | null;
}

/** What is looked at, in the order of a start. One table: the report and docs/doctor.md read it. */
export const checks = {
  config: "the configuration file and the environment",
  daemon: "the running daemon of this configuration, and what it says of itself",
  device: "/dev/net/tun, CAP_NET_ADMIN and the name of the interface",
  capability: "capabilities beyond CAP_NET_ADMIN that the settings need",
  tools: "the programs that the daemon runs: ip, and nft for nat",
  state: "the state directory and the control socket's directory",
  certificate: "certificate, key, CA and CRL, their dates against this machine's clock",
  listen: "the server's address and port",
  firewall: "rules of nftables that refuse what comes to the server's port",
  forwarding: "what the kernel must allow for services behind a server",
  name: "resolution of a server's name",
  route: "the way to a server outside the tunnel",
  reach: "a TCP connection to a server",
  tls: "the TLS handshake with a server, and its identity",
  hello: "a server's answer in the tunnel's protocol",
  mtu: "large packets on the way to a server",
} as const;

export type CheckName = keyof typeof checks;

export function ok(check: CheckName, message: string): Finding {
  return { check, verdict: "ok", message, next: null };
}

export function skipped(check: CheckName, message: string): Finding {
  return { check, verdict: "skipped", message, next: null };
}

export function warning(check: CheckName, message: string, next: string): Finding {
  return { check, verdict: "warning", message, next };
}

export function failed(check: CheckName, message: string, next: string): Finding {
  return { check, verdict: "failed", message, next };
}

/** The finding for something that was thrown. */
export function thrown(check: CheckName, error: unknown): Finding {
  return error instanceof SssonectorError
    ? failed(check, `${error.code}: ${error.message}`, error.next)
    : failed(check, describeError(error), "report it: this is a bug");
}

/** Exit code of the worst finding, as `ctl health` has them: 0 nothing to mend, 1 warnings, 2 failures. */
export function exitCodeOf(findings: readonly Finding[]): number {
  const worst = findings.map(({ verdict }) => verdict);
  if (worst.includes("failed")) return 2;
  return worst.includes("warning") ? 1 : 0;
}
