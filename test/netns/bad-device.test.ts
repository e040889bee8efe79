import { expect, test } from "vitest";
import { type ConfigBlocks, DaemonProcess } from "../../src/cli/demo/daemon-process.ts";
import { Lab } from "../../src/cli/demo/lab.ts";
import { startService } from "../../src/cli/demo/traffic.ts";
import { describeNetns, prefix } from "./harness/suite.ts";

/** A second server in the namespace of the first; its config differs in name, socket and these blocks. */
async function secondServer(lab: Lab, name: string, blocks: ConfigBlocks): Promise<DaemonProcess> {
  const server = lab.use(new DaemonProcess(name, lab.server.namespace, lab.directory));
  await lab.authority.issue("server", name);
  await server.configure(lab.serverConfig(name, { control: { socket: server.socket }, ...blocks }));
  return server;
}

/** Runs the daemon behind `wrapper` to its end, which has to be a failure at start. */
async function failedStart(daemon: DaemonProcess, ...wrapper: string[]): Promise<string> {
  const { code } = await daemon.start(wrapper).endsSoon();
  expect(code, daemon.log()).toBe(1);
  return daemon.log();
}

describeNetns("a daemon that can't have what it needs ends with exit 1 and says what mends it", () => {
  test("no /dev/net/tun", async () => {
    await using lab = await Lab.create(prefix);
    const hide = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /dev/net && exec "$@"', "sh"];
    expect(await failedStart(lab.server, ...hide)).toMatch(/tun_missing.*modprobe tun/s);
  });

  test("no CAP_NET_ADMIN", async () => {
    await using lab = await Lab.create(prefix);
    const drop = ["setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin"];
    expect(await failedStart(lab.server, ...drop)).toMatch(/tun_permission.*CAP_NET_ADMIN/s);
  });

  test("the TUN device is in use", async () => {
    await using lab = await Lab.create(prefix);
    const second = await secondServer(lab, "edge-02", { tunnel: { listen: "0.0.0.0:9443" } });
    await lab.start();
    expect(await failedStart(second)).toMatch(/tun_busy.*network\.interface/s);
    expect((await lab.server.status()).state).toBe("ready");
  });

  test("the inner address is in use on another interface", async () => {
    await using lab = await Lab.create(prefix);
    const { namespace } = lab.server;
    await lab.wire("other");
    await namespace.ip("addr", "add", `${lab.inner}/16`, "dev", "wire1");
    expect(await failedStart(lab.server)).toMatch(/host_address_in_use.*wire1/s);
    expect(await namespace.ip("link")).not.toContain("tun0");
  });

  test("the port is in use", async () => {
    await using lab = await Lab.create(prefix);
    await lab.server.reconfigure({ tunnel: { listen: "127.0.0.1:8080" } });
    lab.use(await startService(lab.server.namespace, "127.0.0.1"));
    expect(await failedStart(lab.server)).toMatch(/listen_busy.*8080/s);
    expect(await lab.server.namespace.ip("link")).not.toContain("tun0");
  });

  test("the control socket is another daemon's", async () => {
    await using lab = await Lab.create(prefix);
    const second = await secondServer(lab, "edge-02", {
      network: { interface: "tun1", address: "10.9.0.1/16", address6: "fd00:9::1/48" },
      tunnel: { listen: "0.0.0.0:9443" },
      control: { socket: lab.server.socket },
    });
    await lab.start();
    expect(await failedStart(second)).toMatch(/control_busy/);
    expect((await lab.server.status()).state).toBe("ready");
    expect(await lab.server.namespace.ip("link")).not.toContain("tun1");
  });
});
