import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { check, type CheckSettings } from "../../src/daemon/service/check.ts";
import { Names } from "../../src/daemon/service/names.ts";
import { Endpoint } from "./sockets.ts";

const http: CheckSettings = { type: "http", path: "/health", status: 200 };
const tcp: CheckSettings = { ...http, type: "tcp" };

let server: Server | undefined;
afterEach(() => {
  server?.close();
  server?.closeAllConnections();
});

async function answering(status: number): Promise<{ host: string; port: number; name: string }> {
  const made = createServer((request, response) => {
    response.writeHead(request.url === "/health" && request.headers.host === "web.test:80" ? status : 404).end("text");
  });
  server = made.listen(0, "127.0.0.1");
  await once(made, "listening");
  return { host: "127.0.0.1", port: (made.address() as AddressInfo).port, name: "web.test:80" };
}

function outcome(
  ...[target, settings, timeout]: [Parameters<typeof check>[0], CheckSettings, number]
): Promise<string> {
  return new Promise((resolve) => void check(target, settings, timeout, (reason) => resolve(reason ?? "well")));
}

test("a GET with the expected status", async () => {
  expect(await outcome(await answering(200), http, 1000)).toBe("well");
});

test("a GET with another one", async () => {
  expect(await outcome(await answering(503), http, 1000)).toBe("status_503");
});

test("one that takes connections and never speaks is not well", async () => {
  await using silent = await Endpoint.open();
  const target = { ...silent.target, name: "silent" };
  expect(await outcome(target, http, 50)).toBe("check_timeout");
  expect(await outcome(target, tcp, 1000)).toBe("well");
});

test("one that speaks something else", async () => {
  await using other = await Endpoint.open((socket) => socket.resume().end("SSH-2.0-x\r\n"));
  expect(await outcome({ ...other.target, name: "ssh" }, http, 1000)).toBe("no_http_answer");
});

test("one that is gone", async () => {
  const gone = await Endpoint.open();
  const target = { ...gone.target, name: "gone" };
  await gone[Symbol.asyncDispose]();
  expect(await outcome(target, tcp, 1000)).toBe("connection_refused");
  expect(await outcome(target, http, 1000)).toBe("connection_refused");
});

test("names are looked up in the background, again after a while, and keep their address when that fails", async () => {
  let now = 0;
  let answer: string | undefined = "10.0.0.1";
  let changes = 0;
  const names = new Names({
    now: () => now,
    changed: () => (changes += 1),
    lookup: async () => answer ?? Promise.reject(new Error("ENOTFOUND")),
  });
  const later = async (time: number): Promise<string | undefined> => {
    now += time;
    names.addressOf("db.test");
    await new Promise((resolve) => setImmediate(resolve));
    return names.addressOf("db.test");
  };
  expect(names.addressOf("10.1.2.3")).toBe("10.1.2.3");
  expect(names.addressOf("db.test")).toBeUndefined();
  expect(await later(0)).toBe("10.0.0.1");
  answer = "10.0.0.2";
  expect(await later(29_000)).toBe("10.0.0.1");
  expect(await later(1000)).toBe("10.0.0.2");
  answer = undefined;
  expect(await later(30_000)).toBe("10.0.0.2");
  expect(changes).toBe(2);
});
