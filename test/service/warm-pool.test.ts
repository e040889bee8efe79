import { once } from "node:events";
import type { Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { connectTo } from "../../src/daemon/service/connect.ts";
import { WarmPool } from "../../src/daemon/service/warm-pool.ts";
import { isAlive } from "../../src/daemon/sys/socket.ts";
import { Endpoint, until } from "./sockets.ts";

const closing: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of closing.splice(0).toReversed()) await one[Symbol.asyncDispose]();
});

const rules = { size: 2, idleTimeout: 1000 };

async function warmed(each: (socket: Socket) => void = () => {}): Promise<{
  endpoint: Endpoint;
  pool: WarmPool;
  pass: (time: number) => void;
}> {
  const endpoint = await Endpoint.open(each);
  closing.push(endpoint);
  let now = 0;
  const pool = new WarmPool({
    now: () => now,
    alive: isAlive,
    connect: (done) => connectTo(endpoint.target, { timeout: 1000, keepAlive: true }, done),
  });
  closing.push({ [Symbol.asyncDispose]: async () => pool.close() });
  pool.refill(rules);
  await until(() => pool.size === 2 && endpoint.taken.length === 2);
  return { endpoint, pool, pass: (time) => (now += time) };
}

test("fills up to its size, once, and hands each connection out once", async () => {
  const { endpoint, pool } = await warmed();
  pool.refill(rules);
  expect(endpoint.taken).toHaveLength(2);
  const [first, second] = [pool.take(), pool.take()];
  expect(first).toBeDefined();
  expect(first).not.toBe(second);
  expect(pool.take()).toBeUndefined();
  first?.destroy();
  second?.destroy();
});

test("keeps what the endpoint says first", async () => {
  const { pool } = await warmed((socket) => socket.write("220 ready\r\n"));
  const socket = pool.take();
  if (socket === undefined) throw new Error("nothing is warm");
  expect(socket.bytesRead).toBe(0);
  const [greeting] = (await once(socket, "data")) as [Buffer];
  expect(greeting.toString()).toBe("220 ready\r\n");
  socket.destroy();
});

test.each<[string, (socket: Socket) => void]>([
  ["a FIN", (socket) => socket.end()],
  ["a greeting and a FIN", (socket) => socket.end("too many connections")],
  ["a reset", (socket) => socket.resetAndDestroy()],
])("never hands out one that got %s", async (_, end) => {
  const { endpoint, pool } = await warmed();
  const [dead, living] = [await endpoint.connection(0), await endpoint.connection(1)];
  end(dead);
  // On the loopback it is there when the call is over, but for the socket's own turn.
  await new Promise((resolve) => setImmediate(resolve));
  const socket = pool.take();
  expect(socket?.localPort).toBe(living.remotePort);
  expect(pool.take()).toBeUndefined();
  socket?.destroy();
});

test("replaces the dead and the old", async () => {
  const { endpoint, pool, pass } = await warmed();
  (await endpoint.connection(0)).resetAndDestroy();
  await new Promise((resolve) => setImmediate(resolve));
  pool.sweep();
  expect(pool.size).toBe(1);
  pass(600);
  pool.refill(rules);
  await until(() => pool.size === 2);
  pass(600);
  pool.age(rules);
  expect(pool.size).toBe(1);
  pool.refill({ ...rules, size: 0 });
  expect(pool.size).toBe(0);
});
