import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { TestCa } from "../tls/certificates.ts";
import { dialTo, Door } from "./doors.ts";
import { eventually } from "./eventually.ts";
import { createCredentials, type Credentials } from "./wire.ts";

let credentials: Credentials;
let stranger: Credentials;
const open: Socket[] = [];

beforeAll(async () => {
  credentials = await createCredentials(await TestCa.create());
  stranger = await createCredentials(await TestCa.create());
});

afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy();
});

describe("the dialer", () => {
  it("gives the connection to the server that was meant", async () => {
    using door = await new Door(credentials).open();
    const outcome = await dialTo(door.port, credentials);
    if (outcome.kind === "failed") throw new Error(outcome.text);
    open.push(outcome.socket);
    expect(outcome.remote).toBe(`127.0.0.1:${door.port}`);
    expect(outcome.socket.alpnProtocol).toBe("sssonector/1");
    expect(outcome.socket.getProtocol()).toBe("TLSv1.3");
  });

  it("refuses a server of another identity, and closes", async () => {
    using door = await new Door(credentials).open();
    const outcome = await dialTo(door.port, credentials, { target: { identity: "edge-02" } });
    expect(outcome).toEqual({
      kind: "failed",
      reason: "identity_mismatch",
      text: "the server is edge-01, expected edge-02",
    });
    // The server has finished its side of the handshake by then, or not.
    await eventually(() => door.secured.length + door.refused.length).toBe(1);
    const [accepted] = door.secured;
    if (accepted !== undefined) await once(accepted.socket.resume(), "close");
  });

  it("refuses a server of another CA", async () => {
    using door = await new Door(stranger).open();
    const outcome = await dialTo(door.port, credentials);
    expect(outcome).toMatchObject({ kind: "failed", reason: "certificate_untrusted" });
  });

  it("refuses a server that is not called as configured", async () => {
    using door = await new Door(credentials).open();
    const outcome = await dialTo(door.port, credentials, { target: { serverName: "vpn.example.net" } });
    expect(outcome).toMatchObject({ kind: "failed", reason: "server_name_mismatch" });
  });

  it("gives up when the server is silent", async () => {
    const mute = createServer((socket) => void open.push(socket)).listen(0, "127.0.0.1");
    await once(mute, "listening");
    const { port } = mute.address() as { port: number };
    const outcome = await dialTo(port, credentials, { timeout: 100 });
    mute.close();
    expect(outcome).toEqual({ kind: "failed", reason: "timeout", text: "no TLS connection within 100 ms" });
  });

  it("gives up at once when this end stops", async () => {
    const mute = createServer((socket) => void open.push(socket)).listen(0, "127.0.0.1");
    await once(mute, "listening");
    const { port } = mute.address() as { port: number };
    const stop = new AbortController();
    const outcome = dialTo(port, credentials, { signal: stop.signal });
    await once(mute, "connection");
    stop.abort();
    expect(await outcome).toMatchObject({ kind: "failed", reason: "stopping" });
    mute.close();
  });

  it("says what a server is that speaks no TLS, closes, or isn't there", async () => {
    const rude = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => socket.end(answer));
    }).listen(0, "127.0.0.1");
    await once(rude, "listening");
    const { port } = rude.address() as { port: number };
    let answer = "HTTP/1.1 400 Bad Request\r\n\r\n";
    expect(await dialTo(port, credentials)).toMatchObject({ kind: "failed", reason: "not_tls" });
    answer = "";
    expect(await dialTo(port, credentials)).toMatchObject({ kind: "failed", reason: "closed_by_peer" });
    rude.close();
    await once(rude, "close");
    expect(await dialTo(port, credentials)).toMatchObject({
      kind: "failed",
      text: expect.stringContaining("ECONNREFUSED"),
    });
  });
});
