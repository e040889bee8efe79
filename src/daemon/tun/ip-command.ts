import { execFile } from "node:child_process";
import { SssonectorError } from "../../shared/errors.ts";

/** A line of a batch that `ip` did not carry out. */
export interface BatchFailure {
  /** Index in the lines given. */
  readonly line: number;
  /** What `ip` said, such as "RTNETLINK answers: File exists". */
  readonly reason: string;
}

/** The `ip` of iproute2. Arguments are fixed words and checked addresses; no shell is involved. */
export interface IpCommand {
  /** Output of `ip -json ARGS`, parsed. Error: host_ip. */
  query(args: readonly string[]): Promise<unknown>;
  /** Runs each line, also after one has failed. Error: host_ip when `ip` can't be run. */
  batch(lines: readonly (readonly string[])[]): Promise<BatchFailure[]>;
}

const timeout = 10_000;
const longestOutput = 64 * 1024 * 1024;

export const ipCommand: IpCommand = {
  async query(args) {
    checkWords(args);
    const { code, stdout, stderr } = await run(["-json", ...args], "");
    if (code !== 0) throw new SssonectorError("host_ip", `ip ${args.join(" ")}: ${firstLine(stderr)}`);
    return stdout.trim() === "" ? [] : JSON.parse(stdout);
  },
  async batch(lines) {
    if (lines.length === 0) return [];
    for (const words of lines) checkWords(words);
    const input = lines.map((words) => `${words.join(" ")}\n`).join("");
    const { code, stderr } = await run(["-force", "-batch", "-"], input);
    const failures = parseFailures(stderr);
    if (code !== 0 && failures.length === 0) throw new SssonectorError("host_ip", `ip -batch: ${firstLine(stderr)}`);
    return failures;
  },
};

/** Callers pass what they have checked; this keeps a slip from becoming another command in a batch. */
function checkWords(words: readonly string[]): void {
  const odd = words.find((word) => !/^(?!.*["'#\\])[!-~]+$/.test(word));
  if (odd !== undefined) throw new SssonectorError("internal", `${JSON.stringify(odd)} is no word for ip`);
}

interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(args: readonly string[], input: string): Promise<Finished> {
  const { promise, resolve, reject } = Promise.withResolvers<Finished>();
  const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };
  const child = execFile("ip", args, { env, timeout, maxBuffer: longestOutput }, (error, stdout, stderr) => {
    if (error === null) resolve({ code: 0, stdout, stderr });
    else if (typeof error.code === "number") resolve({ code: error.code, stdout, stderr });
    else reject(new SssonectorError("host_ip", `ip can't be run: ${error.message}`, { cause: error }));
  });
  // A child that ends early closes the pipe; its exit code says why.
  child.stdin?.on("error", () => {});
  child.stdin?.end(input);
  return promise;
}

/** `ip -force -batch` tells what is wrong, then "Command failed -:LINE", counted from 1. */
export function parseFailures(stderr: string): BatchFailure[] {
  const failures: BatchFailure[] = [];
  let said: string[] = [];
  for (const text of stderr.split("\n")) {
    const line = /^Command failed -:(\d+)$/.exec(text)?.[1];
    if (line === undefined) {
      if (text !== "") said.push(text);
      continue;
    }
    failures.push({ line: Number(line) - 1, reason: said.join(" ") });
    said = [];
  }
  return failures;
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
