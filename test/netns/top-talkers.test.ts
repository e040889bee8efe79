import { expect, test } from "vitest";
import { Lab } from "../../src/cli/demo/lab.ts";
import { serviceUrl, startService, startTransfer, transferResult } from "../../src/cli/demo/traffic.ts";
import type { TopTalkers } from "../../src/shared/control/snapshot.ts";
import { ping } from "./harness/node.ts";
import { describeNetns, prefix } from "./harness/suite.ts";

const service = "10.20.0.5";

describeNetns("top talkers", () => {
  test("are those that talk most, by identity and by destination", async () => {
    await using lab = await Lab.create(prefix, { network: { routes: ["10.20.0.0/24"] } });
    const [ann, ben] = [await lab.client("laptop-ann"), await lab.client("laptop-ben")];
    await lab.server.namespace.ip("addr", "add", `${service}/32`, "dev", "lo");
    await lab.start(ann, ben);
    lab.use(await startService(lab.server.namespace, service));
    const bytes = 16 * 1024 * 1024;
    const download = startTransfer(ann.namespace, serviceUrl(service, `/bytes?count=${bytes}`));
    expect(await transferResult(lab.use(download))).toMatchObject({ equal: true });
    await ping(ben.namespace, lab.inner, 10, 1000);

    const top = async (): Promise<TopTalkers> => {
      return JSON.parse((await lab.server.ctl("top-talkers", "--json")).stdout) as TopTalkers;
    };
    await expect
      .poll(async () => (await top()).identities.map(({ name }) => name), { timeout: 20_000 })
      .toEqual(["laptop-ann", "laptop-ben"]);
    expect((await top()).identities[0]?.tx_bytes).toBeGreaterThan(bytes);
    // From a sample, which comes once a second.
    await expect
      .poll(async () => (await top()).destinations[0]?.tx_bytes ?? 0, { timeout: 20_000 })
      .toBeGreaterThan(0.9 * bytes);
    const [first] = (await top()).destinations;
    expect(first?.name).toBe(service);
    expect(first?.tx_bytes).toBeLessThan(1.2 * bytes);
    const { stdout } = await lab.server.ctl("top-talkers", "--by", "destination");
    expect(stdout.split("\n")[1]).toMatch(/^10\.20\.0\.5 .* (?:9\d|100) %$/);
  });
});
