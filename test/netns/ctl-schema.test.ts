import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { answers } from "../../scripts/docs/ctl-schema/answers.ts";
import { programPath } from "../../src/cli/demo/authority.ts";
import type { DaemonProcess } from "../../src/cli/demo/daemon-process.ts";
import { Lab } from "../../src/cli/demo/lab.ts";
import { Running } from "../../src/cli/demo/running.ts";
import { readVerbs } from "../../src/cli/ctl/read-verbs.ts";
import { ping } from "./harness/node.ts";
import { describeNetns, prefix } from "./harness/suite.ts";

const published = new URL("../../docs/ctl.schema.json", import.meta.url);
const document = JSON.parse(await readFile(published, "utf8")) as z.core.JSONSchema.BaseSchema;
const reading = readVerbs.map(({ name }) => name);
/** With --watch these print one row a line. */
const rowOf: Readonly<Record<string, string>> = { events: "event", logs: "log_line" };

const web = {
  name: "web",
  listen: "10.8.0.1:80",
  endpoints: [{ name: "w1", address: "127.0.0.1:8001" }],
};

/** Holds a line to what is published under that name, and to what we print ourselves: not a field more. */
function conform(name: string, line: string): void {
  const answer: unknown = JSON.parse(line);
  const { error } = z.fromJSONSchema({ ...document, $ref: `#/$defs/${name}` }).safeParse(answer);
  expect(error, `${name}: ${line}`).toBeUndefined();
  const strict = answers[(name in answers ? name : "outcome") as keyof typeof answers].safeParse(answer);
  expect(strict.error, `${name}: ${line}`).toBeUndefined();
}

async function answer(daemon: DaemonProcess, name: string, ...argv: string[]): Promise<void> {
  const { code, stdout, stderr } = await daemon.ctl(...argv, "--json");
  // health tells by it how the daemon is: the service's endpoint does not run.
  if (name !== "health") expect({ argv, code, stderr }).toMatchObject({ code: 0 });
  expect(stdout.trimEnd().split("\n")).toHaveLength(1);
  conform(name, stdout);
}

/** Names of the tables of the server's snapshot that have no row. */
async function emptyTables(server: DaemonProcess): Promise<string[]> {
  const { stdout } = await server.ctl("snapshot", "--json");
  const snapshot = JSON.parse(stdout) as z.output<typeof answers.snapshot>;
  const { connections, sessions, backends, services, buckets, breakers, events, history, status, top } = snapshot;
  const said = [...status.alerts, ...top.identities];
  const rows = { connections, sessions, backends, services, buckets, breakers, events, history, said };
  return Object.entries(rows).flatMap(([name, list]) => (list.length === 0 ? [name] : []));
}

describeNetns("the published schema of ctl's JSON", () => {
  let lab: Lab;
  let server: DaemonProcess;
  let client: DaemonProcess;

  beforeAll(async () => {
    lab = await Lab.create(prefix, { rate_limit: { base_rate: "100mbit" }, services: [web] });
    server = lab.server;
    client = await lab.client("laptop-ann");
    await lab.start(client);
    await ping(client.namespace, lab.inner);
  });

  afterAll(async () => await lab?.[Symbol.asyncDispose]());

  async function watched(verb: string): Promise<void> {
    const options = ["--socket", client.socket, verb, "--json", "--watch", "--interval", "100ms"];
    await using running = new Running("ctl", [programPath("sssonector"), "ctl", ...options]);
    await running.line(/\n.*\n/);
    for (const line of running.stdout.split("\n").slice(0, 2)) conform(rowOf[verb] ?? verb, line);
  }

  test("rows are there to be held to it", async () => {
    // Some come with the monitor's second look.
    await expect.poll(async () => await emptyTables(server), { timeout: 10_000 }).toEqual([]);
  });

  // All at once, since each is a process that takes its time to start.
  test("every read verb with --json, on the server", async () => {
    await Promise.all(reading.map(async (verb) => await answer(server, verb, verb)));
  });

  test("every read verb with --json and --watch, on the client", async () => {
    await Promise.all(reading.map(watched));
  });

  test("actions, wait, version, capture and record", async () => {
    await answer(server, "revoke", "revoke", "laptop-bob", "--dry-run");
    await answer(server, "set-rate", "set-rate", "global/up", "1gbit", "--for", "1m");
    await answer(server, "reset-breaker", "reset-breaker");
    await answer(client, "set-weight", "set-weight", "edge-01", "50", "--dry-run");
    await answer(client, "wait", "wait", "--for", "up=edge-01");
    await answer(client, "wait", "wait", "--for", "breaker-closed=edge-01");
    await answer(client, "version", "version");
    const file = path.join(lab.directory, "written");
    await answer(client, "capture", "capture", "-w", file, "--for", "100ms");
    await answer(client, "record", "record", file, "--for", "100ms");
  });
});
