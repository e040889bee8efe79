import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { programPath } from "../../src/cli/demo/authority.ts";
import { Running } from "../../src/cli/demo/running.ts";

const config = `core: {mode: client, name: laptop}
network:
  interface: tun0
  mtuu: 1500
tunnel:
  endpoints:
    - {name: eu-1, address: "192.0.2.1:8443"}
    - {name: eu-1, address: "192.0.2.2:8443"}
security: {tls: {cert: a.crt, key: a.key, ca: ca.crt}}
buffers: {size: 32 parsec}
`;

const serverConfig = `core: {mode: server, name: edge}
network: {address: 10.8.0.1/16, pool: 10.8.1.0/24}
tunnel: {listen: "0.0.0.0:8443"}
security: {tls: {cert: a.crt, key: a.key, ca: ca.crt}}
access:
  identities:
    - {name: ann, address: 10.9.0.14}
`;

describe("a bad config", () => {
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "ssstest-config-"));
  });

  afterAll(async () => {
    await rm(directory, { recursive: true });
  });

  async function checked(text: string, ...flags: string[]): Promise<{ code: number | null; output: string }> {
    const file = path.join(directory, "sssonector.yaml");
    await writeFile(file, text);
    const daemon = new Running("check", [programPath("sssonectord"), "--config", file, ...flags]);
    const { code } = await daemon.exited;
    return { code, output: `${daemon.stdout}${daemon.stderr}`.replaceAll(`${directory}/`, "") };
  }

  test.each([[["--check-config"]], [[]]])(
    "ends with exit 2 and every problem with its place at once (%j)",
    async (flags) => {
      const { code, output } = await checked(config, ...flags);
      expect(code).toBe(2);
      expect(output).toMatch(/^sssonector\.yaml:4:3: network\.mtuu: .*/m);
      expect(output).toMatch(/^sssonector\.yaml:8:\d+: tunnel\.endpoints.*eu-1.*/m);
      expect(output).toMatch(/^sssonector\.yaml:10:17: buffers\.size: .*/m);
      expect(output.match(/^sssonector\.yaml:\d+:\d+: /gm)).toHaveLength(3);
    },
  );

  test("names an address outside the inner prefix", async () => {
    const { code, output } = await checked(serverConfig, "--check-config");
    expect(code).toBe(2);
    expect(output).toMatch(/^sssonector\.yaml:7:\d+: access\.identities.*10\.9\.0\.14.*/m);
  });

  test("that is no YAML has a place as well", async () => {
    const { code, output } = await checked("core: {mode: server\nnetwork: [", "--check-config");
    expect(code).toBe(2);
    expect(output).toMatch(/^sssonector\.yaml:\d+:\d+: /m);
  });
});
