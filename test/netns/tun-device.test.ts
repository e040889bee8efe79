import { execFile, spawnSync } from "node:child_process";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { createServer, connect } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { MessageChannel, Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deviceDown, maxUnitLength, refused, type TunDevice } from "../../src/daemon/tun/device.ts";
import { attachTun } from "../../src/daemon/tun/linux.ts";
import { openTun } from "../../src/daemon/tun/open.ts";
import { tunCompliance, unitWith } from "../compliance/tun.ts";
import { type Reflected, reflect } from "./tun-reflector.ts";
import { enterNamespace, ip } from "./tun-namespace.ts";

const name = "ttun0";
const opener = fileURLToPath(new URL("tun-opener.ts", import.meta.url));

let namespace: { leave(): void };
beforeAll(() => {
  namespace = enterNamespace();
});
afterAll(() => namespace.leave());

function up(): void {
  ip("link", "set", "dev", name, "addrgenmode", "none");
  ip("address", "add", "10.99.0.1/24", "dev", name);
  ip("link", "set", "dev", name, "up");
}

async function bound(port: number): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.bind(port, "10.99.0.1");
  await once(socket, "listening");
  return socket;
}

tunCompliance("the Linux TUN", async () => {
  const tun = openTun({ name, queues: 1 });
  up();
  const device = attachTun(tun.fds[0] ?? -1, name, tun.features);
  const socket = await bound(443);
  const received: Buffer[] = [];
  let waiting: (() => void) | undefined;
  socket.on("message", (payload) => {
    received.push(payload);
    waiting?.();
  });
  return {
    device,
    send: (payload) =>
      new Promise((resolve, reject) => {
        socket.send(payload, 9, "10.99.0.2", (error) => (error === null ? resolve() : reject(error)));
      }),
    async receive() {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting = resolve;
      if (received.length === 0) await promise;
      return received.shift() ?? Buffer.alloc(0);
    },
    async setDown() {
      ip("link", "set", "dev", name, "down");
    },
    async close() {
      socket.close();
      device.close();
      tun.close();
    },
  };
});

describe("openTun", () => {
  test("gets offload, and the interface is gone after close", () => {
    const tun = openTun({ name, queues: 1 });
    expect(tun.features).toMatchObject({ checksum: true, tso4: true, tso6: true });
    expect(ip("-details", "link", "show", name)).toMatch(/tun type tun pi off vnet_hdr on/);
    tun.close();
    expect(() => ip("link", "show", name)).toThrow(/does not exist/);
  });

  test("gets several queues, and nobody else gets one more", () => {
    const tun = openTun({ name, queues: 2 });
    expect(tun.fds.length).toBe(2);
    up();
    expect(() => openTun({ name, queues: 2 })).toThrow(expect.objectContaining({ code: "tun_busy" }));
    tun.close();
  });

  test("takes an interface with several queues that was made before and that nobody holds", () => {
    ip("tuntap", "add", "dev", name, "mode", "tun", "multi_queue", "vnet_hdr");
    up();
    const tun = openTun({ name, queues: 2 });
    expect(tun.fds.length).toBe(2);
    tun.close();
    ip("tuntap", "del", "dev", name, "mode", "tun", "multi_queue", "vnet_hdr");
  });

  test("a flow's packets come to the queue that it was written to last", async () => {
    const tun = openTun({ name, queues: 2 });
    up();
    const devices = tun.fds.map((fd) => attachTun(fd, name, tun.features));
    const host = await bound(443);
    const buffer = (devices[0] as TunDevice).allocate(maxUnitLength);
    const unit = unitWith(Buffer.from("from the peer"));
    for (const queue of [0, 1, 0, 1, 1]) {
      unit.copy(buffer.bytes);
      expect(devices[queue]?.write(buffer, 0, unit.length)).toBe(unit.length);
      const [, peer] = (await once(host, "message")) as [Buffer, RemoteInfo];
      host.send("to the peer", peer.port, peer.address);
      const surfaced = new Promise<number>((resolve) => {
        for (const [index, device] of devices.entries()) {
          device.startReading({ landing: () => buffer.bytes, landed: () => resolve(index) });
        }
      });
      expect(await surfaced).toBe(queue);
      for (const device of devices) {
        device.stopReading();
        while (device.read(buffer, 0, maxUnitLength) > 0);
      }
    }
    host.close();
    for (const device of devices) device.close();
    tun.close();
  });

  test("refuses a second opener, in this process and another, and says so", () => {
    const tun = openTun({ name, queues: 1 });
    expect(() => openTun({ name, queues: 1 })).toThrow(expect.objectContaining({ code: "tun_busy" }));
    const other = spawnSync(process.execPath, [opener, name], { encoding: "utf8" });
    expect(other.stdout).toBe(`tun_busy: interface ${name} is held by another process (EBUSY)\n`);
    tun.close();
  });

  test("says which capability is missing", () => {
    const args = ["--bounding-set", "-net_admin", "--inh-caps", "-net_admin", process.execPath, opener, name];
    const other = spawnSync("setpriv", args, { encoding: "utf8" });
    expect(other.stdout).toBe(`tun_permission: interface ${name} can't be made without CAP_NET_ADMIN (EPERM)\n`);
  });

  test("says that the device file is missing", () => {
    // A mount namespace of its own with an empty directory over /dev/net.
    const script = 'mount -t tmpfs none /dev/net && exec "$@"';
    const args = ["--mount", "sh", "-c", script, "sh", process.execPath, opener, name];
    const other = spawnSync("unshare", args, { encoding: "utf8" });
    expect(other.stdout).toBe("tun_missing: /dev/net/tun can't be opened (ENOENT)\n");
  });

  test("refuses an interface of another kind and names that Linux doesn't take", () => {
    expect(() => openTun({ name: "lo", queues: 1 })).toThrow(expect.objectContaining({ code: "tun_kind" }));
    for (const bad of ["", "sixteen-letters-", "a/b", "a b", "tun%d", "..", "a:b", "tün", "-force", "a#b"]) {
      expect(() => openTun({ name: bad, queues: 1 }), bad).toThrow(expect.objectContaining({ code: "tun_name" }));
    }
  });

  test("the device tells when its interface is gone", async () => {
    const tun = openTun({ name, queues: 1 });
    const device = attachTun(tun.fds[0] ?? -1, name, tun.features);
    const buffer = device.allocate(maxUnitLength);
    const told = new Promise<number>((resolve) => {
      device.startReading({ landing: () => buffer.bytes, landed: resolve });
    });
    ip("link", "del", name);
    expect(await told).toBe(deviceDown);
    expect(device.read(buffer, 0, 100)).toBe(deviceDown);
    device.close();
    tun.close();
  });
});

test("reading goes on after a unit that the kernel refused to hand over", async () => {
  const tun = openTun({ name, queues: 1 });
  up();
  const device = attachTun(tun.fds[0] ?? -1, name, tun.features);
  const host = await bound(443);
  const buffer = device.allocate(maxUnitLength);
  const { promise, resolve } = Promise.withResolvers<void>();
  const lengths: number[] = [];
  let landings = 0;
  device.startReading({
    // No room for a virtio-net header: tun.c answers EINVAL.
    landing: () => (landings++ === 0 ? buffer.bytes.subarray(0, 4) : buffer.bytes),
    landed: (length) => {
      if (lengths.push(length) === 2) resolve();
    },
  });
  for (const text of ["refused", "taken"]) host.send(text, 9, "10.99.0.2");
  await promise;
  expect(lengths).toEqual([refused, 10 + 28 + "taken".length]);
  host.close();
  device.close();
  tun.close();
});

/** A ping and a TCP transfer of 8 MiB through whatever reflects the units of the interface. */
async function exercise(): Promise<void> {
  // The echo request comes back to the host, which answers it; its answer comes back as the reply.
  const { stdout } = await promisify(execFile)("ping", ["-c", "1", "-W", "5", "10.99.0.2"]);
  expect(stdout).toMatch(/1 received/);

  const sent = Buffer.alloc(8 * 1024 * 1024, "abcdefghijk");
  const server = createServer((socket) => void socket.end(sent));
  server.listen(8080, "10.99.0.1");
  await once(server, "listening");
  const chunks: Buffer[] = [];
  for await (const chunk of connect(8080, "10.99.0.2")) chunks.push(chunk as Buffer);
  server.close();
  expect(Buffer.concat(chunks).equals(sent)).toBe(true);
}

function expectOffload(seen: Reflected): void {
  expect(seen.faults).toEqual([]);
  expect(seen.longest).toBeGreaterThan(20_000);
}

describe("units that go through the link's form and back carry a ping and a transfer with offload", () => {
  test("on the thread that opened the interface", async () => {
    const tun = openTun({ name, queues: 1 });
    up();
    const device = attachTun(tun.fds[0] ?? -1, name, tun.features);
    const result = reflect(device);
    await exercise();
    device.close();
    tun.close();
    expectOffload(result());
  });

  test("on a worker thread", async () => {
    const tun = openTun({ name, queues: 1 });
    up();
    const { port1, port2 } = new MessageChannel();
    const workerData = { fd: tun.fds[0], name, features: tun.features, stop: port2 };
    const worker = new Worker(new URL("tun-reflector.ts", import.meta.url), { workerData, transferList: [port2] });
    await exercise();
    const ended = Promise.all([once(worker, "message") as Promise<[Reflected]>, once(worker, "exit")]);
    port1.postMessage("stop");
    const [[seen]] = await ended;
    tun.close();
    expectOffload(seen);
  });
});
