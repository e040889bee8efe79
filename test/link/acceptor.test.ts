import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { connect } from "node:tls";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { clientTlsOptions, serverTlsOptions } from "../../src/daemon/tls/options.ts";
import { material, TestCa } from "../tls/certificates.ts";
import { dialTo, Door, generous } from "./doors.ts";
import { eventually } from "./eventually.ts";
import { createCredentials, type Credentials } from "./wire.ts";

let ca: TestCa;
let credentials: Credentials;
let stranger: Credentials;
const open: Socket[] = [];

beforeAll(async () => {
  ca = await TestCa.create();
  credentials = await createCredentials(ca);
  stranger = await createCredentials(await TestCa.create());
});

/** A loop that has nothing to do. */
const quiet = { busy: 0, active: false };

afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy();
});

/** A TCP connection that says only what the test writes. */
async function silent(port: number, host = "127.0.0.1", from = host): Promise<Socket> {
  const socket = connectTcp({ port, host, localAddress: from });
  socket.on("error", () => undefined);
  open.push(socket);
  await once(socket, "connect");
  return socket.resume();
}

/** Unlike `once` it takes no offence at an error before. */
function closed(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => socket.once("close", resolve));
}

describe("the acceptor", () => {
  it("hands over a connection with its identity and address", async () => {
    using door = await new Door(credentials).open();
    const outcome = await dialTo(door.port, credentials);
    if (outcome.kind === "failed") throw new Error(outcome.reason);
    open.push(outcome.socket);
    await eventually(() => door.secured.length).toBe(1);
    expect(door.secured[0]).toMatchObject({ identity: "ann", remote: `127.0.0.1:${outcome.socket.localPort}` });
    expect(door.refused).toEqual([]);
  });

  it("tells of connections whose handshake is not done how far they are, and not of more than it is asked for", async () => {
    using door = await new Door(credentials, { ...generous, pending: 3 }).open();
    const quiet = await silent(door.port);
    const begun = await silent(door.port);
    begun.write(Buffer.of(0x16, 3, 1));
    const stateOf = ({ localPort }: Socket): string | undefined =>
      door.acceptor.arrivals(64).find(({ remote }) => remote === `127.0.0.1:${localPort}`)?.state;
    await eventually(() => [quiet, begun].map(stateOf)).toEqual(["accepting", "authenticating"]);
    const others = await Promise.all(Array.from({ length: 20 }, () => silent(door.port)));
    await eventually(() => door.acceptor.pending).toBe(22);
    expect(door.acceptor.arrivals(64).map(({ link }) => link)).toEqual(Array.from({ length: 22 }, (_, at) => at + 1));
    expect(door.acceptor.arrivals(5)).toHaveLength(5);
    expect(door.acceptor.arrivals(64)[0]).toMatchObject({ identity: "", age: 0 });
    // One that is under way, and one that waits.
    const ends = [quiet, others[19] as Socket].map(closed);
    for (const { link } of door.acceptor.arrivals(64).filter((_, at) => at === 0 || at === 21)) door.acceptor.cut(link);
    await Promise.all(ends);
    await eventually(() => door.acceptor.arrivals(64).length).toBe(20);
    expect(stateOf(begun)).toBe("authenticating");
  });

  it("keeps the number of a connection for its link", async () => {
    using door = await new Door(credentials).open();
    await silent(door.port);
    await eventually(() => door.acceptor.pending).toBe(1);
    const outcome = await dialTo(door.port, credentials);
    if (outcome.kind === "secured") open.push(outcome.socket);
    await eventually(() => door.secured.map(({ number }) => number)).toEqual([2]);
    expect(door.acceptor.arrivals(64).map(({ link }) => link)).toEqual([1]);
  });

  it("closes a client that is silent, or dribbles, at the deadline", async () => {
    using door = await new Door(credentials, generous, 150).open();
    const [quiet, slow] = await Promise.all([silent(door.port), silent(door.port)]);
    slow.write(Buffer.of(0x16, 3, 1));
    await Promise.all([closed(quiet), closed(slow)]);
    await eventually(() => door.reasons).toEqual(["handshake_timeout", "handshake_timeout"]);
  });

  it.each([
    ["HTTP", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "http_request"],
    ["anything but TLS", "SSH-2.0-OpenSSH_9.6\r\n", "not_tls"],
  ])("closes a client that speaks %s at once", async (_what, bytes, reason) => {
    using door = await new Door(credentials).open();
    const socket = await silent(door.port);
    const remote = `127.0.0.1:${socket.localPort ?? 0}`;
    socket.write(bytes);
    await closed(socket);
    expect(door.refused).toMatchObject([{ remote, reason }]);
  });

  it("counts a client that goes away in the middle", async () => {
    using door = await new Door(credentials).open();
    (await silent(door.port)).destroy();
    await eventually(() => door.reasons).toEqual(["closed_by_peer"]);
  });

  it.each([
    ["another protocol", ["h2"]],
    ["no protocol", []],
  ])("refuses a client that offers %s", async (_what, ALPNProtocols) => {
    using door = await new Door(credentials).open();
    const socket = connect({
      ...clientTlsOptions(credentials.client),
      ALPNProtocols,
      host: "127.0.0.1",
      port: door.port,
    });
    socket.on("error", () => undefined);
    await closed(socket.resume());
    await eventually(() => door.reasons).toEqual(["wrong_alpn"]);
    expect(door.secured).toEqual([]);
  });

  it("refuses a certificate of another CA, one of a server, and none", async () => {
    using door = await new Door(credentials).open();
    const answers: [Credentials["client"] | undefined, string][] = [
      [{ ...stranger.client, ca: credentials.client.ca }, "certificate_untrusted"],
      [credentials.server, "certificate_wrong_usage"],
      [undefined, "certificate_missing"],
    ];
    for (const [own, reason] of answers) {
      const { cert: _cert, key: _key, ...bare } = clientTlsOptions(credentials.client);
      const options = own === undefined ? bare : clientTlsOptions(own);
      const socket = connect({ ...options, host: "127.0.0.1", port: door.port });
      socket.on("error", () => undefined);
      await closed(socket.resume());
      await eventually(() => door.reasons.at(-1)).toBe(reason);
    }
    expect(door.refused).toHaveLength(3);
    expect(door.secured).toEqual([]);
  });

  it("makes the excess wait unread, then serves it", async () => {
    const rules = { pending: 2, perSource: { pending: 2, rate: 1000, burst: 1000 } };
    using door = await new Door(credentials, rules).open();
    const [first, second] = await Promise.all([silent(door.port), silent(door.port)]);
    const third = dialTo(door.port, credentials);
    const answered = await Promise.race([third, new Promise((resolve) => setTimeout(resolve, 150, "waits"))]);
    expect(answered).toBe("waits");
    expect([door.refused, first.destroyed, second.destroyed]).toEqual([[], false, false]);
    first.destroy();
    const outcome = await third;
    if (outcome.kind === "secured") open.push(outcome.socket);
    expect(outcome.kind).toBe("secured");
    expect(door.reasons).toEqual(["closed_by_peer"]);
  });

  it("keeps one source to its rate, which time gives back", async () => {
    const rules = { pending: 100, perSource: { pending: 100, rate: 10, burst: 2 } };
    using door = await new Door(credentials, rules).open();
    // A client that is known is judged by other figures, so these are strangers.
    const crowd = await Promise.all(Array.from({ length: 3 }, () => silent(door.port)));
    for (const socket of crowd) socket.write("GET / HTTP/1.1\r\n\r\n");
    await eventually(() => door.refused.length).toBe(2);
    door.acceptor.tick(quiet);
    expect(door.refused).toHaveLength(2);
    door.clock.advance(100);
    door.acceptor.tick(quiet);
    await eventually(() => door.reasons).toEqual(["http_request", "http_request", "http_request"]);
  });

  it("gives handshakes half of the loop's time while sessions are active, and all of it otherwise", async () => {
    using door = await new Door(credentials).open();
    door.acceptor.tick({ busy: 100, active: true });
    const crowd = Array.from({ length: 8 }, () => dialTo(door.port, credentials));
    await eventually(() => door.secured.length).toBe(3);
    door.clock.advance(2);
    await eventually(() => door.secured.length).toBe(4);
    door.acceptor.tick(quiet);
    door.clock.advance(2);
    for (const outcome of await Promise.all(crowd)) {
      if (outcome.kind === "secured") open.push(outcome.socket);
      expect(outcome.kind).toBe("secured");
    }
  });

  it("gives those who come after them the time that silent ones did not take", async () => {
    using door = await new Door(credentials).open();
    door.acceptor.tick({ busy: 100, active: true });
    const crowd = await Promise.all(Array.from({ length: 3 }, () => silent(door.port)));
    await eventually(() => door.acceptor.pending).toBe(3);
    for (const socket of crowd) socket.destroy();
    await eventually(() => door.acceptor.pending).toBe(0);
    // By the clock no time has passed.
    const outcome = await dialTo(door.port, credentials);
    if (outcome.kind === "secured") open.push(outcome.socket);
    expect(outcome.kind).toBe("secured");
  });

  it("lets another source in while one is kept waiting", async () => {
    const rules = { pending: 100, perSource: { pending: 1, rate: 1000, burst: 1000 } };
    using door = await new Door(credentials, rules).open("0.0.0.0");
    await Promise.all(Array.from({ length: 20 }, () => silent(door.port, "127.0.0.1", "127.0.0.2")));
    const outcome = await dialTo(door.port, credentials);
    if (outcome.kind === "secured") open.push(outcome.socket);
    expect(outcome.kind).toBe("secured");
    expect(door.refused).toEqual([]);
  });

  it("forgets those who left while they waited", async () => {
    const rules = { pending: 1, perSource: { pending: 1, rate: 1000, burst: 1000 } };
    using door = await new Door(credentials, rules).open();
    const first = await silent(door.port);
    const second = await silent(door.port);
    second.destroy();
    first.destroy();
    const outcome = await dialTo(door.port, credentials);
    if (outcome.kind === "secured") open.push(outcome.socket);
    expect(outcome.kind).toBe("secured");
  });

  it("gives new connections new certificates", async () => {
    using door = await new Door(credentials).open();
    const renewed = material(await ca.issue("edge-02", "server"), "server", ca.pem);
    door.acceptor.renew(serverTlsOptions(renewed));
    const outcome = await dialTo(door.port, credentials, { target: { identity: "edge-02" } });
    if (outcome.kind === "secured") open.push(outcome.socket);
    expect(outcome.kind).toBe("secured");
  });

  it("says why it can't listen", async () => {
    using door = await new Door(credentials).open();
    using other = new Door(credentials);
    await expect(other.acceptor.listen("127.0.0.1", door.port)).rejects.toMatchObject({ code: "EADDRINUSE" });
  });

  it("ends every handshake when it closes, and hands over no more", async () => {
    const door = await new Door(credentials, { ...generous, pending: 1 }).open();
    const [first, second] = await Promise.all([silent(door.port), silent(door.port)]);
    const ended = Promise.all([closed(first), closed(second)]);
    door[Symbol.dispose]();
    await ended;
    expect(door.secured).toEqual([]);
    expect((await dialTo(door.port, credentials)).kind).toBe("failed");
  });
});
