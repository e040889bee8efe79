import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Lab } from "../../src/cli/demo/lab.ts";
import { runToEnd } from "../../src/cli/demo/running.ts";
import { dashboardQueries, rulesFile } from "../netns/harness/monitoring.ts";
import { ping } from "../netns/harness/node.ts";
import { get, getAll, sampleOf } from "../netns/harness/scrape.ts";
import { describeNetns, prefix } from "../netns/harness/suite.ts";

const rules = fileURLToPath(new URL(`../../config/${rulesFile}`, import.meta.url));
const own = "127.0.0.1:9099";

interface Result {
  data: { result: { metric: Record<string, string>; value: [number, string] }[] };
}

function queryPath(expr: string): string {
  return `/api/v1/query?query=${encodeURIComponent(expr)}`;
}

test("the alert rules are sound, and fire when they should and not before", async () => {
  expect(await runToEnd(["promtool", "check", "rules", "--lint-fatal", rules])).toContain("SUCCESS");
  const cases = fileURLToPath(new URL("./prometheus/rules.test.yml", import.meta.url));
  expect(await runToEnd(["promtool", "test", "rules", cases])).toContain("SUCCESS");
});

describeNetns("Debian's Prometheus", () => {
  test("scrapes daemons, evaluates the rules and knows every query of the dashboard", async () => {
    await using lab = await Lab.create(prefix, { monitoring: { prometheus: {} } });
    const client = await lab.client("laptop-ann");
    await lab.start(client);
    const { namespace } = lab.server;

    const metrics = path.join(lab.directory, "metrics");
    await writeFile(metrics, (await get(namespace, "/metrics")).text);
    expect(await runToEnd(["sh", "-c", `promtool check metrics < ${metrics}`])).toBe("");

    const directory = path.join(lab.directory, "prometheus");
    await mkdir(directory);
    const scrape = fileURLToPath(new URL("../../config/prometheus/scrape.yml", import.meta.url));
    const text = await readFile(scrape, "utf8");
    const config = text
      .replace("scrape_interval: 15s", "scrape_interval: 1s")
      .replace(/- \/etc.*rules.yml/, `- ${rules}`);
    await writeFile(path.join(directory, "prometheus.yml"), config);
    const argv = ["prometheus", `--config.file=${directory}/prometheus.yml`, `--storage.tsdb.path=${directory}/data`];
    lab.use(namespace.start("prometheus", [...argv, `--web.listen-address=${own}`]));

    const query = async (expr: string): Promise<Result["data"]["result"]> => {
      return (JSON.parse((await get(namespace, queryPath(expr), 9099)).text) as Result).data.result;
    };
    const received = 'sssonector_tunnel_packets_total{direction="rx"}';
    await expect.poll(async () => (await query(received)).length, { timeout: 30_000, interval: 500 }).toBe(1);
    expect(await ping(client.namespace, lab.inner, 50)).toMatchObject({ received: 50 });
    const now = sampleOf((await get(namespace, "/metrics")).text, received);
    await expect
      .poll(async () => Number((await query(received))[0]?.value[1]), { timeout: 30_000, interval: 500 })
      .toBeGreaterThanOrEqual(now);
    expect((await query("up"))[0]).toMatchObject({ metric: { job: "sssonector" }, value: [expect.any(Number), "1"] });
    expect(await query('sssonector_state{state="ready"} == 1')).toHaveLength(1);
    const queries = dashboardQueries();
    const answers = await getAll(
      namespace,
      queries.map(({ query: expr }) => queryPath(expr)),
      9099,
    );
    const bad = queries.filter((_, at) => answers[at]?.status !== 200);
    expect(bad).toEqual([]);
    expect(await query('ALERTS{alertname!="SssonectorCertificateExpiresSoon"}')).toEqual([]);
  });
});
