import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { programPath } from "../../src/cli/demo/authority.ts";
import type { DaemonProcess } from "../../src/cli/demo/daemon-process.ts";
import { Lab } from "../../src/cli/demo/lab.ts";
import { runToEnd } from "../../src/cli/demo/running.ts";
import { describeNetns, prefix } from "../netns/harness/suite.ts";

let directory = "";
const env = (): Record<string, string> => ({
  PATH: `${directory}:${process.env["PATH"]}`,
  RUNTIME_DIRECTORY: directory,
});

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "sssonector-completion-"));
  await symlink(programPath("sssonector"), path.join(directory, "sssonector"));
  for (const shell of ["bash", "zsh", "fish"]) {
    await writeFile(
      path.join(directory, `completion.${shell}`),
      await runToEnd([programPath("sssonector"), "completion", shell]),
    );
  }
});

afterAll(async () => await rm(directory, { recursive: true }));

/** The words that bash offers for a line, split as readline does. */
async function bash(line: string): Promise<string[]> {
  const words = line.split(/(=)|\s+/).filter((word) => word !== undefined);
  const script = `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _sssonector; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return lines(
    await runToEnd(["bash", "--norc", "-c", script, path.join(directory, "completion.bash"), ...words], { env: env() }),
  );
}

async function fish(line: string): Promise<string[]> {
  const script = `source ${path.join(directory, "completion.fish")}; complete -C "${line}"`;
  const offered = lines(await runToEnd(["fish", "--no-config", "-c", script], { env: env() }));
  return offered.map((one) => one.split("\t", 1)[0] ?? "");
}

let terminals = 0;

/** The line that a real zsh on a terminal of its own has after TAB. */
async function zsh(line: string): Promise<string> {
  // A name of its own: a server that still ends answers a new session on its name by ending that as well.
  const name = `completion-${process.pid}-${(terminals += 1)}`;
  const tmux = async (...args: string[]): Promise<string> =>
    await runToEnd(["tmux", "-L", name, "-f", "/dev/null", ...args], { env: env() });
  const shown = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const found = pattern.exec(await tmux("capture-pane", "-p"));
      if (found !== null) return (found[1] ?? "").trimEnd();
    }
  };
  await tmux("new-session", "-d", "-x", "200", "-y", "30", "zsh -f -i");
  try {
    const setup = `PS1=; bindkey -e; autoload -U compinit; compinit -u -D; source ${path.join(directory, "completion.zsh")}; clear; print "be"gun`;
    await tmux("send-keys", setup, "Enter");
    await shown(/^begun$/m);
    await tmux("send-keys", "-l", `${line}\t`);
    await tmux("send-keys", "C-a", 'print -r -- "<', "C-e", '>"', "Enter");
    return await shown(/^<sssonector (.*)>\s*$/m);
  } finally {
    await tmux("kill-server");
  }
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

describe("completion from the tables", () => {
  test.each([
    ["sssonector c", ["ctl", "completion"]],
    ["sssonector ctl drai", ["drain"]],
    ["sssonector ctl drain --dea", ["--deadline"]],
    ["sssonector ctl --socket /x stat", ["status"]],
    ["sssonector pki issue --role ", ["server", "client"]],
    ["sssonector pki issue --role=s", ["server"]],
    ["sssonector ctl wait --for br", ["breaker-closed="]],
    ["sssonector ctl open-breaker eu-1 --for ", []],
    ["sssonector completion f", ["fish"]],
    ["sssonector ctl nonsense x", []],
    ["sssonector top --socket /usr/bi", ["/usr/bin"]],
  ])("bash: %s", async (line, expected) => {
    expect((await bash(line)).toSorted()).toEqual(expected.toSorted());
  });

  test("fish and zsh offer the same", async () => {
    expect((await fish("sssonector c")).toSorted()).toEqual(["completion", "ctl"]);
    expect(await fish("sssonector ctl drai")).toEqual(["drain"]);
    expect(await fish("sssonector ctl drain --dea")).toEqual(["--deadline"]);
    expect((await fish("sssonector pki issue --role ")).toSorted()).toEqual(["client", "server"]);
    expect(await zsh("sssonector ctl drai")).toBe("ctl drain");
    expect(await zsh("sssonector ctl drain --dea")).toBe("ctl drain --deadline");
    expect(await zsh("sssonector pki issue --role cl")).toBe("pki issue --role client");
    expect(await zsh("sssonector ctl wait --for br")).toBe("ctl wait --for breaker-closed=");
  });

  test("without a daemon there are no names, and nothing is said", async () => {
    expect(await bash("sssonector ctl drain ")).toEqual([]);
    expect(await fish("sssonector ctl drain ")).toEqual([]);
    expect(await runToEnd(["sh", "-c", "sssonector completion names backends 2>&1"], { env: env() })).toBe("");
  });
});

/** Milliseconds of each of three runs of a command, start to end. */
async function taken(command: readonly string[]): Promise<number[]> {
  const times: number[] = [];
  for (let run = 0; run < 3; run += 1) {
    const begun = performance.now();
    await runToEnd([...command]);
    times.push(performance.now() - begun);
  }
  return times;
}

describeNetns("completion with the names of a running daemon", () => {
  let lab: Lab;
  let client: DaemonProcess;

  beforeAll(async () => {
    lab = await Lab.create(prefix);
    client = await lab.client("laptop-ann");
    await lab.start(client);
  });

  afterAll(async () => await lab[Symbol.asyncDispose]());

  test("backends, connections, sessions and identities in every shell", async () => {
    const [connection] = await client.connections();
    const [session] = await client.sessions();
    const at = `sssonector ctl --socket ${client.socket}`;
    // Another process may have the processor for longer than the names may take.
    await expect.poll(async () => await bash(`${at} drain `), { timeout: 20_000 }).toEqual(["edge-01"]);
    await expect
      .poll(async () => await bash(`${at} kick `), { timeout: 20_000 })
      .toEqual([connection?.id, session?.id]);
    await expect.poll(async () => await bash(`${at} wait --for drained=`), { timeout: 20_000 }).toEqual(["edge-01"]);
    await expect.poll(async () => await fish(`${at} drain `), { timeout: 20_000 }).toEqual(["edge-01"]);
    await expect.poll(async () => await fish(`${at} wait --for up=`), { timeout: 20_000 }).toEqual(["up=edge-01"]);
    await expect
      .poll(async () => await zsh(`${at} drain e`), { timeout: 20_000 })
      .toBe(`${at.slice(11)} drain edge-01`);
    const server = `sssonector ctl --socket ${lab.server.socket}`;
    await expect.poll(async () => await bash(`${server} revoke l`), { timeout: 20_000 }).toEqual(["laptop-ann"]);
  });

  test("how long the names and `ctl status` take, beside bare Node", async () => {
    const sssonector = programPath("sssonector");
    const socket = ["--socket", client.socket];
    const all = {
      names: await taken([sssonector, "completion", "names", "backends", ...socket]),
      "ctl status": await taken([sssonector, "ctl", "status", ...socket]),
      "bare Node": await taken([process.execPath, "-e", "0"]),
    };
    for (const [what, times] of Object.entries(all)) {
      console.log(`${what}: ${times.map((time) => `${time.toFixed(0)} ms`).join(", ")}`);
    }
    expect(Object.values(all).flat()).toHaveLength(9);
  });
});
