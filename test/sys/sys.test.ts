import { execFileSync, spawnSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { once } from "node:events";
import { getPriority, tmpdir } from "node:os";
import path from "node:path";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { peerCredentials } from "../../src/daemon/sys/credentials.ts";
import { EAGAIN, EBADF, EBUSY, errnoName } from "../../src/daemon/sys/errno.ts";
import { closeDescriptor, errno, openPath, read, write } from "../../src/daemon/sys/libc.ts";
import { allocateMemory, type Memory, releaseMemory } from "../../src/daemon/sys/memory.ts";
import { poll } from "../../src/daemon/sys/poll.ts";
import { requestTimeSlice, shortestTimeSlice } from "../../src/daemon/sys/scheduling.ts";
import { setTcpNotsentLowat, tcpInfo } from "../../src/daemon/sys/tcp.ts";

interface WithHandle {
  readonly _handle: { readonly fd: number };
}

function descriptor(socket: Socket): number {
  return (socket as unknown as WithHandle)._handle.fd;
}

async function pair(server: Server, to: { path: string } | { port: number; host: string }): Promise<[Socket, Socket]> {
  const accepted = once(server, "connection") as Promise<[Socket]>;
  const client = connect(to);
  const [[far]] = await Promise.all([accepted, once(client, "connect")]);
  return [client, far];
}

test("reads and writes memory of every small and large size at its address", () => {
  for (const size of [0, 1, 8, 64, 65, 4096, 300_000]) {
    const memory = allocateMemory(size);
    expect(memory.bytes.length).toBe(size);
    if (size === 0) continue;
    memory.bytes.fill(1);
    const fd = openPath("/dev/zero", 0);
    expect(read(fd, memory.address, size)).toBe(size);
    closeDescriptor(fd);
    expect(memory.bytes.every((byte) => byte === 0)).toBe(true);
  }
});

test("released memory loses its pages, and nothing beside them", () => {
  const around = Array.from({ length: 3 }, () => allocateMemory(512 * 1024));
  for (const { bytes } of around) bytes.fill(1);
  const [before, memory, after] = around as [Memory, Memory, Memory];
  releaseMemory(memory);
  // Its ends share pages with what lies beside it.
  const middle = memory.bytes.subarray(64 * 1024, -64 * 1024);
  expect(middle.every((byte) => byte === 0)).toBe(true);
  for (const { bytes } of [before, after]) expect(bytes.every((byte) => byte === 1)).toBe(true);
  memory.bytes.fill(2);
  expect(memory.bytes.every((byte) => byte === 2)).toBe(true);
  const small = allocateMemory(100);
  small.bytes.fill(3);
  releaseMemory(small);
  expect(small.bytes.every((byte) => byte === 3)).toBe(true);
});

test("memory stays where it is over collections", () => {
  const memory = allocateMemory(64);
  const garbage: unknown[] = [];
  for (let index = 0; index < 200_000; index++) garbage[index % 1_000] = new Uint8Array(40);
  const fd = openSync("/dev/null", "r+");
  memory.bytes.write("here");
  expect(write(fd, memory.address, 4)).toBe(4);
  closeSync(fd);
  expect(memory.bytes.toString("latin1", 0, 4)).toBe("here");
});

test("names the reason of a failed call", () => {
  expect(closeDescriptor(-1)).toBe(-1);
  expect(errno()).toBe(EBADF);
  expect([EBUSY, 77, 999].map(errnoName)).toEqual(["EBUSY", "EBADFD", "errno 999"]);
});

test("works in a worker thread", async () => {
  const libc = new URL("../../src/daemon/sys/libc.ts", import.meta.url).href;
  const code = `
    import { parentPort } from "node:worker_threads";
    const { closeDescriptor, errno } = await import(${JSON.stringify(libc)});
    parentPort.postMessage([closeDescriptor(-1), errno()]);`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`));
  const [answer] = (await once(worker, "message")) as [unknown];
  expect(answer).toEqual([-1, EBADF]);
  await worker.terminate();
});

test("poll calls while a descriptor is readable, and not while stopped or closed", async () => {
  const { O_RDONLY, O_NONBLOCK, O_RDWR } = constants;
  const directory = mkdtempSync(path.join(tmpdir(), "poll-"));
  const fifo = path.join(directory, "fifo");
  execFileSync("mkfifo", [fifo]);
  const fd = openSync(fifo, O_RDONLY | O_NONBLOCK);
  const writer = openSync(fifo, O_RDWR | O_NONBLOCK);
  const memory = allocateMemory(64);
  expect(read(fd, memory.address, 1)).toBe(-1);
  expect(errno()).toBe(EAGAIN);

  let calls = 0;
  let told: (() => void) | undefined;
  const poller = poll(fd, () => {
    calls++;
    told?.();
  });
  const next = (): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    told = resolve;
    return promise;
  };
  poller.start();
  write(writer, memory.address, 1);
  await next();
  await next();
  poller.stop();
  const before = calls;
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  expect(calls).toBe(before);
  poller.start();
  await next();
  expect(readSync(fd, Buffer.alloc(1))).toBe(1);
  poller.close();
  poller.close();
  poller.start();
  poller.stop();
  closeSync(fd);
  closeSync(writer);
  rmSync(directory, { recursive: true });
});

test("promises and errors of a poll's callback come through although nothing else happens", () => {
  const pollUrl = new URL("../../src/daemon/sys/poll.ts", import.meta.url).href;
  const run = (then: string): string => {
    const code = `
      import { poll } from ${JSON.stringify(pollUrl)};
      setInterval(() => {}, 60_000);
      const poller = poll(0, () => { poller.stop(); ${then} });
      poller.start();`;
    const args = ["--input-type=module", "--eval", code];
    const { stdout, stderr } = spawnSync(process.execPath, args, { input: "x", encoding: "utf8", timeout: 10_000 });
    return stdout + stderr;
  };
  expect(run('Promise.resolve().then(() => { console.log("promise"); process.exit(); });')).toBe("promise\n");
  expect(run('process.nextTick(() => { console.log("tick"); process.exit(); });')).toBe("tick\n");
  expect(run('throw new Error("raised");')).toMatch(/Error: raised/);
}, 40_000);

test("tcpInfo tells how long the peer's window held sending up", async () => {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const [client, far] = await pair(server, { port: address.port, host: "127.0.0.1" });
  expect(tcpInfo(descriptor(client))?.peerWindowMicros).toBe(0);
  // Nobody reads at the far end: its window closes.
  far.pause();
  client.write(Buffer.alloc(32 * 1024 * 1024));
  const held = (): number => tcpInfo(descriptor(client))?.peerWindowMicros ?? 0;
  await expect.poll(held, { timeout: 20_000 }).toBeGreaterThan(10_000);
  client.destroy();
  far.destroy();
  server.close();
});

test("tcpInfo counts acknowledged and received bytes; it is undefined for what is no TCP socket", async () => {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const [client, far] = await pair(server, { port: address.port, host: "127.0.0.1" });
  const before = tcpInfo(descriptor(client));
  const received = new Promise<void>((resolve) => {
    let bytes = 0;
    far.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes === 100_000) far.write("ok");
    });
    client.on("data", () => resolve());
  });
  client.write(Buffer.alloc(100_000));
  await received;
  const after = tcpInfo(descriptor(client));
  expect((after?.bytesAcked ?? 0) - (before?.bytesAcked ?? 0)).toBe(100_000);
  expect(after?.bytesReceived).toBe(2);
  expect(after).toMatchObject({ unacked: 0, notsentBytes: 0, lost: 0 });
  expect(after?.rttMicros).toBeGreaterThan(0);
  expect(after?.rttMicros).toBeLessThan(10_000_000);
  expect(after?.minRttMicros).toBeLessThanOrEqual(after?.rttMicros ?? 0);
  expect(after?.deliveryRateBytes).toBeGreaterThan(10_000);
  expect(setTcpNotsentLowat(descriptor(client), 131_072)).toBe(true);
  expect([tcpInfo(-1), setTcpNotsentLowat(-1, 1)]).toEqual([undefined, false]);
  client.destroy();
  far.destroy();
  server.close();
});

test("peerCredentials tells who is on a unix socket, and nothing about others", async () => {
  const directory = mkdtempSync(path.join(tmpdir(), "cred-"));
  const server = createServer();
  server.listen(path.join(directory, "s"));
  await once(server, "listening");
  const [client, far] = await pair(server, { path: path.join(directory, "s") });
  expect(peerCredentials(descriptor(far))).toEqual({
    pid: process.pid,
    uid: process.getuid?.(),
    gid: process.getgid?.(),
  });
  expect(peerCredentials(-1)).toBeUndefined();
  client.destroy();
  far.destroy();
  server.close();
  rmSync(directory, { recursive: true });
});

test("asks the scheduler for short time slices, and keeps the thread's nice value", () => {
  const before = getPriority();
  expect(requestTimeSlice(shortestTimeSlice)).toBe(true);
  expect(getPriority()).toBe(before);
  const [, slice] = /^se\.slice\s*:\s*(\d+)/m.exec(readFileSync("/proc/thread-self/sched", "utf8")) ?? [];
  if (slice === undefined) console.warn("the kernel does not say how long time slices are");
  else expect(Number(slice)).toBe(shortestTimeSlice);
  expect(requestTimeSlice(3_000_000)).toBe(true);
});
