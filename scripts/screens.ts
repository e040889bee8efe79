/**
 * Takes the pictures of the console in docs/screens/ and the README from the real one: `node scripts/screens.ts DIRECTORY` runs `sssonector
 * top` in tmux against the daemon whose control socket is the only one there, presses keys and writes what the terminal
 * shows.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const root = join(import.meta.dirname, "..");
const folder = join(root, "docs/screens");

interface Shot {
  readonly file: string;
  readonly columns: number;
  readonly rows: number;
  /** Keys, each with a pause behind it. */
  readonly keys: readonly string[];
}

const shots: readonly Shot[] = [
  { file: "connections-80x24.txt", columns: 80, rows: 24, keys: [] },
  { file: "backends-120x40.txt", columns: 120, rows: 40, keys: ["2", "Down"] },
  { file: "drain-100x30.txt", columns: 100, rows: 30, keys: ["2", "Down", "Down", "d"] },
  { file: "detail-100x40.txt", columns: 100, rows: 40, keys: ["Down", "Enter"] },
  { file: "rewind-100x30.txt", columns: 100, rows: 30, keys: ["2", "[", "[", "["] },
];

let shotsTaken = 0;
function tmux(...args: string[]): string {
  return execFileSync("tmux", ["-L", `sssonector-screens-${process.pid}-${shotsTaken}`, "-f", "/dev/null", ...args], {
    encoding: "utf8",
  });
}

async function shown(wanted: RegExp): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end; await delay(100)) {
    if (wanted.test(tmux("capture-pane", "-p"))) return;
  }
  throw new Error(`not on the screen: ${wanted}`);
}

/** Milliseconds that the console gets to draw after a key, and to watch before a picture. */
const afterKey = 1200;

async function take(directory: string, { file, columns, rows, keys }: Shot): Promise<void> {
  shotsTaken += 1;
  const command = `RUNTIME_DIRECTORY=${directory} XDG_CONFIG_HOME=/nonexistent exec ${join(root, "bin/sssonector")} top`;
  tmux("new-session", "-d", "-x", String(columns), "-y", String(rows), command);
  try {
    await shown(/● LIVE/);
    await delay(afterKey * 3);
    for (const key of keys) {
      tmux("send-keys", key);
      await delay(afterKey);
    }
    const lines = tmux("capture-pane", "-p").split("\n");
    const text = lines.map((line) => line.trimEnd()).join("\n");
    writeFileSync(join(folder, file), `${text.trimEnd()}\n`);
  } finally {
    tmux("kill-server");
  }
}

/** The README shows the first picture. */
function intoReadme({ file }: Shot): void {
  const path = join(root, "README.md");
  const picture = readFileSync(join(folder, file), "utf8").trimEnd();
  const block = ["<!-- screen -->", "```text", picture, "```", "<!-- /screen -->"].join("\n");
  const page = readFileSync(path, "utf8");
  writeFileSync(
    path,
    page.replace(/<!-- screen -->[^]*<!-- \/screen -->/, () => block),
  );
}

const [directory] = process.argv.slice(2);
if (directory === undefined) {
  console.error("usage: node scripts/screens.ts DIRECTORY");
  process.exitCode = 2;
} else {
  mkdirSync(folder, { recursive: true });
  for (const shot of shots) await take(directory, shot);
  for (const shot of shots.slice(0, 1)) intoReadme(shot);
}
