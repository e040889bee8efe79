import { request } from "node:http";
import { connect } from "node:net";
import { afterEach, beforeEach, expect, it, test } from "vitest";
import { type Endpoint, openEndpoint } from "../../src/daemon/metrics/endpoint.ts";
import type { DaemonState } from "../../src/shared/control/snapshot.ts";

let state: DaemonState;
let endpoint: Endpoint;
const write = (): Promise<{ type: string; text: string }> => Promise.resolve({ type: "text/plain", text: "a 1\n" });
const open = (port = 0): Promise<Endpoint> =>
  openEndpoint({ address: "127.0.0.1", port, path: "/metrics" }, { state: () => state, write });

beforeEach(async () => {
  state = "ready";
  endpoint = await open();
});

afterEach(() => endpoint[Symbol.asyncDispose]());

interface Answer {
  status: number | undefined;
  text: string;
  headers: Record<string, unknown>;
}

async function ask(path: string, method = "GET", body?: string): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const asked = request({ host: "127.0.0.1", port: endpoint.port, path, method }, (response) => {
    let text = "";
    response.on("data", (chunk) => (text += String(chunk)));
    response.on("end", () => resolve({ status: response.statusCode, text, headers: response.headers }));
  });
  asked.on("error", reject);
  asked.end(body);
  return await promise;
}

/** Everything that comes back for these bytes. */
async function answerTo(sent: string): Promise<string> {
  const socket = connect(endpoint.port, "127.0.0.1");
  let text = "";
  socket.on("data", (chunk) => (text += String(chunk)));
  socket.write(sent);
  await new Promise<void>((resolve) => socket.on("close", () => resolve()).on("error", () => undefined));
  return text;
}

it("serves the metrics at its path, whatever the query", async () => {
  expect(await ask("/metrics")).toMatchObject({ status: 200, text: "a 1\n" });
  expect(await ask("/metrics?x=1")).toMatchObject({ status: 200, text: "a 1\n" });
  expect(await ask("/metrics", "HEAD")).toMatchObject({ status: 200, text: "", headers: { "content-length": "4" } });
});

test.each<[DaemonState, number]>([
  ["starting", 503],
  ["ready", 200],
  ["degraded", 503],
  ["draining", 503],
  ["stopping", 503],
])("a daemon that is %s answers /readyz with %i and /healthz with 200", async (now, status) => {
  state = now;
  expect(await ask("/readyz")).toMatchObject({ status, text: `${now}\n` });
  expect(await ask("/healthz")).toMatchObject({ status: 200, text: "ok\n" });
});

test.each(["/", "/metrics/", "/metrics/../metrics", "/favicon.ico", "//metrics"])("%s is nothing", async (path) => {
  expect((await ask(path)).status).toBe(404);
});

test.each(["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])("%s is refused", async (method) => {
  expect(await ask("/metrics", method)).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
});

it("reads no body", async () => {
  expect(await ask("/metrics", "POST", "x".repeat(100_000))).toMatchObject({
    status: 405,
    headers: { connection: "close" },
  });
});

it("says when its port is taken", async () => {
  await expect(open(endpoint.port)).rejects.toMatchObject({ code: "metrics_busy" });
});

it("answers 500 when the metrics can't be read, and lives on", async () => {
  const failing = await openEndpoint(
    { address: "127.0.0.1", port: 0, path: "/m" },
    { state: () => state, write: () => Promise.reject(new Error("broken")) },
  );
  expect((await fetch(`http://127.0.0.1:${failing.port}/m`)).status).toBe(500);
  expect((await fetch(`http://127.0.0.1:${failing.port}/healthz`)).status).toBe(200);
  await failing[Symbol.asyncDispose]();
});

it("closes what is no HTTP, and headers without an end", async () => {
  expect(await answerTo("\u0016\u0003\u0001\u0002hello\r\n\r\n")).toMatch(/^HTTP\/1.1 400/);
  expect(await answerTo(`GET /metrics HTTP/1.1\r\nX: ${"y".repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1.1 431/);
});
