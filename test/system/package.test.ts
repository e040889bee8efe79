import { existsSync } from "node:fs";
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Running, runToEnd } from "../../src/cli/demo/running.ts";
import { describeNetns } from "../netns/harness/suite.ts";

const repository = fileURLToPath(new URL("../../", import.meta.url));
const scripts = path.join(import.meta.dirname, "package");
/** What the .deb depends on, and an init. */
const needed = "libatomic1,iproute2,nftables,systemd,dbus";

let work = "";
let deb = "";

/** The Debian mirror of this machine. */
async function mirror(): Promise<string> {
  const sites = await runToEnd(["apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages"]);
  return sites.split("\n").find((site) => site.endsWith("/debian")) ?? "http://deb.debian.org/debian";
}

describeNetns("packages", () => {
  let root: Promise<string>;

  beforeAll(async () => {
    work = await mkdtemp(path.join(tmpdir(), "sssonector-package-test-"));
    const directory = path.join(work, "root");
    root = mirror().then(async (site) => {
      await runToEnd(["debootstrap", "--variant=minbase", `--include=${needed}`, "bookworm", directory, site]);
      return directory;
    });
    root.catch(() => {});
    await runToEnd([process.execPath, path.join(repository, "scripts/package.ts"), "--out", work]);
    deb = path.join(work, (await readdir(work)).find((name) => name.endsWith(".deb")) ?? "");
  }, 240_000);

  afterAll(async () => {
    await root;
    await rm(work, { recursive: true });
  });

  test("lintian finds no error", async () => {
    const lintian = new Running("lintian", ["lintian", "--fail-on", "error", "--tag-display-limit", "0", deb]);
    const { code } = await lintian.exited;
    expect(code, lintian.stdout).toBe(0);
    for (const name of await readdir(work)) {
      if (/\.(deb|gz)$/.test(name))
        console.log(`${name}: ${((await stat(path.join(work, name))).size / 1e6).toFixed(1)} MB`);
    }
  });

  test("the tarball runs from where it is unpacked", async () => {
    const archive = (await readdir(work)).find((name) => name.endsWith(".tar.gz")) ?? "";
    await runToEnd(["tar", "-C", work, "-xzf", path.join(work, archive)]);
    const bin = path.join(work, archive.replace(".tar.gz", ""), "bin");
    const env = { PATH: "/usr/bin:/bin" };
    expect(await runToEnd([path.join(bin, "sssonector"), "--version"], { env })).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(await runToEnd([path.join(bin, "sssonectord"), "--version"], { env })).toMatch(/^sssonectord \d/);
  });

  test("a day in the life, on a machine with systemd and without Node", async () => {
    const directory = await root;
    await cp(deb, path.join(directory, "root/package.deb"));
    await cp(path.join(scripts, "day.sh"), path.join(directory, "root/day.sh"));
    const spaces = ["--pid", "--fork", "--kill-child", "--mount", "--cgroup", "--uts", "--ipc", "--net"];
    await using machine = new Running("machine", ["unshare", ...spaces, path.join(scripts, "boot.sh"), directory]);
    const init = await firstChild(machine.pid);
    const inside = ["nsenter", "-t", String(init), "-m", "-p", "-n", "-u", "-i", "-C", "--"];
    const clean = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"];
    try {
      await expect
        .poll(async () => await new Running("up", [...inside, ...clean, "systemctl", "is-system-running"]).exited, {
          timeout: 60_000,
        })
        .toMatchObject({ code: 0 });
      await using day = new Running("day", [...inside, ...clean, "bash", "/root/day.sh", "/root/package.deb"]);
      const seen = await Promise.race([scrape(init, work), day.exited.then(() => "")]);
      const { code } = await day.exited;
      expect(code, `${day.stdout}\n${day.stderr}\n${machine.stdout}${machine.stderr}`).toBe(0);
      expect(seen).toMatch(/"metric".*"value":\[[\d.]+,"1"\]/);
      console.log(day.stdout.match(/(?<=^start: ).*/gm)?.join("\n"));
    } finally {
      process.kill(init, "SIGKILL");
    }
  });
});

async function firstChild(pid: number): Promise<number> {
  const children = `/proc/${pid}/task/${pid}/children`;
  await expect.poll(async () => await readFile(children, "utf8"), { timeout: 10_000 }).toMatch(/\d/);
  return Number((await readFile(children, "utf8")).split(" ", 1)[0]);
}

/** Debian's Prometheus on that machine's network scrapes the daemon for real; its answer to a question. */
async function scrape(init: number, directory: string): Promise<string> {
  const run = (name: string): string => path.join(`/proc/${init}/root/run`, name);
  await expect.poll(() => existsSync(run("look")), { timeout: 120_000 }).toBe(true);
  const config = path.join(directory, "prometheus.yml");
  await writeFile(config, JSON.stringify(prometheusConfig));
  const network = ["nsenter", "-t", String(init), "-n", "--"];
  const data = path.join(directory, "prometheus");
  const options = [`--config.file=${config}`, `--storage.tsdb.path=${data}`, "--web.listen-address=127.0.0.1:9091"];
  await using prometheus = new Running("prometheus", [...network, "prometheus", ...options]);
  const url = "http://127.0.0.1:9091/api/v1/query?query=sssonector_sessions";
  const ask = `fetch("${url}").then((answer) => answer.text()).then(console.log, () => console.log(""))`;
  let answer = "";
  await expect
    .poll(
      async () => {
        expect(prometheus.ended, prometheus.stderr).toBe(false);
        answer = await runToEnd([...network, process.execPath, "-e", ask]);
        return answer;
      },
      { timeout: 30_000, interval: 300 },
    )
    .toMatch(/"value"/);
  await writeFile(run("looked"), "");
  return answer;
}

const prometheusConfig = {
  global: { scrape_interval: "1s" },
  scrape_configs: [{ job_name: "sssonector", static_configs: [{ targets: ["127.0.0.1:9464"] }] }],
};
