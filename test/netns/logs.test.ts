import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { programPath } from "../../src/cli/demo/authority.ts";
import { Lab } from "../../src/cli/demo/lab.ts";
import { ping } from "./harness/node.ts";
import { get, sampleOf } from "./harness/scrape.ts";
import { describeNetns, prefix } from "./harness/suite.ts";

interface Written {
  level: number;
  code: string;
  [fact: string]: unknown;
}

const patience = { timeout: 20_000, interval: 200 };

function linesOf(text: string): Written[] {
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Written);
}

describeNetns("logs of a real daemon", () => {
  test("survive logrotate without a lost line, and change their level live", async () => {
    await using lab = await Lab.create(prefix);
    const file = path.join(lab.directory, "server.log");
    await lab.server.reconfigure({ monitoring: { logging: { output: file } } });
    const client = await lab.client("laptop-ann");
    await lab.start(client);

    // What logrotate does with `create`, and with no postrotate.
    await rename(file, `${file}.1`);
    await writeFile(file, "", { mode: 0o640 });
    await expect
      .poll(async () => {
        await lab.server.ctl("log-level", "debug", "--yes");
        return linesOf(await readFile(file, "utf8")).length;
      }, patience)
      .toBeGreaterThan(0);
    // With a signal it is at once, and the level is the file's again.
    await rename(file, `${file}.2`);
    await lab.server.reconfigure({ monitoring: { logging: { output: file, level: "warn" } } });
    lab.server.process.signal("SIGHUP");
    await expect.poll(() => existsSync(file), patience).toBe(true);
    await expect.poll(async () => (await lab.server.status()).last_reload?.trigger, patience).toBe("signal");

    const files = [`${file}.1`, `${file}.2`, file];
    const written = (await Promise.all(files.map((name) => readFile(name, "utf8")))).flatMap(linesOf);
    const kept = JSON.parse((await lab.server.ctl("logs", "--json")).stdout) as { lines: Written[] };
    expect(kept.lines.map(({ code }) => code)).toEqual(written.map(({ code }) => code));
    const events = await lab.server.events();
    const logged = written.flatMap(({ seq }) => (typeof seq === "number" ? [seq] : []));
    expect(logged).toEqual(events.map(({ seq }) => seq).slice(0, logged.length));
    expect(written.map(({ code }) => code)).toEqual(expect.arrayContaining(["started", "link_up", "log_level"]));
    expect(await lab.server.status()).toMatchObject({ log_level: "warn", log_lines_lost: 0 });
  });

  test("that can't be written don't stop traffic, and are counted", async () => {
    await using lab = await Lab.create(prefix, {
      monitoring: { logging: { output: "/dev/full" }, prometheus: { port: 9090 } },
    });
    const client = await lab.client("laptop-ann");
    await lab.start(client);
    expect(await ping(client.namespace, lab.inner)).toMatchObject({ received: 5 });
    await expect
      .poll(async () => (await lab.server.status()).alerts.map(({ code }) => code), patience)
      .toContain("log_lost");
    const { log_lines_lost: lost } = await lab.server.status();
    expect(lost).toBeGreaterThan(1);
    const { text } = await get(lab.server.namespace, "/metrics");
    expect(sampleOf(text, "sssonector_log_lines_lost_total")).toBeGreaterThanOrEqual(lost);
    expect((await lab.server.ctl("logs")).stdout).toContain("link_up: laptop-ann opened a session");
  });

  test("have security events with stable codes, and a peer can't fill them", async () => {
    await using lab = await Lab.create(prefix);
    const stranger = await lab.wire("stranger");
    const tokens = path.join(lab.directory, "tokens");
    const token = randomBytes(32).toString("hex");
    await writeFile(tokens, `viewer ${token}\n`, { mode: 0o600 });
    const own = `${tokens}.own`;
    await writeFile(own, token, { mode: 0o600 });
    await lab.server.reconfigure({
      control: { socket: lab.server.socket, tcp: { listen: "127.0.0.1:7433", token_file: tokens } },
    });
    await lab.start();
    const [host = "", port = ""] = stranger.endpoint.split(":");
    const knock = `
      import { connect } from "node:net";
      for (let n = 0; n < 60; n++) {
        const socket = connect(${port}, "${host}");
        socket.on("error", () => undefined).resume().end(n % 2 === 0 ? "GET / HTTP/1.1\\r\\n\\r\\n" : "\\u0000\\u0001hello\\r\\n");
        await new Promise((resolve) => socket.on("close", resolve));
      }`;
    await stranger.namespace.run(process.execPath, "--input-type=module", "-e", knock);
    const refused = (await lab.server.events()).filter(({ code }) => code === "handshake_refused");
    expect(new Set(refused.map(({ facts }) => facts["reason"]))).toEqual(new Set(["http_request", "not_tls"]));
    expect(refused.length).toBeLessThanOrEqual(30);

    const argv = [programPath("sssonector"), "ctl", "--url", "ws://127.0.0.1:7433", "--token-file", own];
    const stop = lab.use(lab.server.namespace.start("viewer", [...argv, "stop", "--yes"]));
    expect(await stop.exited).toMatchObject({ code: 5 });
    const denied = (await lab.server.events()).filter(({ code }) => code === "role_refused");
    expect(denied).toMatchObject([{ severity: "warning", facts: { action: "stop" } }]);
    const counted = Object.values((await lab.server.status()).refused).reduce((sum, count) => sum + count, 0);
    expect(counted).toBeGreaterThanOrEqual(50);
  });
});
