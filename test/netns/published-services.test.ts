import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DaemonProcess } from "../../src/cli/demo/daemon-process.ts";
import { Lab } from "../../src/cli/demo/lab.ts";
import type { Running } from "../../src/cli/demo/running.ts";
import type { Backend, Service } from "../../src/shared/control/snapshot.ts";
import { findings, startTraffic, traffic } from "./harness/node.ts";
import { describeNetns, prefix } from "./harness/suite.ts";

interface Load {
  ok: number;
  failed: Record<string, number>;
  answers: Record<string, number>;
  longest_ms: number;
}

interface Probe {
  got: string;
  ended: boolean;
  error: string;
}

const probe = fileURLToPath(new URL("./harness/traffic/tcp-probe.ts", import.meta.url));

const web = {
  name: "web",
  listen: "10.8.0.1:80",
  connect_timeout: "1s",
  endpoints: [1, 2, 3].map((n) => ({ name: `w${n}`, address: `127.0.0.${n}:8001` })),
  health: { type: "http", path: "/health" },
};
const echo = {
  name: "echo",
  listen: "10.8.0.1:7",
  warm_connections: 2,
  endpoints: [{ name: "e1", address: "127.0.0.1:7007" }],
};

describeNetns("published services", () => {
  let lab: Lab;
  let server: DaemonProcess;
  let client: DaemonProcess;
  let killed: Running;
  let echoing: Running;

  const endpoint = async (n: number, latency = 0, backlog = 1024): Promise<Running> => {
    const args = [`127.0.0.${n}`, 8001, `w${n}`, latency, backlog];
    return lab.use(await startTraffic(lab.server.namespace, "http-endpoint", ...args));
  };

  beforeAll(async () => {
    lab = await Lab.create(prefix, { health: { interval: "500ms", timeout: "500ms" }, services: [web, echo] });
    server = lab.server;
    client = await lab.client("laptop-ann");
    // It answers late enough to have requests when it is killed.
    killed = await endpoint(1, 30);
    await endpoint(2, 100);
    await endpoint(3);
    echoing = lab.use(await startTraffic(server.namespace, "tcp-echo", "127.0.0.1", 7007, "e1"));
    await lab.start(client);
    for (const name of ["web/w1", "web/w2", "web/w3", "echo/e1"]) await waits(`up=${name}`);
  });

  afterAll(async () => await lab?.[Symbol.asyncDispose]());

  const seen = new Set<string>();
  /** The id of the next connection to a backend, once it is there. */
  async function shown(name: string): Promise<string> {
    for (;;) {
      const found = (await server.connections()).find(
        ({ id, backend: on, state }) => on === name && state === "active" && !seen.has(id),
      );
      if (found !== undefined) {
        seen.add(found.id);
        return found.id;
      }
      await delay(50);
    }
  }

  async function waitsForWarm(): Promise<void> {
    while ((await service("echo")).warm !== echo.warm_connections) await delay(50);
  }

  async function waits(condition: string): Promise<void> {
    const { code, stderr } = await server.ctl("wait", "--for", condition, "--timeout", "20s");
    if (code !== 0) throw new Error(`${stderr}\n${server.log()}`);
  }

  async function json<T>(verb: string): Promise<T> {
    const { stdout, stderr } = await server.ctl("--json", verb);
    if (stdout === "") throw new Error(stderr);
    return JSON.parse(stdout) as T;
  }

  const service = async (name: string): Promise<Service> => {
    const found = (await json<{ services: Service[] }>("services")).services.find((row) => row.name === name);
    return found ?? expect.fail(name);
  };
  const backend = async (name: string): Promise<Backend> => {
    const found = (await json<{ backends: Backend[] }>("backends")).backends.find((row) => row.name === name);
    return found ?? expect.fail(name);
  };

  async function goesDown(name: string): Promise<void> {
    while ((await backend(name)).operational !== "down") await delay(50);
  }

  test("three endpoints under 200 connections: one slow, one killed, one that takes none, one drained", async () => {
    const load = await startTraffic(client.namespace, "http-load", lab.inner, 80, 200);
    await delay(1000);
    await killed.end("SIGKILL");
    await goesDown("web/w1");
    const again = await endpoint(1, 0, 8);
    await waits("up=web/w1");
    const atKill = await service("web");
    // It takes no connection: its backlog is full at once, and connects to it time out.
    again.signal("SIGSTOP");
    await goesDown("web/w1");
    again.signal("SIGCONT");
    expect(await server.ctl("drain", "web/w3", "--yes")).toMatchObject({ code: 0 });
    await waits("drained=web/w3");
    await server.ctl("ready", "web/w3", "--yes");
    const result = await findings<Load>(load);
    while ((await service("web")).connections > 0) await delay(50);
    const row = await service("web");
    console.log(`200 connections: ${JSON.stringify(result)}\n${JSON.stringify(row)}`);
    const { ECONNRESET: resets = 0, NO_ANSWER: closes = 0, ...others } = result.failed;
    // What was on the killed endpoint can't be saved: its kernel resets or, where it had read all, closes.
    expect(others).toEqual({});
    expect(resets + closes).toBeLessThanOrEqual(200);
    // Nothing else is lost, and what is lost is counted.
    expect(atKill.failed).toBe(resets);
    expect(row).toMatchObject({ failed: resets, refused: 0, accepted: result.ok + resets + closes });
  });

  test("half-close, greeting, reset and idle connections, as without a proxy", async () => {
    await waitsForWarm();
    const half = await traffic<Probe>(client.namespace, "tcp-probe", lab.inner, 7, "half-close");
    expect(half).toEqual({ got: "e1 ready\nquestion\n", ended: true, error: "" });
    await traffic(client.namespace, "tcp-probe", lab.inner, 7, "reset");
    await echoing.line(/^ECONNRESET$/m);
    const idle = client.namespace.start("idle", [process.execPath, probe, lab.inner, "7", "idle", "3"]);
    const id = await shown("echo/e1");
    expect((await server.connections()).find((row) => row.id === id)).toMatchObject({
      kind: "service",
      identity: "laptop-ann",
      backend: "echo/e1",
      inner: (await client.status()).inner.slice(0, 1),
    });
    // Services come, change and go without touching it.
    await server.reconfigure({ services: [{ ...echo, endpoints: [...echo.endpoints, { address: "127.0.0.9:7" }] }] });
    expect(await server.ctl("reload", "--yes")).toMatchObject({ code: 0 });
    const names = (await json<{ services: Service[] }>("services")).services.map((row) => row.name);
    expect(names).toEqual(["echo"]);
    expect(await backend("echo/127.0.0.9:7")).toMatchObject({ address: "127.0.0.9:7" });
    await idle.endsSoon();
    expect(JSON.parse(idle.stdout)).toEqual({ got: "e1 ready\nquestion\nlater\n", ended: true, error: "" });
  });

  test("with as many connections as it may have, the next one waits for a place", async () => {
    await server.reconfigure({ services: [{ ...echo, max_connections: 2 }] });
    expect(await server.ctl("reload", "--yes")).toMatchObject({ code: 0 });
    const idle = [1, 2].map(() =>
      client.namespace.start("idle", [process.execPath, probe, lab.inner, "7", "idle", "60"]),
    );
    while ((await service("echo")).connections < 2) await delay(50);
    const next = client.namespace.start("next", [process.execPath, probe, lab.inner, "7", "half-close"]);
    while ((await service("echo")).waiting === 0) await delay(50);
    expect(next.stdout).toBe("");
    await idle[0]?.end("SIGKILL");
    await next.endsSoon();
    expect(JSON.parse(next.stdout)).toEqual({ got: "e1 ready\nquestion\n", ended: true, error: "" });
    await idle[1]?.end("SIGKILL");
    while ((await service("echo")).connections > 0) await delay(50);
  });

  test("whoever does not read is read from no longer, and nothing is lost of what it said", async () => {
    const said = 256 * 1024 * 1024;
    const before = (await service("echo")).rx_bytes;
    const found = await traffic<{ taken: number; echoed: number }>(client.namespace, "tcp-deaf", lab.inner, 7, said);
    console.log(`of ${said} bytes ${found.taken} were taken from a client that did not read`);
    expect(found.taken).toBeLessThan(said / 2);
    expect(found.echoed).toBe(said + "e1 ready\n".length);
    await expect.poll(async () => (await service("echo")).rx_bytes - before, { timeout: 10_000 }).toBe(said);
  });

  test("an operator kicks a connection, and takes an endpoint into maintenance", async () => {
    // What the test before left is still listed for a moment.
    await expect.poll(async () => (await service("echo")).connections, { timeout: 10_000 }).toBe(0);
    for (const act of ["kick", "maint"] as const) {
      const idle = client.namespace.start("idle", [process.execPath, probe, lab.inner, "7", "idle", "30"]);
      const id = await shown("echo/e1");
      const target = act === "kick" ? id : "echo/e1";
      expect(await server.ctl(act, target, "--yes", ...(act === "maint" ? ["--accept-risk"] : []))).toMatchObject({
        code: 0,
      });
      await idle.endsSoon();
      expect(JSON.parse(idle.stdout)).toMatchObject({ error: "ECONNRESET" });
    }
    // Nobody is left who could take one.
    const refused = await traffic<Probe>(client.namespace, "tcp-probe", lab.inner, 7, "half-close");
    expect(refused.error).toBe("ECONNRESET");
    while ((await service("echo")).refused === 0) await delay(50);
  });

  test("a stop ends with connections open", async () => {
    expect(await server.ctl("ready", "echo/e1", "--yes")).toMatchObject({ code: 0 });
    const idle = client.namespace.start("idle", [process.execPath, probe, lab.inner, "7", "idle", "30"]);
    await shown("echo/e1");
    expect(await server.end("SIGTERM")).toEqual({ code: 0, signal: null });
    await idle.end("SIGTERM");
  });
});
