import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DaemonProcess } from "../../src/cli/demo/daemon-process.ts";
import { Lab } from "../../src/cli/demo/lab.ts";
import { describeNetns, prefix } from "../netns/harness/suite.ts";

interface IperfReport {
  start: { connected: { local_host: string }[] };
  intervals: { sum: { bytes: number; start: number; end: number } }[];
  end: { sum_received: { bytes: number; bits_per_second: number } };
}

const seconds = 12;

describeNetns("iperf3 through the tunnel", () => {
  let lab: Lab;
  let client: DaemonProcess;

  beforeAll(async () => {
    lab = await Lab.create(prefix);
    client = await lab.client("laptop-ann");
    await lab.start(client);
    const server = lab.use(lab.server.namespace.start("iperf3", ["iperf3", "-s", "--forceflush", "-B", lab.inner]));
    await server.line(/Server listening/);
  });

  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  async function run(...args: string[]): Promise<IperfReport> {
    return JSON.parse(await client.namespace.run("iperf3", "-c", lab.inner, "-J", ...args)) as IperfReport;
  }

  test.each([[[]], [["-R"]], [["-P", "8"]]])("moves bytes (%j)", async (args) => {
    const report = await run("-t", "3", ...args);
    expect(report.end.sum_received.bits_per_second).toBeGreaterThan(100e6);
  });

  test("goes on when the server is killed with -9 and started again; the gap is printed", async () => {
    const inner = (await client.status()).inner;
    const running = run("-t", String(seconds), "-i", "0.1", "-R", "-b", "200M");
    await delay((seconds * 1000) / 3);
    await lab.server.end("SIGKILL");
    lab.server.start();
    await lab.server.ready();
    await client.ready();
    const { start, intervals } = await running;
    const silent = intervals.filter(({ sum }) => sum.bytes === 0).map(({ sum }) => sum.end - sum.start);
    console.log(
      `iperf3's TCP connection over kill -9: silent for ${silent.reduce((a, b) => a + b, 0).toFixed(1)} s of ${seconds}`,
    );
    expect(intervals.slice(-10).reduce((total, { sum }) => total + sum.bytes, 0)).toBeGreaterThan(1_000_000);
    expect((await client.status()).inner).toEqual(inner);
    expect(inner).toContain(start.connected[0]?.local_host);
  });

  test("iputils' ping agrees with ours", async () => {
    for (const address of [lab.inner, lab.inner6]) {
      const output = await client.namespace.run("ping", "-n", "-c", "5", "-i", "0.2", address);
      expect(output).toContain("5 received, 0% packet loss");
    }
  });
});
