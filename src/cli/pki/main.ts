import { describeError, SssonectorError } from "../../shared/errors.ts";
import { type Io, processIo } from "../io.ts";
import { commands } from "./commands.ts";

/** `sssonector pki …`; returns the exit code: 0 done, 1 failed, 2 bad usage. */
export async function run(args: readonly string[], io: Io = processIo): Promise<number> {
  try {
    // yargs hands its help to the callback instead of printing it.
    await commands(io).parseAsync([...args], {}, (_error, _given, help) => {
      if (help !== "") io.out(`${help}\n`);
    });
    return 0;
  } catch (error) {
    io.err(`sssonector pki: ${describeError(error)}\n`);
    return error instanceof SssonectorError && error.code === "usage" ? 2 : 1;
  }
}
