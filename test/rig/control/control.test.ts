import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ControlClient } from "./client.ts";
import { type ControlServer, serveControl } from "./server.ts";

let directory: string;
let server: ControlServer;
let socket: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "rig-control-"));
  socket = path.join(directory, "control.sock");
  server = await serveControl(socket, async (line) => {
    if (line === "slow") await new Promise((resolve) => setImmediate(resolve));
    if (line === "bad") throw new Error("no such command");
    return { got: line };
  });
});

afterEach(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

test("each command has its own answer, in order, and a refusal is an error", async () => {
  using client = await ControlClient.connect<unknown, unknown>(socket);
  const answers = await Promise.allSettled([client.send("slow"), client.send("bad"), client.send([1])]);
  expect(answers).toMatchObject([
    { value: { got: "slow" } },
    { reason: expect.objectContaining({ message: "no such command" }) },
    { value: { got: [1] } },
  ]);
});

test("the process is told to stop when its controller hangs up, and the socket is gone when it closes", async () => {
  const client = await ControlClient.connect<unknown, unknown>(socket);
  await client.send(1);
  client[Symbol.dispose]();
  await server.untilStopped();
  await server.close();
  expect(existsSync(socket)).toBe(false);
});

test("a command to somebody who is gone fails", async () => {
  using client = await ControlClient.connect<unknown, unknown>(socket);
  await client.send(1);
  await server.close();
  await expect(client.send(2)).rejects.toThrow(/control socket/);
  await expect(client.send(3)).rejects.toThrow(/control socket/);
});
