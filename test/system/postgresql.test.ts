import { chown, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Lab } from "../../src/cli/demo/lab.ts";
import type { Namespace } from "../../src/cli/demo/namespace.ts";
import type { Service } from "../../src/shared/control/snapshot.ts";
import { describeNetns, prefix } from "../netns/harness/suite.ts";

const db = {
  name: "db",
  listen: "10.8.0.1:5432",
  // One PostgreSQL on two addresses, so that both have the same tables.
  endpoints: [
    { name: "a", address: "127.0.0.1:5432" },
    { name: "b", address: "127.0.0.2:5432" },
  ],
};

const resources = new AsyncDisposableStack();
let lab: Lab;
let client: Namespace;
let programs: string;

/** PostgreSQL runs as a user of its own only. */
function asPostgres(...argv: string[]): string[] {
  return ["runuser", "-u", "postgres", "--", ...argv];
}

async function startPostgres(namespace: Namespace): Promise<void> {
  const [version = ""] = await readdir("/usr/lib/postgresql");
  programs = `/usr/lib/postgresql/${version}/bin`;
  const directory = await mkdtemp(path.join(tmpdir(), `${prefix}-postgres-`));
  resources.defer(async () => await rm(directory, { recursive: true }));
  const id = Number(await namespace.run("id", "-u", "postgres"));
  await chown(directory, id, id);
  const data = path.join(directory, "data");
  await namespace.run(...asPostgres(`${programs}/initdb`, "-N", "-A", "trust", "-D", data));
  const options = ["-D", data, "-k", directory, "-c", "fsync=off", "-c", "listen_addresses=127.0.0.1,127.0.0.2"];
  const server = lab.use(namespace.start("postgres", asPostgres(`${programs}/postgres`, ...options)));
  await server.complaint(/ready to accept connections/);
}

async function published(): Promise<Service> {
  const { stdout } = await lab.server.ctl("--json", "services");
  const [service] = (JSON.parse(stdout) as { services: Service[] }).services;
  return service ?? expect.fail(stdout);
}

async function pgbench(...options: string[]): Promise<string> {
  return await client.run(`${programs}/pgbench`, "-h", lab.inner, "-U", "postgres", ...options, "postgres");
}

describeNetns("PostgreSQL through a published service", () => {
  beforeAll(async () => {
    lab = await Lab.create(prefix, { services: [db] });
    const daemon = await lab.client("laptop-ann");
    client = daemon.namespace;
    await startPostgres(lab.server.namespace);
    await lab.start(daemon);
    const { code } = await lab.server.ctl("wait", "--for", "up=db/b", "--timeout", "20s");
    expect(code).toBe(0);
  });

  afterAll(async () => {
    await lab?.[Symbol.asyncDispose]();
    await resources.disposeAsync();
  });

  test("pgbench makes its tables and runs, with lasting and with new connections; none fails", async () => {
    await pgbench("-i", "-q");
    const lasting = await pgbench("-c", "8", "-j", "2", "-t", "40");
    const fresh = await pgbench("-c", "4", "-S", "-C", "-t", "50");
    for (const output of [lasting, fresh]) {
      console.log(output);
      expect(output).toMatch(/number of failed transactions: 0 /);
    }
    expect(lasting).toContain("number of transactions actually processed: 320/320");
    expect(fresh).toContain("number of transactions actually processed: 200/200");
    // The counters come with the data thread's next report.
    await expect.poll(async () => (await published()).accepted, { timeout: 10_000 }).toBeGreaterThan(200);
    expect(await published()).toMatchObject({ refused: 0, retried: 0, failed: 0, endpoints_up: 2 });
  });

  test("a session that says nothing for a while goes on", async () => {
    const script = ["-c", "create temp table kept as select 42 as x", "-c", "\\! sleep 2", "-c", "select x from kept"];
    const output = await client.run(
      `${programs}/psql`,
      "-h",
      lab.inner,
      "-U",
      "postgres",
      "-Atq",
      ...script,
      "postgres",
    );
    expect(output.trim()).toBe("42");
  });
});
