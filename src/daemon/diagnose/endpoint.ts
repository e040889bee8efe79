import { lookup } from "node:dns/promises";
import { connect, isIP } from "node:net";
import type { Millis } from "../../shared/clock.ts";
import type { ClientSettings, EndpointSettings } from "../config/settings.ts";
import { identityOf } from "../access/identity.ts";
import { dial, type DialOutcome } from "../link/dialer.ts";
import { clientTlsOptions } from "../tls/options.ts";
import { checkPeer } from "../tls/peer.ts";
import { refusalReason, refusalReasons } from "../tls/refusal.ts";
import type { TlsMaterial } from "../tls/material.ts";
import { ipCommand } from "../tun/ip-command.ts";
import { findWay } from "../tun/outside.ts";
import { type Finding, failed, ok, thrown } from "./finding.ts";
import { greet } from "./greet.ts";
import { checkLargePackets } from "./large-packets.ts";

/** For each step towards a server. */
const patience: Millis = 4000;

export interface EndpointParts {
  readonly settings: ClientSettings;
  /** Undefined when the certificates are not usable: TLS can't be tried then. */
  readonly material: TlsMaterial | undefined;
}

/** Goes the client's way to one server, step by step, until one fails. */
export async function checkEndpoint(endpoint: EndpointSettings, parts: EndpointParts): Promise<Finding[]> {
  const { host, port } = endpoint.address;
  const of = (finding: Finding): Finding => ({ ...finding, message: `${endpoint.name}: ${finding.message}` });
  let addresses: readonly string[];
  try {
    addresses = (await lookup(host, { all: true })).map((found) => found.address);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [of(failed("name", `${host} does not resolve: ${why}`, `try: getent ahosts ${host}; see /etc/resolv.conf`))];
  }
  const found = isIP(host) === 0 ? [of(ok("name", `${host} is ${addresses.join(", ")}`))] : [];
  const address = addresses[0] as string;
  for (const step of [
    () => checkRoute(address, parts.settings.network.interface),
    () => checkReach(address, port),
    () => checkTunnel(endpoint, address, parts),
  ]) {
    const results = await step();
    found.push(...results.map(of));
    if (results.some(({ verdict }) => verdict === "failed")) break;
  }
  return found;
}

async function checkRoute(address: string, tunnel: string): Promise<Finding[]> {
  try {
    const way = await findWay(ipCommand, address, tunnel);
    if (way.kind === "local") return [ok("route", `${address} is this host's own`)];
    const hop = way.pinned ?? way.outside;
    if (hop === undefined) {
      return [
        failed("route", `there is no route to ${address} outside the tunnel`, "see: ip route; give this host one"),
      ];
    }
    const via = hop.gateway === undefined ? "" : ` via ${hop.gateway}`;
    return [ok("route", `${address} by ${hop.device}${via}`)];
  } catch (error) {
    return [thrown("route", error)];
  }
}

const reachHelp: Readonly<Record<string, string>> = {
  ECONNREFUSED: "start the server there (systemctl start sssonectord), and compare tunnel.listen with this address",
  EHOSTUNREACH: "the last router knows no way, or a firewall rejects: see the address, and the firewalls on the way",
  ENETUNREACH: "see: ip route; give this host a route",
  ETIMEDOUT: "a firewall drops it, or the host is down: allow the port there (nft … tcp dport PORT accept)",
};

async function checkReach(host: string, port: number): Promise<Finding[]> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const socket = connect({ host, port });
  const timer = setTimeout(() => resolve("ETIMEDOUT"), patience);
  socket.once("connect", () => resolve(undefined));
  socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  const code = await promise;
  clearTimeout(timer);
  socket.destroy();
  if (code === undefined) return [ok("reach", `TCP to ${host}:${port} connects`)];
  return [failed("reach", `TCP to ${host}:${port} fails: ${code}`, reachHelp[code] ?? "see the network on the way")];
}

async function checkTunnel(endpoint: EndpointSettings, host: string, parts: EndpointParts): Promise<Finding[]> {
  if (parts.material === undefined) return [];
  const { server_name: serverName } = parts.settings.security.tls;
  const { port } = endpoint.address;
  const outcome = await dial(
    { host, port, identity: endpoint.identity, serverName },
    {
      tls: clientTlsOptions(parts.material, serverName),
      timeout: patience,
      keepAlive: false,
      authentication: {
        peer(socket) {
          const peer = checkPeer(socket, "server");
          return peer.kind === "refused" ? peer : identityOf(peer.certificate);
        },
        reasonOf: refusalReason,
      },
      signal: new AbortController().signal,
    },
  );
  if (outcome.kind === "failed") return await handshakeFailed(outcome, host, port);
  const shaken = ok("tls", `the handshake is done; the server is ${endpoint.identity}`);
  const greeting = await greet(outcome.socket, patience);
  const large = await checkLargePackets(host);
  return [shaken, greeting, ...(large === undefined ? [] : [large])];
}

const tlsHelp: Readonly<Record<string, string>> = {
  identity_mismatch: "correct tunnel.endpoints[].identity, or the address: another server answers there",
  certificate_untrusted:
    "use one CA on both ends: give security.tls.ca the ca.crt that signed the server's certificate",
  certificate_expired: "renew the server's certificate: sssonector pki renew; see both clocks: timedatectl",
  certificate_not_yet_valid: "set the clocks: timedatectl",
  certificate_revoked: "issue a new certificate for the server: sssonector pki issue --role server --force",
  crl_expired: "sign the list again: sssonector pki crl, and copy ca.crl here",
  server_name_mismatch: "correct security.tls.server_name, or leave it out",
};

async function handshakeFailed(
  { reason, text }: Extract<DialOutcome, { kind: "failed" }>,
  host: string,
  port: number,
): Promise<Finding[]> {
  if (reason !== "timeout") {
    const meaning = Object.hasOwn(refusalReasons, reason)
      ? refusalReasons[reason as keyof typeof refusalReasons]
      : text;
    return [
      failed("tls", `${reason}: ${meaning}`, tlsHelp[reason] ?? "the server's log says why: journalctl -u sssonectord"),
    ];
  }
  const large = await checkLargePackets(host);
  const silent = `${host}:${port} accepts connections and does not finish a TLS handshake`;
  const next = "see that a sssonectord listens there, and not another service: ss -ltnp on the server";
  return large?.verdict === "failed" ? [large] : [failed("tls", silent, next)];
}
