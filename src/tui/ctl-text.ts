import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The command beside this program, which is TypeScript in the sources and JavaScript in dist/. */
const program = fileURLToPath(new URL(`../cli/main.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`, import.meta.url));
const limits = { timeout: 10_000, maxBuffer: 32 * 1024 * 1024 } as const;

/** Lines that `sssonector ctl` prints for these words: what it says, or why it says nothing. */
export function ctlText(words: readonly string[]): Promise<readonly string[]> {
  const { promise, resolve } = Promise.withResolvers<readonly string[]>();
  execFile(process.execPath, [program, "ctl", ...words], limits, (error, stdout, stderr) => {
    const text = stdout === "" ? stderr || (error?.message ?? "") : stdout;
    resolve(text.trimEnd().split("\n"));
  });
  return promise;
}
