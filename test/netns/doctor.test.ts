import { writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Finding } from "../../src/daemon/diagnose/finding.ts";
import { type ConfigBlocks, DaemonProcess, merged } from "../../src/cli/demo/daemon-process.ts";
import { Lab, serverName } from "../../src/cli/demo/lab.ts";
import { startService } from "../../src/cli/demo/traffic.ts";
import { type Diagnosis, doctor, doctorText } from "./harness/doctor.ts";
import { forge } from "./harness/forge.ts";
import { describeNetns, prefix } from "./harness/suite.ts";

function failures({ findings }: Diagnosis): Finding[] {
  return findings.filter(({ verdict }) => verdict === "failed");
}

/** Exactly one check fails, says this, and says what mends it. */
function expectOnly(diagnosis: Diagnosis, check: Finding["check"], message: RegExp, next: RegExp): void {
  expect(failures(diagnosis)).toEqual([
    { check, verdict: "failed", message: expect.stringMatching(message), next: expect.stringMatching(next) },
  ]);
  expect(diagnosis.code).toBe(2);
}

function endpointAt(address: string): ConfigBlocks {
  return { tunnel: { endpoints: [{ name: serverName, address }] } };
}

describeNetns("doctor finds what was broken, names it and says what mends it", () => {
  let lab: Lab;
  let client: DaemonProcess;

  beforeAll(async () => {
    lab = await Lab.create(prefix);
    client = await lab.client("laptop-ann");
  });

  afterAll(async () => await lab[Symbol.asyncDispose]());

  /** The client's diagnosis with other blocks in its config; the server runs unless said otherwise. */
  async function clientWith(blocks: ConfigBlocks, ...wrapper: string[]): Promise<Diagnosis> {
    const other = new DaemonProcess("laptop-ann", client.namespace, path.join(lab.directory, "broken"));
    const credentials = lab.authority.credentials("laptop-ann");
    await other.configure({
      core: { mode: "client", name: "laptop-ann" },
      network: { interface: "tun9" },
      tunnel: { endpoints: [{ name: serverName, address: "198.18.1.1:8443" }] },
      security: { tls: { ...credentials } },
      control: { socket: other.socket },
      ...blocks,
    });
    return await doctor(other, ...wrapper);
  }

  async function serverWith(blocks: ConfigBlocks, ...wrapper: string[]): Promise<Diagnosis> {
    const other = new DaemonProcess(serverName, lab.server.namespace, path.join(lab.directory, "broken"));
    const usual = lab.serverConfig(serverName, { control: { socket: other.socket } });
    await other.configure(merged(merged(usual, { network: { interface: "tun9" } }), blocks));
    return await doctor(other, ...wrapper);
  }

  test("before a start everything is there but the server", async () => {
    expect(failures(await doctor(lab.server))).toEqual([]);
    const diagnosis = await doctor(client);
    expectOnly(diagnosis, "reach", /edge-01: TCP to 198\.18\.1\.1:8443 fails: ECONNREFUSED/, /systemctl start/);
  });

  test("a tunnel that works has nothing to mend, and is not disturbed", async () => {
    await lab.start(client);
    const sessions = await lab.server.sessions();
    const [server, own] = [await doctor(lab.server), await doctor(client)];
    for (const { code, findings } of [server, own]) {
      expect(findings.filter(({ verdict }) => verdict !== "ok" && verdict !== "skipped")).toEqual([]);
      expect(code).toBe(0);
    }
    expect(own.findings.map(({ check }) => check)).toEqual(expect.arrayContaining(["daemon", "tls", "hello"]));
    expect((await lab.server.sessions()).map(({ id }) => id)).toEqual(sessions.map(({ id }) => id));
  });

  test("config: each problem with its place", async () => {
    const diagnosis = await clientWith({ core: { mode: "client", name: "laptop-ann", colour: "red" } });
    expectOnly(diagnosis, "config", /laptop-ann\.yaml:\d+:\d+: core\.colour/, /mend/);
  });

  test("device: no /dev/net/tun; no CAP_NET_ADMIN", async () => {
    const hide = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /dev/net && exec "$@"', "sh"];
    expectOnly(await clientWith({}, ...hide), "device", /tun_missing/, /modprobe tun/);
    const drop = ["setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin"];
    expectOnly(await clientWith({}, ...drop), "device", /tun_permission/, /CAP_NET_ADMIN/);
  });

  test("capability: proxy_arp without CAP_NET_RAW; forwarding: the kernel's setting is off", async () => {
    const drop = ["setpriv", "--bounding-set", "-net_raw", "--inh-caps", "-net_raw"];
    const network = { forwarding: { mode: "proxy_arp", interface: "wire1" } };
    const diagnosis = await serverWith({ network, tunnel: { listen: "0.0.0.0:9443" } }, ...drop);
    const found = failures(diagnosis);
    expect(found.map(({ check }) => check)).toEqual(["capability", "forwarding", "forwarding"]);
    expect(found[0]?.next).toMatch(/AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW/);
    expect(found[1]?.next).toBe("sysctl -w net.ipv4.ip_forward=1");
  });

  test("state: a directory that can't be written", async () => {
    const readOnly = [
      "unshare",
      "--mount",
      "sh",
      "-c",
      `mount --bind -o ro ${lab.directory} ${lab.directory} && exec "$@"`,
    ];
    const diagnosis = await clientWith({}, ...readOnly, "sh");
    expect(new Set(failures(diagnosis).map(({ check }) => check))).toEqual(new Set(["state"]));
  });

  test("certificate: expired, and the key of another", async () => {
    const expired = await forge(lab.authority, "expired", { role: "client", days: -1 });
    const tls = { security: { tls: { ...expired } } };
    expectOnly(await clientWith(tls), "certificate", /tls_expired.*the clock says/, /pki renew/);
    const mixed = { ...lab.authority.credentials("laptop-ann"), key: lab.authority.credentials(serverName).key };
    expectOnly(await clientWith({ security: { tls: mixed } }), "certificate", /tls_key_mismatch/, /key/);
  });

  test("listen: the port is in use", async () => {
    expectOnly(await serverWith({}), "listen", /0\.0\.0\.0:8443 can't be had: EADDRINUSE/, /ss -ltnp/);
  });

  test("name and route: a name that does not resolve, an address without a way", async () => {
    expectOnly(
      await clientWith(endpointAt("vpn.invalid:8443")),
      "name",
      /vpn\.invalid does not resolve/,
      /getent ahosts/,
    );
    expectOnly(await clientWith(endpointAt("203.0.113.9:8443")), "route", /no route to 203\.0\.113\.9/, /ip route/);
  });

  test("tls: another server than expected, and something that is no sssonectord", async () => {
    const endpoint = { name: serverName, identity: "edge-02", address: "198.18.1.1:8443" };
    const other = await clientWith({ tunnel: { endpoints: [endpoint] } });
    expectOnly(other, "tls", /identity_mismatch/, /identity/);

    lab.use(await startService(lab.server.namespace, "198.18.1.1"));
    const web = { name: serverName, address: "198.18.1.1:8080" };
    expectOnly(
      await clientWith({ tunnel: { endpoints: [web] } }),
      "tls",
      /not_tls: the peer does not speak TLS/,
      /journalctl/,
    );
  });

  test("hello: a server that refuses our certificate", async () => {
    await lab.authority.issue("client", "revoked");
    await lab.authority.pki("revoke", "--name", "revoked");
    const crl = path.join(lab.authority.directory, "ca.crl");
    const tls = { ...lab.authority.credentials(serverName), crl };
    await lab.server.reconfigure({ security: { tls } });
    await lab.server.end("SIGTERM");
    await lab.start();
    const revoked = { security: { tls: { ...lab.authority.credentials("revoked") } } };
    expectOnly(await clientWith(revoked), "hello", /refuses our certificate/, /log/);
  });

  test("daemon: what a running one says of itself", async () => {
    await client.end("SIGTERM");
    await client.reconfigure({ tunnel: { endpoints: [{ name: serverName, address: "198.18.1.1:9999" }] } });
    client.start();
    await expect.poll(async () => (await client.ctl("status")).code, { timeout: 10_000 }).toBe(0);
    const { findings, code } = await doctor(client);
    const said = findings.filter(({ check, verdict }) => check === "daemon" && verdict !== "ok");
    expect(said.map(({ message }) => message).join("\n")).toMatch(/runs and is degraded/);
    expect(findings.some(({ check, verdict }) => check === "reach" && verdict === "failed")).toBe(true);
    expect(code).toBe(2);
  });

  test("for people: a line for each finding, what mends it below, the worst decides the exit code", async () => {
    const { text, code } = await doctorText(client);
    expect(text).toMatch(/^FAIL {2}reach .*ECONNREFUSED\n +→ start the server/m);
    expect(text.trimEnd().split("\n").at(-1)).toMatch(/^\d+ to mend, \d+ warnings$/);
    expect(code).toBe(2);
    await writeFile(client.configFile, "core: {");
    expect((await doctorText(client)).text).toMatch(/FAIL {2}config/);
  });
});
