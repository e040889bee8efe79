/**
 * What a second data thread serves: `npm run bench:workers -- [--rounds 5] [--seconds 4] [--no-write]`.
 * New connections, as many as the server takes: ClientHellos that it answers, whole handshakes of mutual TLS, and sessions
 * up to WELCOME. One and two workers in turn, each on a fresh server. The generator is load/connects.c with a TLS client of
 * its own: one in JavaScript, or one that uses OpenSSL's client, takes as much of the processors as the server.
 * Writes bench/results/DATE-workers.json.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Lab } from "../src/cli/demo/lab.ts";
import { missingRequirement } from "../src/cli/demo/requirements.ts";
import { median } from "./figures.ts";
import { hello } from "./load/link-client.ts";
import { saveResult } from "./results.ts";
import { usage } from "./usage.ts";
import type { Connects, WorkersResult, WorkersRound } from "./workers-result.ts";

/** Certificates that the connections share in turn. */
const identities = 32;
const atOnce = 64;

async function measure(program: string, workers: number, seconds: number): Promise<WorkersRound> {
  const source = { pending: 1000, rate: 100_000, burst: 100_000 };
  await using lab = await Lab.create("ssswork", {
    core: { mode: "server", name: "edge-01", drain_timeout: "0s", workers },
    limits: { handshakes_pending: 256, per_source: source },
  });
  for (let index = 0; index < identities; index++) await lab.authority.issue("client", `load-${index}`);
  const { namespace, endpoint } = await lab.wire("load");
  lab.server.start();
  await lab.server.ready();
  const [host = "", port = ""] = endpoint.split(":");
  const run = async (what: string): Promise<Connects> => {
    const args = [host, port, lab.authority.directory, String(identities), String(seconds), String(atOnce), what];
    const { pid } = lab.server.process;
    const before = usage(pid).cpu_s;
    await using running = namespace.start("connects", [program, ...args]);
    await running.exited;
    if (running.stdout === "") throw new Error(`bench: the generator failed: ${running.stderr}`);
    const { done, failed, cpu_ms } = JSON.parse(running.stdout) as { done: number; failed: number; cpu_ms: number };
    if (failed > done / 100) throw new Error(`bench: ${failed} ${what} failed, ${done} did not`);
    const cpu_ms_each = round(((usage(pid).cpu_s - before) * 1000) / done);
    return {
      per_second: Math.round(done / seconds),
      failed,
      server_cpu_ms_each: cpu_ms_each,
      generator_cpu_ms_each: round(cpu_ms / done),
    };
  };
  // What is compiled at the first calls is not what is measured.
  await run(hello.toString("hex"));
  return {
    answers: await run("answers"),
    handshakes: await run("handshakes"),
    sessions: await run(hello.toString("hex")),
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "4" },
    "no-write": { type: "boolean", default: false },
  },
});
const problem = await missingRequirement();
if (problem !== undefined) throw new Error(`bench: ${problem}`);
const directory = mkdtempSync(path.join(tmpdir(), "connects-"));
try {
  const program = path.join(directory, "connects");
  const sources = ["connects.c", "tls-client.c"].map((name) => fileURLToPath(new URL(`load/${name}`, import.meta.url)));
  execFileSync("cc", ["-O2", "-Wall", "-o", program, ...sources, "-lcrypto"], { stdio: "inherit" });
  const rounds: WorkersResult["rounds"] = [];
  for (let at = 0; at < Number(values.rounds); at += 1) {
    const first = await measure(program, at % 2 === 0 ? 1 : 2, Number(values.seconds));
    const second = await measure(program, at % 2 === 0 ? 2 : 1, Number(values.seconds));
    const [one, two] = at % 2 === 0 ? [first, second] : [second, first];
    console.log(JSON.stringify({ one, two }));
    rounds.push({ one, two });
  }
  const ratio = (of: keyof WorkersRound): number =>
    round(median(rounds.map(({ one, two }) => two[of].per_second / one[of].per_second)) ?? Number.NaN);
  const result: WorkersResult = {
    two_to_one: { answers: ratio("answers"), handshakes: ratio("handshakes"), sessions: ratio("sessions") },
    rounds,
  };
  console.log(JSON.stringify(result.two_to_one));
  if (!values["no-write"]) saveResult("workers", result);
} finally {
  rmSync(directory, { recursive: true });
}
