/**
 * Does anything grow? `npm run bench:soak -- [--minutes 30] [--no-write]`: a server and three clients under mixed load (TCP
 * streams, small datagrams, a published service, sessions that come and go) while one client is killed and started again, the server is
 * killed and started again after a sixth of the time, and settings are reloaded. Every ten seconds it samples descriptors, heap and memory of the
 * server and of the client that is never killed, and states their slopes by linear regression, the server's in each of its
 * two lives. Writes bench/results/DATE-soak.json.
 */
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { DaemonProcess } from "../src/cli/demo/daemon-process.ts";
import { Lab } from "../src/cli/demo/lab.ts";
import { missingRequirement } from "../src/cli/demo/requirements.ts";
import { iperfClient } from "./iperf.ts";
import { LoadProcess } from "./load/load-process.ts";
import { saveResult } from "./results.ts";
import { type Life, lifeOf, type Sample, sampleOf } from "./soak-samples.ts";

const metricsPort = 9464;
const servicePort = 7000;
const identities = 4;
const sampleEvery = 10;
const counts = {
  streams: 0,
  datagram_runs: 0,
  sessions_opened: 0,
  service_runs: 0,
  client_kills: 0,
  server_kills: 0,
  reloads: 0,
};

/** Again and again until the end; what fails because somebody was killed counts and is no failure. */
async function again(until: number, step: () => Promise<void>): Promise<number> {
  let failed = 0;
  while (performance.now() < until) {
    try {
      await step();
    } catch {
      failed += 1;
      await delay(1000);
    }
  }
  return failed;
}

async function soak(minutes: number): Promise<object> {
  const metrics = { monitoring: { prometheus: { port: metricsPort } } };
  await using lab = await Lab.create("ssssoak", {
    ...metrics,
    services: [
      {
        name: "files",
        listen: `10.8.0.1:${servicePort}`,
        endpoints: [{ address: "127.0.0.1:5204" }],
        health: { type: "tcp" },
      },
    ],
  });
  for (let index = 0; index < identities; index++) await lab.authority.issue("client", `load-${index}`);
  const steady = await lab.client("steady", metrics);
  const small = await lab.client("small");
  const unlucky = await lab.client("unlucky");
  const wire = await lab.wire("load");
  await lab.start(steady, small, unlucky);
  for (const port of ["5201", "5202", "5203", "5204"])
    lab.use(lab.server.namespace.start("iperf3", ["iperf3", "-s", "-p", port, "--forceflush"]));

  const begun = performance.now();
  const until = begun + minutes * 60_000;
  // Early, so that the life after it is long: the error of a slope falls with its length to the power of 1.5.
  const kill = begun + (minutes * 60_000) / 6;
  const samples: Sample[] = [];
  const sampling = again(until, async () => {
    for (const daemon of [lab.server, steady])
      samples.push(await sampleOf(daemon, metricsPort, performance.now() - begun));
    await delay(sampleEvery * 1000);
  });
  const work = [
    again(until, async () => {
      await iperfClient(
        steady.namespace,
        lab.inner,
        8,
        "-P",
        "4",
        "-p",
        "5201",
        ...(counts.streams % 2 === 1 ? ["-R"] : []),
      );
      counts.streams += 1;
    }),
    again(until, async () => {
      await iperfClient(small.namespace, lab.inner, 8, "-u", "-l", "200", "-b", "20M", "-p", "5202");
      counts.datagram_runs += 1;
    }),
    again(until, async () => {
      await iperfClient(small.namespace, lab.inner, 2, "-P", "8", "-b", "5M", "-p", String(servicePort));
      counts.service_runs += 1;
    }),
    again(until, async () => {
      const args = [wire.endpoint, lab.inner, lab.authority.directory, String(identities)];
      await using load = new LoadProcess(wire.namespace, args);
      await load.ask({ open: 40, at_once: 4 });
      await load.ask({ echo: 0.5, seconds: 5 });
      counts.sessions_opened += 40;
    }),
    again(until, async () => {
      await delay(15_000);
      await restart(unlucky);
      counts.client_kills += 1;
    }),
    again(until, async () => {
      await delay(20_000);
      await lab.server.ctl("reload");
      await steady.ctl("reload");
      counts.reloads += 1;
    }),
  ];
  await delay(kill - performance.now());
  const killedAt = performance.now() - begun;
  await restart(lab.server);
  counts.server_kills += 1;
  const failed = (await Promise.all(work)).reduce((all, one) => all + one, 0);
  await sampling;
  const lives: Life[] = [
    lifeOf(
      "server before the kill",
      samples.filter(({ daemon, at_s }) => daemon === lab.server.name && at_s * 1000 < killedAt),
    ),
    lifeOf(
      "server after the kill",
      samples.filter(({ daemon, at_s }) => daemon === lab.server.name && at_s * 1000 > killedAt),
    ),
    lifeOf(
      "client",
      samples.filter(({ daemon }) => daemon === steady.name),
    ),
  ];
  for (const life of lives) console.log(JSON.stringify(life));
  return { minutes, counts, runs_cut_by_kills: failed, lives, samples };
}

async function restart(daemon: DaemonProcess): Promise<void> {
  await daemon.end("SIGKILL");
  daemon.start();
  await daemon.ready(30);
}

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "30" }, "no-write": { type: "boolean", default: false } },
});
const problem = await missingRequirement();
if (problem !== undefined) throw new Error(`bench: ${problem}`);
const result = await soak(Number(values.minutes));
console.log(JSON.stringify(counts));
if (!values["no-write"]) saveResult("soak", result);
process.exit(0);
