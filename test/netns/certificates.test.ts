import { appendFile, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DaemonProcess } from "../../src/cli/demo/daemon-process.ts";
import { Lab } from "../../src/cli/demo/lab.ts";
import type { CertificateReport } from "../../src/shared/control/certificates.ts";
import { findings, ping, startTraffic } from "./harness/node.ts";
import { describeNetns, prefix } from "./harness/suite.ts";

/** Sessions in the test of many; by hand with more of them. */
const crowd = Number(process.env["CROWD"] ?? 200);

interface Crowd {
  open: number;
  ended: number[];
  again: Record<string, number>;
}

interface Steady {
  sent: number;
  lost: number;
}

async function certificates(daemon: DaemonProcess): Promise<CertificateReport> {
  return JSON.parse((await daemon.ctl("--json", "certificates")).stdout) as CertificateReport;
}

async function serials(daemon: DaemonProcess, identity: string): Promise<string[]> {
  return (await certificates(daemon)).peers.filter((row) => row.identity === identity).map(({ serial }) => serial);
}

/** Identities whose sessions have links. */
async function identities(server: DaemonProcess): Promise<string[]> {
  const linked = (await server.sessions()).filter(({ links }) => links > 0);
  return linked.map(({ identity }) => identity).toSorted();
}

describeNetns("certificates of daemons that run", () => {
  let lab: Lab;
  let ann: DaemonProcess;
  let bob: DaemonProcess;

  beforeAll(async () => {
    lab = await Lab.create(prefix);
    const crl = path.join(lab.authority.directory, "ca.crl");
    await lab.server.reconfigure({
      security: { tls: { ...lab.authority.credentials("edge-01"), crl } },
    });
    ann = await lab.client("ann");
    bob = await lab.client("bob");
    await lab.start(ann, bob);
  }, 60_000);

  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  test("are shown, with when each ends", async () => {
    const report = await certificates(lab.server);
    expect(report.own.map(({ kind, identity }) => [kind, identity])).toEqual([
      ["certificate", "edge-01"],
      ["ca", null],
      ["crl", null],
    ]);
    expect(report.own[0]?.days_left).toBeGreaterThan(300);
    expect(report.peers.map(({ identity, links }) => `${identity} ${links}`).toSorted()).toEqual(["ann 1", "bob 1"]);
    const text = (await lab.server.ctl("certificates")).stdout;
    expect(text).toMatch(/^crl +CN=/m);
    expect((await lab.server.status()).crl_expires_seconds).toBeGreaterThan(86_400);
  });

  test("new files are taken by themselves; links move to them by rotate, without a lost packet", async () => {
    const [before] = await serials(lab.server, "ann");
    const running = lab.use(await startTraffic(ann.namespace, "steady", lab.inner, 10));
    await lab.authority.pki("renew", "--name", "ann");
    await expect
      .poll(async () => (await ann.status()).last_reload?.trigger, { timeout: 15_000 })
      .toBe("certificate_files");
    expect(await serials(lab.server, "ann")).toEqual([before]);
    expect((await lab.server.ctl("rotate", "--yes")).stdout).toMatch(/^asks for 2 links to be replaced/);
    await expect
      .poll(async () => await serials(lab.server, "ann"), { timeout: 15_000 })
      .toEqual([expect.not.stringMatching(before ?? "")]);
    const { sent, lost } = await findings<Steady>(running);
    expect(sent).toBeGreaterThan(50);
    expect(lost).toBe(0);
  });

  test(`of ${crowd} sessions a new certificate and list end those that are revoked, and no others`, async () => {
    const { directory } = lab.authority;
    const { namespace, endpoint } = await lab.wire("crowd");
    const [host = "", port = ""] = endpoint.split(":");
    const bad = Math.floor(crowd / 10);
    for (const name of ["good", "bad"]) await lab.authority.issue("client", name);
    const many = lab.use(await startTraffic(namespace, "crowd", host, port, directory, "good", crowd - bad));
    const few = lab.use(await startTraffic(namespace, "crowd", host, port, directory, "bad", bad));
    expect((await lab.server.status()).sessions).toBe(crowd + 2);
    const before = (await lab.server.status()).last_reload?.time_ms ?? 0;
    await lab.authority.pki("renew", "--name", "edge-01");
    for (const name of ["bad", "bob"]) await lab.authority.pki("revoke", "--name", name);
    await expect
      .poll(async () => (await lab.server.status()).sessions, { timeout: 20_000, interval: 200 })
      .toBe(crowd + 1 - bad);
    await expect
      .poll(async () => (await lab.server.status()).refused["certificate_revoked"] ?? 0, { timeout: 15_000 })
      .toBeGreaterThan(bad);
    const events = await lab.server.events(before);
    expect(events.find(({ code, facts }) => code === "link_distrusted" && facts["identity"] === "bob")?.facts).toEqual({
      identity: "bob",
      reason: "certificate_revoked",
    });
    expect(await ping(ann.namespace, lab.inner, 2)).toMatchObject({ received: 2 });
    expect(await identities(lab.server)).not.toContain("bob");
    const reloads = events.filter(({ code }) => code === "certificates_renewed");
    const revoked = await findings<Crowd>(few);
    const others = await findings<Crowd>(many);
    const end = Math.max(...revoked.ended);
    const last = end - (reloads.findLast(({ time_ms }) => time_ms <= end)?.time_ms ?? 0);
    console.log(`${bad} of ${crowd} sessions revoked: the last was gone ${last} ms after the new list`);
    expect(last).toBeLessThan(5000);
    expect(revoked.open).toBe(0);
    expect(revoked.ended).toHaveLength(bad);
    expect(revoked.again["welcomed"]).toBeUndefined();
    expect(others).toEqual({ open: crowd - bad, ended: [], again: {} });
  }, 120_000);

  test("an identity that an operator shuts out stays out over a restart, until it is let in again", async () => {
    expect((await lab.server.ctl("revoke", "ann", "--dry-run")).stdout).toMatch(/^would shut ann out and end 1 link$/m);
    expect(await identities(lab.server)).toEqual(["ann"]);
    expect((await lab.server.ctl("revoke", "ann", "--yes")).code).toBe(0);
    expect(await identities(lab.server)).toEqual([]);
    await lab.server.end("SIGKILL");
    lab.server.start();
    await lab.server.ready();
    await expect
      .poll(async () => (await lab.server.events()).filter(({ code }) => code === "session_refused").length, {
        timeout: 15_000,
      })
      .toBeGreaterThan(0);
    expect((await certificates(lab.server)).denied.map(({ identity }) => identity)).toEqual(["ann"]);
    expect((await lab.server.ctl("revoke", "ann", "--yes")).code).toBe(6);
    expect((await lab.server.ctl("allow", "ann", "--yes")).code).toBe(0);
    await ann.ready(30);
    expect(await identities(lab.server)).toEqual(["ann"]);
  });

  test("a bad file changes nothing and is told everywhere, until it is good again", async () => {
    const { ca, cert } = lab.authority.credentials("edge-01");
    const good = await readFile(cert, "utf8");
    const running = lab.use(await startTraffic(ann.namespace, "steady", lab.inner, 10));
    await writeFile(cert, good.slice(0, 300));
    await expect.poll(async () => (await lab.server.status()).last_reload?.result, { timeout: 15_000 }).toBe("failed");
    const { last_reload: last, alerts } = await lab.server.status();
    expect(last?.message).toContain(`tls_not_pem: ${cert}`);
    expect(alerts.map(({ code, severity }) => [code, severity])).toContainEqual(["reload_failed", "warning"]);
    expect(lab.server.log()).toContain("the old certificates stay: tls_not_pem");
    const byHand = await lab.server.ctl("reload", "--yes");
    expect([byHand.code, byHand.stderr]).toEqual([1, expect.stringContaining("nothing changed: tls_not_pem")]);
    await writeFile(cert, good);
    expect((await lab.server.ctl("reload", "--yes")).code).toBe(0);
    expect((await lab.server.status()).alerts).toEqual([]);
    await appendFile(lab.server.configFile, "nonsense: 1\n");
    await expect
      .poll(async () => (await lab.server.status()).last_reload?.trigger, { timeout: 15_000 })
      .toBe("config_file");
    expect((await lab.server.status()).last_reload).toMatchObject({ result: "failed" });
    await lab.server.reconfigure({ security: { tls: { ...lab.authority.credentials("edge-01"), ca } } });
    lab.server.process.signal("SIGHUP");
    await expect.poll(async () => (await lab.server.status()).last_reload?.result, { timeout: 15_000 }).toBe("done");
    expect((await findings<Steady>(running)).lost).toBe(0);
  });
});
