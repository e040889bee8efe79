import path from "node:path";
import { programPath } from "../../../src/cli/demo/authority.ts";
import type { DaemonProcess } from "../../../src/cli/demo/daemon-process.ts";
import type { Finding } from "../../../src/daemon/diagnose/finding.ts";

export interface Diagnosis {
  readonly findings: readonly Finding[];
  readonly code: number | null;
}

/** Runs `sssonector doctor` for a daemon's config where that daemon lives; `wrapper` is a program that turns into it. */
export async function doctor(daemon: DaemonProcess, ...wrapper: string[]): Promise<Diagnosis> {
  const { code, text } = await run(daemon, wrapper, ["--json"]);
  const { findings } = JSON.parse(text) as { findings: Finding[] };
  return { findings, code };
}

/** What it tells people. */
export async function doctorText(daemon: DaemonProcess): Promise<{ code: number | null; text: string }> {
  return await run(daemon, [], []);
}

async function run(
  { namespace, directory, configFile }: DaemonProcess,
  wrapper: readonly string[],
  flags: readonly string[],
): Promise<{ code: number | null; text: string }> {
  const command = [...wrapper, programPath("sssonector"), "doctor", "--config", configFile, ...flags];
  const running = namespace.start("doctor", command, { env: { STATE_DIRECTORY: path.join(directory, "state") } });
  const { code } = await running.exited;
  if (running.stdout === "") throw new Error(`doctor says nothing: ${running.stderr}`);
  return { code, text: running.stdout };
}
