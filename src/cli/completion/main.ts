import { bashScript } from "./bash.ts";
import { fishScript } from "./fish.ts";
import { liveNames } from "./names.ts";
import { liveKinds, places } from "./places.ts";
import { type ScriptTable, scriptTable } from "./script-table.ts";
import { zshScript } from "./zsh.ts";

const usage = `usage: sssonector completion bash|zsh|fish

Prints the completion for that shell, for example: source <(sssonector completion bash)

  --help
`;

const shells: Readonly<Record<string, (table: ScriptTable) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** `sssonector completion SHELL`; and `names KIND… [--socket PATH]`, which the scripts ask. Returns the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const [first = "", ...rest] = args;
  if (first === "names") {
    process.stdout.write(await names(rest));
    // Nobody waits for a daemon that does not answer.
    process.exit(0);
  }
  const script = Object.hasOwn(shells, first) ? shells[first] : undefined;
  if (script !== undefined && rest.length === 0) {
    process.stdout.write(script(scriptTable(places())));
    return 0;
  }
  if (first === "--help" || first === "-h") {
    process.stdout.write(usage);
    return 0;
  }
  process.stderr.write(`sssonector completion: takes bash, zsh or fish\n`);
  return 2;
}

async function names(args: readonly string[]): Promise<string> {
  const flag = args.findIndex((word) => word.startsWith("--socket"));
  const words = flag < 0 ? args : args.slice(0, flag);
  const socket = flag < 0 ? undefined : (args[flag]?.split("=", 2)[1] ?? args[flag + 1]);
  const kinds = liveKinds.filter((kind) => words.includes(kind));
  return await liveNames(kinds, socket);
}
