import { describeError } from "../shared/errors.ts";
import { programs } from "./programs.ts";

function help(): string {
  const rows = [...programs].map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`);
  return ["usage: sssonector COMMAND [ARGUMENTS]", "", ...rows, "", "  --version  print the version", ""].join("\n");
}

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === "--version" || name === "version") {
    const { ownVersion } = await import("./own-version.ts");
    process.stdout.write(`${ownVersion()}\n`);
    return 0;
  }
  if (name === "--help" || name === "-h" || name === "help") {
    process.stdout.write(help());
    return 0;
  }
  const program = programs.get(name ?? "");
  if (program !== undefined) return (await program.load()).run(rest);
  const problem = name === undefined ? "a command is missing" : `unknown command ${JSON.stringify(name)}`;
  process.stderr.write(`sssonector: ${problem}; commands: ${[...programs.keys()].join(", ")}\n`);
  return 2;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`sssonector: ${describeError(error)}\n`);
  process.exitCode = 1;
}
