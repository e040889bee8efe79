import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { runToEnd } from "../../src/cli/demo/running.ts";
import { startTraffic } from "./harness/node.ts";
import { first, Pair, second } from "./harness/pair.ts";
import { describeNetns } from "./harness/suite.ts";

describeNetns("the server in use", () => {
  test("killed: the session and its address are on the other one at once", async () => {
    await using pair = await Pair.create();
    await pair.start();
    const before = (await pair.client.status()).inner;
    const used = await pair.current();
    const result = await pair.pinging(async () => {
      await pair.server(used).end("SIGKILL");
      await pair.client.ready();
      await delay(500);
    });
    console.log(`kill -9 of the server in use: no reply for ${result.longest_gap_ms} ms, ${result.lost} pings lost`);
    expect(await pair.current()).toBe(pair.other(used));
    expect((await pair.client.status()).inner).toEqual(before);
    expect(result.longest_gap_ms).toBeLessThan(1000);
  });

  test("drained by the client's operator: nothing is lost", async () => {
    await using pair = await Pair.create();
    await pair.start();
    const before = (await pair.client.status()).inner;
    const used = await pair.current();
    const result = await pair.pinging(async () => {
      await delay(200);
      expect(await pair.client.ctl("drain", used, "--yes")).toMatchObject({ code: 0 });
      await pair.waits(`drained=${used}`);
      await delay(200);
    });
    console.log(`drain by the client: ${result.sent} pings, ${result.lost} lost, gap ${result.longest_gap_ms} ms`);
    expect(result.lost).toBe(0);
    expect(await pair.current()).toBe(pair.other(used));
    expect((await pair.client.status()).inner).toEqual(before);
    expect(await pair.backend(used)).toMatchObject({ admin: "drain", connections: 0, breaker: "closed" });
    // And back again.
    await pair.client.ctl("ready", used, "--yes");
    await pair.client.ctl("drain", pair.other(used), "--yes");
    await pair.waits(`drained=${pair.other(used)}`);
    expect(await pair.current()).toBe(used);
  });

  test("ended by TERM, drained for less time than the retired link needs to be closed: nothing is lost", async () => {
    await using pair = await Pair.create({ server: { core: { drain_timeout: "2s" } } });
    await pair.start();
    const used = await pair.current();
    let took = 0;
    const result = await pair.pinging(async () => {
      await delay(200);
      const begun = performance.now();
      expect(await pair.server(used).end("SIGTERM")).toEqual({ code: 0, signal: null });
      took = performance.now() - begun;
      await delay(200);
    });
    console.log(`TERM of the server in use: it ended after ${Math.round(took)} ms`);
    console.log(
      `TERM of the server in use: ${result.sent} pings, ${result.lost} lost, gap ${result.longest_gap_ms} ms`,
    );
    expect(took).toBeLessThan(4000);
    expect(result.lost).toBe(0);
    expect(await pair.current()).toBe(pair.other(used));
    expect(await pair.backend(used)).toMatchObject({ operational: "stopping", breaker: "closed" });
    expect((await pair.events()).filter(({ code }) => code === "link_down")).toEqual([]);
  });

  test("restarted, then the other one at once: nothing is lost", async () => {
    await using pair = await Pair.create({ server: { core: { drain_timeout: "5s" } } });
    await pair.start();
    const result = await pair.pinging(async () => {
      await delay(200);
      for (let time = 0; time < 2; time++) {
        const server = pair.server(await pair.current());
        expect(await server.end("SIGTERM")).toEqual({ code: 0, signal: null });
        server.start();
        await server.ready();
      }
      await delay(200);
    });
    console.log(
      `both servers restarted in turn: ${result.sent} pings, ${result.lost} lost, gap ${result.longest_gap_ms} ms`,
    );
    expect(result.lost).toBe(0);
    expect((await pair.events()).filter(({ code }) => code === "link_down")).toEqual([]);
  });

  test("drained with nowhere to go: the client stays, and leaves when there is", async () => {
    await using pair = await Pair.create();
    pair.server(first).start();
    await pair.server(first).ready();
    pair.client.start();
    await pair.client.ready();
    await pair.client.ctl("maint", second, "--yes");
    expect(await pair.client.ctl("drain", first, "--yes")).toMatchObject({
      code: 6,
      stderr: expect.stringMatching(/last healthy.*--accept-risk/),
    });
    expect(await pair.client.ctl("drain", first, "--yes", "--accept-risk")).toMatchObject({ code: 0 });
    await delay(1000);
    expect(await pair.current()).toBe(first);
    pair.server(second).start();
    await pair.server(second).ready();
    await pair.client.ctl("ready", second, "--yes");
    await pair.waits(`drained=${first}`);
    expect(await pair.current()).toBe(second);
  });
});

describeNetns("breakers", () => {
  test("reset-breaker without a name takes the only one that is open, and asks when there are two", async () => {
    await using pair = await Pair.create();
    await pair.start();
    const { client } = pair;
    const unused = pair.other(await pair.current());
    expect(await client.ctl("open-breaker", unused, "--yes")).toMatchObject({ code: 0 });
    expect((await pair.breaker(unused)).state).toBe("forced-open");
    expect((await client.ctl("health")).stdout).toContain(`breaker of ${unused} is forced-open`);
    expect(await client.ctl("reset-breaker")).toMatchObject({ code: 0 });
    expect((await pair.breaker(unused)).state).toBe("closed");
    for (const name of [first, second]) await client.ctl("open-breaker", name, "--yes", "--accept-risk");
    const asked = await client.ctl("reset-breaker");
    expect(asked.code).toBe(2);
    expect(asked.stderr).toContain(first);
    expect(asked.stderr).toContain(second);
    expect((await pair.breaker(first)).state).toBe("forced-open");
    expect((await client.connections()).map(({ limited_by }) => limited_by)).toContain("breaker");
    expect(await client.ctl("reset-breaker", "--all")).toMatchObject({ code: 0 });
    for (const name of [first, second]) expect((await pair.breaker(name)).state).toBe("closed");
    // Rules that are reloaded count at once.
    for (const [mode, state] of [
      ["observe", "observe"],
      ["enforce", "closed"],
    ]) {
      await client.reconfigure({ circuit_breaker: { mode } });
      expect(await client.ctl("reload", "--yes")).toMatchObject({ code: 0 });
      expect((await pair.breaker(unused)).state).toBe(state);
    }
    // Nothing of that ended the session.
    expect((await pair.events()).filter(({ code }) => code === "link_down")).toEqual([]);
  });

  test("of a dead server opens after three attempts and heals on an idle tunnel, which then goes back", async () => {
    await using pair = await Pair.create({ priorities: [0, 1] });
    pair.server(second).start();
    await pair.server(second).ready();
    pair.client.start();
    await pair.client.ready();
    expect(await pair.current()).toBe(second);
    await pair.client.process.line(/breaker of edge-01: closed to open \(consecutive_failures\)/);
    expect(await pair.breaker(first)).toMatchObject({ calls: 3, failure_rate: 100 });
    expect(await pair.backend(first)).toMatchObject({ operational: "down", last_error: "connection_refused" });
    pair.server(first).start();
    await pair.server(first).ready();
    const begun = performance.now();
    await pair.waits(`up=${first}`, 60);
    await pair.waits(`breaker-closed=${first}`, 60);
    console.log(
      `a dead server that is back is up with its breaker closed after ${Math.round(performance.now() - begun)} ms`,
    );
    // After the slow start of half a minute.
    await expect.poll(() => pair.current(), { timeout: 60_000, interval: 500 }).toBe(first);
  });

  test("of a lone server that is gone for 8 s lets it be used within 6 s of its return", async () => {
    await using pair = await Pair.create();
    await pair.client.reconfigure({ tunnel: { endpoints: [{ name: first, address: "198.18.1.1:8443" }] } });
    const server = pair.server(first);
    server.start();
    await server.ready();
    pair.client.start();
    await pair.client.ready();
    await server.end("SIGKILL");
    await delay(8000);
    server.start();
    await server.ready();
    const begun = performance.now();
    await pair.client.ready();
    const took = performance.now() - begun;
    console.log(`a lone server is used ${Math.round(took)} ms after its return`);
    expect(took).toBeLessThan(6000);
  });

  test("stay closed while there is no route, and the servers are used once there is one", async () => {
    await using pair = await Pair.create();
    const wires = async (state: "down" | "up"): Promise<void> => {
      for (const wire of ["outer", "outer2"]) await pair.client.namespace.ip("link", "set", wire, state);
    };
    await wires("down");
    for (const server of pair.servers.values()) server.start();
    for (const server of pair.servers.values()) await server.ready();
    pair.client.start();
    await pair.client.process.line(/(?:connect_failed(?:.|\n)*){6}/);
    expect((await pair.events()).filter(({ facts }) => facts["reason"] === "no_route").length).toBeGreaterThan(4);
    for (const name of [first, second])
      expect(await pair.breaker(name)).toMatchObject({ state: "closed", failure_rate: 0, last_cause: null });
    await wires("up");
    const begun = performance.now();
    await pair.client.ready();
    console.log(`a server is used ${Math.round(performance.now() - begun)} ms after there was a route`);
  });

  test("stay closed when the client runs out of descriptors", async () => {
    await using pair = await Pair.create();
    await pair.start();
    const used = await pair.current();
    const { pid } = pair.client.process;
    const limit = async (...args: string[]): Promise<string> =>
      (await runToEnd(["prlimit", "--pid", String(pid), ...args])).trim();
    const before = await limit("--nofile", "--noheadings", "--output=SOFT");
    await limit("--nofile=1:");
    await pair.server(used).end("SIGKILL");
    await pair.client.process.line(/EMFILE/);
    await delay(2000);
    await limit(`--nofile=${before}:`);
    await pair.client.ready();
    expect(await pair.breaker(pair.other(used))).toMatchObject({ state: "closed", failure_rate: 0, last_cause: null });
    // The one that was killed may have failed by itself.
    expect(pair.client.log()).not.toContain(`breaker of ${pair.other(used)}: closed to open`);
    expect(await pair.current()).toBe(pair.other(used));
  });

  test("of a server with another's certificate opens at once, by policy", async () => {
    await using pair = await Pair.create({ priorities: [0, 1] });
    const { cert, key, ca } = await pair.lab.authority.issue("server", "edge-77");
    const { namespace } = pair.server(first);
    pair.lab.use(await startTraffic(namespace, "rogue-server", "0.0.0.0", 8443, cert, key, ca));
    pair.server(second).start();
    await pair.server(second).ready();
    pair.client.start();
    await pair.client.ready();
    expect(await pair.current()).toBe(second);
    expect(await pair.breaker(first)).toMatchObject({ last_cause: "policy" });
    expect(await pair.backend(first)).toMatchObject({ last_error: "identity_mismatch" });
    expect((await pair.backend(first)).operational).not.toBe("up");
  });

  test("of a server that accepts and is silent counts a failure after the timeout, and it is never up", async () => {
    await using pair = await Pair.create({
      priorities: [0, 1],
      client: { performance: { connection_timeout: "1s" }, health: { timeout: "1s", interval: "1s" } },
    });
    pair.lab.use(await startTraffic(pair.server(first).namespace, "silent-server", "0.0.0.0", 8443));
    pair.server(second).start();
    await pair.server(second).ready();
    pair.client.start();
    await pair.client.ready();
    expect(await pair.current()).toBe(second);
    await pair.client.process.line(/breaker of edge-01: closed to open/);
    expect(await pair.backend(first)).toMatchObject({ operational: "down", last_error: "timeout" });
    const { calls, failure_rate } = await pair.breaker(first);
    console.log(`accepts and is silent: ${calls} calls, ${failure_rate} % failed, each after 1 s; never up`);
    expect(pair.client.log()).not.toMatch(/edge-01: \w+ to up/);
  });
});

describeNetns("a server's own drain", () => {
  test("refuses new sessions until it is made ready again", async () => {
    await using pair = await Pair.create();
    await pair.start();
    const used = await pair.current();
    const server = pair.server(used);
    expect(await server.ctl("drain", "--yes")).toMatchObject({ code: 0 });
    expect((await server.status()).state).toBe("draining");
    await pair.client.process.line(new RegExp(`linked to ${pair.other(used)} as`));
    expect(await server.ctl("wait", "--for", "drained", "--timeout", "20s")).toMatchObject({ code: 0 });
    // Its only alternative is gone: it asks here, and is refused.
    await pair.server(pair.other(used)).end("SIGKILL");
    await pair.client.process.line(/peer_stopping/);
    expect((await pair.client.status()).state).toBe("degraded");
    expect(await server.ctl("ready", "--yes")).toMatchObject({ code: 0 });
    expect((await server.events()).map(({ code }) => code)).toContain("drain_ended");
    await pair.client.ready();
    expect(await pair.current()).toBe(used);
    expect((await server.status()).state).toBe("ready");
  });

  test("by TERM takes core.drain_timeout at most, and ends at once when it is asked again", async () => {
    await using pair = await Pair.create({ server: { core: { drain_timeout: "4s" } } });
    await pair.client.reconfigure({ tunnel: { endpoints: [{ name: first, address: "198.18.1.1:8443" }] } });
    const server = pair.server(first);
    for (const again of [false, true]) {
      server.start();
      await server.ready();
      if (!again) pair.client.start();
      await pair.client.ready();
      const begun = performance.now();
      const ended = server.end("SIGTERM");
      await server.process.line(/clients are asked to move/);
      expect((await server.status()).state).toBe("draining");
      if (again) server.process.signal("SIGTERM");
      expect(await ended).toEqual({ code: 0, signal: null });
      const took = performance.now() - begun;
      console.log(`TERM${again ? " twice" : ""} with a client that can't move: ended after ${Math.round(took)} ms`);
      if (again) expect(took).toBeLessThan(3000);
      else expect(took).toBeGreaterThan(3900);
      expect(took).toBeLessThan(7000);
    }
  });
});
