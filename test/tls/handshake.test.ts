import { once } from "node:events";
import { connect as connectTcp, type AddressInfo, type Socket } from "node:net";
import { type ConnectionOptions, connect, createServer, type TlsOptions, type TLSSocket } from "node:tls";
import { beforeAll, describe, expect, it } from "vitest";
import { identityOf } from "../../src/daemon/access/identity.ts";
import { clientTlsOptions, serverTlsOptions } from "../../src/daemon/tls/options.ts";
import { checkPeer } from "../../src/daemon/tls/peer.ts";
import { refusalReason } from "../../src/daemon/tls/refusal.ts";
import { dayMs, material, type Pair, TestCa, uncheckedMaterial, uriSan } from "./certificates.ts";

let ca: TestCa;
let other: TestCa;
let server: Pair;
let client: Pair;
let crl: string;
let serverOptions: TlsOptions;
let clientOptions: ConnectionOptions;

beforeAll(async () => {
  [ca, other] = await Promise.all([TestCa.create(Date.now() - 400 * dayMs), TestCa.create()]);
  [server, client, crl] = await Promise.all([ca.issue("edge-01", "server"), ca.issue("ann", "client"), ca.crl()]);
  serverOptions = serverTlsOptions(material(server, "server", ca.pem, crl));
  clientOptions = clientTlsOptions(material(client, "client", ca.pem, crl));
});

/** What each end makes of one connection: `=IDENTITY` or a reason. The client waits for the server's word, as for WELCOME. */
interface Outcome {
  readonly server: string;
  readonly client: string;
}

function judge(socket: TLSSocket, peerRole: "server" | "client"): string {
  const peer = checkPeer(socket, peerRole);
  if (peer.kind === "refused") return peer.reason;
  const identity = identityOf(peer.certificate);
  return identity.kind === "identity" ? `=${identity.name}` : identity.reason;
}

interface Listening extends AsyncDisposable {
  readonly port: number;
  readonly outcome: Promise<string>;
}

async function listen(
  options: TlsOptions,
  welcome = (socket: TLSSocket) => void socket.end("welcome"),
): Promise<Listening> {
  const { promise: outcome, resolve } = Promise.withResolvers<string>();
  const listener = createServer({ ...options, handshakeTimeout: 300 });
  const sockets = new Set<Socket>();
  listener.on("connection", (socket: Socket) => sockets.add(socket));
  listener.on("secureConnection", (socket) => {
    socket.on("error", () => undefined);
    const verdict = judge(socket, "client");
    resolve(verdict);
    if (verdict.startsWith("=")) welcome(socket);
    else socket.destroy();
  });
  listener.on("tlsClientError", (error, socket) => {
    resolve(refusalReason(error, socket.authorizationError));
    socket.destroy();
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    listener.close();
    await once(listener, "close");
  };
  return { port, outcome, [Symbol.asyncDispose]: close };
}

function dial(port: number, options: ConnectionOptions): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect({ ...options, host: "127.0.0.1", port });
  let verdict = "closed_by_peer";
  socket.on("secureConnect", () => {
    verdict = judge(socket, "server");
    if (!verdict.startsWith("=")) socket.destroy();
    else verdict = "closed_by_peer";
  });
  socket.on("data", () => {
    verdict = judge(socket, "server");
  });
  socket.on("error", (error) => {
    verdict = refusalReason(error);
  });
  socket.on("close", () => resolve(verdict));
  return promise;
}

async function shake(serverSide: TlsOptions, clientSide: ConnectionOptions): Promise<Outcome> {
  await using listening = await listen(serverSide);
  const clientVerdict = await dial(listening.port, clientSide);
  return { server: await listening.outcome, client: clientVerdict };
}

/** The server's reason against a client that speaks anything. */
async function rawClient(speak: (socket: Socket) => void): Promise<string> {
  await using listening = await listen(serverOptions);
  const socket = connectTcp(listening.port, "127.0.0.1");
  socket.on("error", () => undefined);
  await once(socket, "connect");
  speak(socket);
  return await listening.outcome;
}

/** The server's reason against a client that checks nothing itself. */
async function carelessClient(options: ConnectionOptions): Promise<string> {
  await using listening = await listen(serverOptions);
  const socket = connect({ ...options, host: "127.0.0.1", port: listening.port });
  socket.on("error", () => undefined);
  return await listening.outcome;
}

function asClient(pair: Pair, trusted: TestCa = ca, list?: string): ConnectionOptions {
  return clientTlsOptions(uncheckedMaterial(pair, trusted.pem, list));
}

/** Connects, collecting every session that Node offers for reuse; says whether this connection reused one. */
async function connectOnce(port: number, options: ConnectionOptions): Promise<{ sessions: Buffer[]; reused: boolean }> {
  const socket = connect({ ...options, host: "127.0.0.1", port });
  const sessions: Buffer[] = [];
  socket.on("session", (session) => sessions.push(session));
  await once(socket, "secureConnect");
  const reused = socket.isSessionReused();
  socket.resume();
  await once(socket, "close");
  const last = socket.getSession();
  return { sessions: last === undefined ? sessions : [...sessions, last], reused };
}

describe("a handshake", () => {
  it("connects two ends of one CA, each of which knows the other's name", async () => {
    expect(await shake(serverOptions, clientOptions)).toEqual({ server: "=ann", client: "=edge-01" });
  });

  it("is of TLS 1.3 with an AEAD cipher, unless 1.2 is configured", async () => {
    const old = serverTlsOptions(uncheckedMaterial(server, ca.pem, crl, "1.2"));
    const oldClient = clientTlsOptions(uncheckedMaterial(client, ca.pem, crl, "1.2"));
    const only12 = { ...oldClient, maxVersion: "TLSv1.2" } as const;
    expect(await shake(serverOptions, only12)).toEqual({ server: "wrong_version", client: "alert_wrong_version" });
    expect(await shake(old, only12)).toEqual({ server: "=ann", client: "=edge-01" });
    const cbc = { ...only12, ciphers: "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA" };
    expect(await shake(old, cbc)).toEqual({ server: "no_shared_cipher", client: "alert_handshake_failure" });
  });

  it("takes no other group than X25519, P-256 and P-384", async () => {
    const outcome = await shake(serverOptions, { ...clientOptions, ecdhCurve: "P-521" });
    expect(outcome).toEqual({ server: "no_shared_cipher", client: "alert_handshake_failure" });
    for (const ecdhCurve of ["X25519", "P-256", "P-384"]) {
      expect(await shake(serverOptions, { ...clientOptions, ecdhCurve })).toMatchObject({ server: "=ann" });
    }
  });

  it("refuses a client without a certificate", async () => {
    const { cert: _cert, key: _key, ...without } = clientOptions;
    const expected = { server: "certificate_missing", client: "alert_certificate_missing" };
    expect(await shake(serverOptions, without)).toEqual(expected);
  });

  it("refuses a client of another CA", async () => {
    const alien = asClient(await other.issue("ann", "client"));
    expect(await shake(serverOptions, alien)).toEqual({ server: "certificate_untrusted", client: "closed_by_peer" });
  });

  it("refuses a server of another CA", async () => {
    const alien = serverTlsOptions(uncheckedMaterial(await other.issue("edge-01", "server"), ca.pem));
    expect(await shake(alien, clientOptions)).toMatchObject({ client: "certificate_untrusted" });
  });

  it("refuses an expired certificate and one that is not valid yet", async () => {
    const expired = asClient(await ca.issue("ann", "client", Date.now() - 100 * dayMs, 10));
    expect(await shake(serverOptions, expired)).toMatchObject({ server: "certificate_expired" });
    const early = asClient(await ca.issue("ann", "client", Date.now() + 10 * dayMs));
    expect(await shake(serverOptions, early)).toMatchObject({ server: "certificate_not_yet_valid" });
    const old = await ca.issue("edge-01", "server", Date.now() - 100 * dayMs, 10);
    const outcome = await shake(serverTlsOptions(uncheckedMaterial(old, ca.pem)), clientOptions);
    expect(outcome).toEqual({ server: "closed_by_peer", client: "certificate_expired" });
  });

  it("refuses a certificate for the other end, or for none", async () => {
    expect(await shake(serverOptions, asClient(server))).toMatchObject({ server: "certificate_wrong_usage" });
    const none = await ca.issueOdd({ san: ["sssonector:ann"] });
    expect(await shake(serverOptions, asClient(none))).toMatchObject({ server: "certificate_wrong_usage" });
    for (const pair of [client, none]) {
      const outcome = await shake(serverTlsOptions(uncheckedMaterial(pair, ca.pem)), clientOptions);
      expect(outcome).toMatchObject({ client: "certificate_wrong_usage" });
    }
  });

  it("refuses a revoked certificate", async () => {
    const list = await ca.crl([client.serial, server.serial]);
    const strict = serverTlsOptions(uncheckedMaterial(server, ca.pem, list));
    expect(await shake(strict, asClient(client))).toEqual({ server: "certificate_revoked", client: "closed_by_peer" });
    const strictClient = asClient(client, ca, list);
    expect(await shake(serverOptions, strictClient)).toMatchObject({ client: "certificate_revoked" });
  });

  it("lets nobody in with a revocation list that has expired or is another CA's", async () => {
    const old = serverTlsOptions(uncheckedMaterial(server, ca.pem, await ca.crl([], Date.now() - 380 * dayMs)));
    expect(await shake(old, clientOptions)).toMatchObject({ server: "crl_expired" });
    const oldClient = asClient(client, ca, await ca.crl([], Date.now() - 380 * dayMs));
    expect(await shake(serverOptions, oldClient)).toMatchObject({ client: "crl_expired" });
    const stranger = await (await TestCa.create()).crl();
    const foreign = serverTlsOptions(uncheckedMaterial(server, ca.pem, stranger));
    expect((await shake(foreign, clientOptions)).server).toMatch(/^crl_(missing|invalid)$/);
  });

  it("refuses a weak key", async () => {
    const weak = await ca.issueOdd({ usage: "client", san: ["sssonector:ann"], rsaBits: 1024 });
    const sends = { ...asClient(weak), ciphers: "DEFAULT@SECLEVEL=0" };
    expect(await shake(serverOptions, sends)).toMatchObject({ server: "certificate_weak" });
  });

  it("refuses a peer without the protocol's ALPN, or with another", async () => {
    const { ALPNProtocols: _client, ...silent } = clientOptions;
    expect(await carelessClient(silent)).toBe("wrong_alpn");
    const outcome = await shake(serverOptions, { ...clientOptions, ALPNProtocols: ["h2"] });
    expect(outcome).toEqual({ server: "wrong_alpn", client: "alert_wrong_alpn" });
    const { ALPNProtocols: _server, ...deaf } = serverOptions;
    expect(await shake(deaf, clientOptions)).toMatchObject({ client: "wrong_alpn" });
  });

  it("refuses a certificate whose SAN is missing, ambiguous, or holds a NUL", async () => {
    const cases = [
      [{}, "identity_missing"],
      [{ san: ["sssonector:ann", "sssonector:root"] }, "identity_ambiguous"],
      [{ san: uriSan("sssonector:ann\0.evil") }, "identity_malformed"],
    ] as const;
    for (const [odd, reason] of cases) {
      const pair = await ca.issueOdd({ usage: "client", ...odd });
      expect(await shake(serverOptions, asClient(pair))).toMatchObject({ server: reason });
    }
  });

  it("checks the server's host name when one is configured, and only then", async () => {
    const named = clientTlsOptions(material(client, "client", ca.pem, crl), "vpn.example.net");
    expect(await shake(serverOptions, named)).toMatchObject({ client: "server_name_mismatch" });
  });

  it("names those who speak something else, nothing, or hang up", async () => {
    expect(await rawClient((socket) => socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n"))).toBe("http_request");
    expect(await rawClient((socket) => socket.write(Buffer.alloc(64, 7)))).toBe("not_tls");
    expect(await rawClient(() => undefined)).toBe("handshake_timeout");
    expect(await rawClient((socket) => socket.destroy())).toBe("closed_by_peer");
  });
});

describe("resumption", () => {
  it.each(["1.2", "1.3"] as const)("never happens with TLS %s, also when a client tries", async (version) => {
    const serverSide = serverTlsOptions(uncheckedMaterial(server, ca.pem, crl, version));
    const clientSide = {
      ...clientTlsOptions(uncheckedMaterial(client, ca.pem, crl, version)),
      maxVersion: `TLSv${version}`,
      secureOptions: 0,
    } as const;
    await using listening = await listen(serverSide);
    const first = await connectOnce(listening.port, clientSide);
    expect(first.reused).toBe(false);
    for (const session of first.sessions) {
      expect((await connectOnce(listening.port, { ...clientSide, session })).reused).toBe(false);
    }
    expect(await listening.outcome).toBe("=ann");
  });
});

describe("renegotiation", () => {
  it("is refused under TLS 1.2; 1.3 has none", async () => {
    const serverSide = serverTlsOptions(uncheckedMaterial(server, ca.pem, crl, "1.2"));
    const clientSide = clientTlsOptions(uncheckedMaterial(client, ca.pem, crl, "1.2"));
    await using listening = await listen(serverSide, () => undefined);
    const old = { ...clientSide, maxVersion: "TLSv1.2", secureOptions: 0 } as const;
    const socket = connect({ ...old, host: "127.0.0.1", port: listening.port });
    await once(socket, "secureConnect");
    const { promise: refusal, resolve } = Promise.withResolvers<string | undefined>();
    // Further errors follow when the server goes.
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code));
    socket.renegotiate({}, () => undefined);
    expect(await refusal).toBe("ERR_SSL_NO_RENEGOTIATION");
  });
});
