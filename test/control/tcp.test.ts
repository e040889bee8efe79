import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findToken, parseTokens, readTokens } from "../../src/daemon/control/tokens.ts";
import { startControlServer } from "../../src/daemon/control/server.ts";
import { controlAddress } from "../../src/shared/control/address.ts";
import { connectControl, type ControlClient } from "../../src/shared/control/client.ts";
import { systemClock } from "../../src/shared/clock.ts";
import { FakeClock } from "../fakes/clock.ts";
import { FakeControlBackend } from "../fakes/control-backend.ts";

const viewer = randomBytes(32).toString("hex");
const operator = randomBytes(32).toString("base64");

let resources: AsyncDisposableStack;
let directory: string;
let tokenFile: string;
let port: number;
let refusals: string[];
let clock: FakeClock;

beforeEach(async () => {
  resources = new AsyncDisposableStack();
  directory = mkdtempSync(join(tmpdir(), "control-tcp-"));
  resources.defer(() => rmSync(directory, { recursive: true }));
  tokenFile = join(directory, "tokens");
  writeFileSync(tokenFile, `# for the night shift\nviewer ${viewer}\n\noperator ${operator}\n`, { mode: 0o600 });
  refusals = [];
  clock = new FakeClock();
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  port = typeof address === "object" && address !== null ? address.port : 0;
  probe.close();
  await once(probe, "close");
  const server = await startControlServer(
    {
      backend: new FakeControlBackend(),
      clock,
      credentials: () => undefined,
      refused: (_remote, reason) => void refusals.push(reason),
    },
    { socketPath: join(directory, "c.sock"), group: "", operators: [] },
  );
  resources.use(server);
  await server.listenTcp({ host: "127.0.0.1", port }, () => readTokens(tokenFile));
});
afterEach(() => resources.disposeAsync());

function client(token: string): Promise<ControlClient> {
  return connectControl({ url: `ws://127.0.0.1:${port}`, token, clientName: "test", timeoutMs: 5000 });
}

const upgrade = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": randomBytes(16).toString("base64"),
};

/** Status and body for a request with these headers over the usual ones. */
async function asked(headers: Record<string, string>): Promise<{ status: number; body: string }> {
  const usual = { ...upgrade, host: `127.0.0.1:${port}`, authorization: `Bearer ${operator}` };
  const request = httpRequest({ host: "127.0.0.1", port, headers: { ...usual, ...headers } });
  request.end();
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
  request.on("error", reject);
  request.on("upgrade", (_response, socket) => {
    socket.destroy();
    resolve({ status: 101, body: "" });
  });
  request.on("response", (response) => {
    let body = "";
    response.on("data", (chunk) => (body += String(chunk)));
    response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
  });
  return promise;
}

describe("the control channel over TCP", () => {
  it("gives each token its role", async () => {
    using looking = await client(viewer);
    expect(looking.daemon.role).toBe("viewer");
    await expect(looking.call("reload", {})).rejects.toMatchObject({ code: "control_denied" });
    using acting = await client(operator);
    expect(acting.daemon.role).toBe("operator");
    expect((await acting.call("reload", { dry_run: true })).outcome).toBe("done");
    expect(refusals).toEqual([]);
  });

  it("is open to the right Host, without Origin and with a token only", async () => {
    expect(await asked({})).toEqual({ status: 101, body: "" });
    const refused: [Record<string, string>, number, string][] = [
      [{ origin: "http://evil.example" }, 403, "no web page may use this port"],
      [{ origin: `http://127.0.0.1:${port}` }, 403, "no web page may use this port"],
      [{ origin: "null" }, 403, "no web page may use this port"],
      [{ host: "evil.example" }, 403, `the Host header must be 127.0.0.1:${port}`],
      [{ host: `localhost:${port}` }, 403, `the Host header must be 127.0.0.1:${port}`],
      [{ host: "127.0.0.1" }, 403, `the Host header must be 127.0.0.1:${port}`],
      [{ authorization: "" }, 401, "a token is needed: Authorization: Bearer TOKEN"],
      [{ authorization: `Basic ${operator}` }, 401, "a token is needed: Authorization: Bearer TOKEN"],
      [{ authorization: `Bearer ${operator} x` }, 401, "a token is needed: Authorization: Bearer TOKEN"],
      [
        { authorization: `Bearer ${randomBytes(32).toString("hex")}` },
        401,
        "the token is none of control.tcp.token_file",
      ],
      [{ authorization: `Bearer ${viewer.slice(0, -1)}` }, 401, "the token is none of control.tcp.token_file"],
    ];
    for (const [headers, status, body] of refused) expect(await asked(headers)).toEqual({ status, body });
    expect(refusals).toEqual(refused.map(([, , reason]) => reason));
  });

  it("refuses a second Host header", async () => {
    const socket = connect({ host: "127.0.0.1", port });
    await once(socket, "connect");
    const lines = Object.entries({ ...upgrade, authorization: `Bearer ${operator}` }).map((pair) => pair.join(": "));
    socket.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nHost: evil.example\r\n${lines.join("\r\n")}\r\n\r\n`);
    let answer = "";
    for await (const chunk of socket) answer += String(chunk);
    expect(answer).toMatch(/^HTTP\/1\.1 40[03]/);
  });

  it("lets go of those it refused, whether they hang up or not", async () => {
    const refused = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
    const lines = Object.entries(upgrade).map((pair) => pair.join(": "));
    refused.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${lines.join("\r\n")}\r\n\r\n`);
    refused.resume();
    await once(refused, "end");
    // Ends only when the server has no connection left.
    await resources.disposeAsync();
    refused.destroy();
  });

  it("is no web server", async () => {
    const plain = await fetch(`http://127.0.0.1:${port}/`, { headers: { authorization: `Bearer ${operator}` } });
    expect(plain.status).toBe(426);
    expect(plain.headers.get("access-control-allow-origin")).toBeNull();
  });

  it("tells the command why it was refused", async () => {
    await expect(client("0".repeat(64))).rejects.toMatchObject({
      code: "control_denied",
      message: "the token is none of control.tcp.token_file",
    });
  });

  it("takes tokens out and in without a restart, and lets nobody in while the file is bad", async () => {
    const next = randomBytes(32).toString("base64url");
    writeFileSync(tokenFile, `operator ${next}\n`);
    await expect(client(operator)).rejects.toMatchObject({ code: "control_denied" });
    using acting = await client(next);
    expect(acting.daemon.role).toBe("operator");
    chmodSync(tokenFile, 0o640);
    await expect(client(next)).rejects.toMatchObject({
      message: expect.stringContaining("has mode 0640, so that others can read it") as string,
    });
  });

  it("ends, within a second, the connections whose token was taken out or has another role", async () => {
    using looking = await client(viewer);
    using acting = await client(operator);
    const ends: string[] = [];
    const over = [looking, acting].map(
      (one) =>
        new Promise<void>((resolve) =>
          one.onClose(({ message }) => {
            ends.push(message);
            resolve();
          }),
        ),
    );
    const why = expect.stringContaining("code 1008 the token is no longer in control.tcp.token_file") as string;
    // In another line.
    writeFileSync(tokenFile, `operator ${operator}\nviewer ${viewer}\n`);
    clock.advance(1000);
    writeFileSync(tokenFile, `operator ${viewer}\noperator ${operator}\n`);
    clock.advance(1000);
    await over[0];
    expect((await acting.call("reload", { dry_run: true })).outcome).toBe("done");
    expect(ends).toEqual([why]);
    // Nobody gets in with such a file either.
    writeFileSync(tokenFile, "");
    clock.advance(1000);
    await over[1];
    expect(ends).toEqual([why, why]);
  });

  it("says which port it can't have", async () => {
    await using server = await startControlServer(
      { backend: new FakeControlBackend(), clock: systemClock, credentials: () => undefined },
      { socketPath: join(directory, "d.sock"), group: "", operators: [] },
    );
    await expect(server.listenTcp({ host: "127.0.0.1", port }, () => [])).rejects.toMatchObject({
      code: "control_tcp",
      message: expect.stringContaining(`control.tcp.listen 127.0.0.1:${port}: `) as string,
    });
  });
});

describe("a file of tokens", () => {
  it.each([
    ["", "there is no token in it"],
    ["# nothing\n", "there is no token in it"],
    [viewer, "line 1 wants `viewer TOKEN` or `operator TOKEN`"],
    [`admin ${viewer}`, "line 1 wants `viewer TOKEN` or `operator TOKEN`"],
    [`viewer ${viewer}\noperator secret`, "line 2 wants a token of 256 bits, in hex or base64"],
    [`viewer ${viewer.slice(1)}`, "line 1 wants a token of 256 bits, in hex or base64"],
    [`viewer ${viewer} x`, "line 1 wants a token of 256 bits, in hex or base64"],
    ["viewer", "line 1 wants a token of 256 bits, in hex or base64"],
  ])("is refused without being shown: %j", (text, message) => {
    expect(() => parseTokens(text)).toThrow(message);
    expect(message).not.toContain(viewer);
  });

  it("is read, or refused, whatever it holds", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        try {
          expect(parseTokens(text).length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toMatchObject({ code: "control_tokens" });
        }
      }),
    );
  });

  it("finds the given token and no other", () => {
    const tokens = parseTokens(`viewer ${viewer}\noperator ${operator}\n`);
    expect(findToken(tokens, operator)).toMatchObject({ role: "operator", line: 2 });
    expect(findToken(tokens, viewer)).toMatchObject({ role: "viewer", line: 1 });
    for (const wrong of ["", viewer.toUpperCase(), `${viewer} `, operator.slice(1)]) {
      expect(findToken(tokens, wrong)).toBeUndefined();
    }
  });
});

describe("the address on the command line", () => {
  const none = { socket: undefined, url: undefined, tokenFile: undefined };
  const url = "ws://127.0.0.1:7433";

  it("is a socket, or a loopback URL with a token from a file or the environment", () => {
    expect(controlAddress({ ...none, socket: "/x.sock" }, {})).toEqual({ socketPath: "/x.sock" });
    expect(controlAddress({ ...none, url }, { SSSONECTOR_TOKEN: viewer })).toEqual({ url: `${url}/`, token: viewer });
    expect(controlAddress({ ...none, url: "ws://[::1]:7433", tokenFile }, {})).toEqual({
      url: "ws://[::1]:7433/",
      token: viewer,
    });
  });

  it.each([
    [{ url, socket: "/x.sock" }, "give --socket or --url, not both"],
    [{ tokenFile: "/x" }, "--token-file goes with --url"],
    [{ url: "ws://192.0.2.1:7433" }, "--url wants ws://127.0.0.1:PORT"],
    [{ url: "ws://127.0.0.1.evil.example:7433" }, "--url wants ws://127.0.0.1:PORT"],
    [{ url: "wss://127.0.0.1:7433" }, "--url wants ws://127.0.0.1:PORT"],
    [{ url: "ws://127.0.0.1" }, "--url wants ws://127.0.0.1:PORT"],
    [{ url: "ws://a@127.0.0.1:7433" }, "--url wants ws://127.0.0.1:PORT"],
    [{ url: "nonsense" }, "--url wants ws://127.0.0.1:PORT"],
    [{ url }, "--url needs a token"],
    [{ url, tokenFile: "/nowhere" }, "can't read --token-file: ENOENT"],
  ])("%j: %s", (options, message) => {
    expect(() => controlAddress({ ...none, ...options }, {})).toThrow(message);
  });

  it("never reads a token that others can read", () => {
    chmodSync(tokenFile, 0o644);
    expect(() => controlAddress({ ...none, url, tokenFile }, {})).toThrow("can be read by others");
  });
});
