import yargs, { type Argv } from "yargs";
import { SssonectorError } from "../../shared/errors.ts";
import type { Io } from "../io.ts";
import { init, issue, renew, renewCrl, revoke } from "./actions.ts";
import { bundlePath, clientBundle } from "./bundle.ts";
import { privateMode, refuseExisting, writeAtomically } from "./files.ts";
import { locked } from "./lock.ts";
import * as option from "./options.ts";
import { certificateRows, certificateTable } from "./show.ts";

/** The command line of `pki`: data on `io.out`, what was done on `io.err`; a bad one throws `usage`. */
export function commands(io: Io): Argv<{ dir: string }> {
  const now = (): number => io.clock.wall();
  const alone = <T>(dir: string, act: () => Promise<T>): Promise<T> => locked(dir, io.clock, act);
  const wrote = (paths: readonly string[]): void => io.err(paths.map((path) => `wrote ${path}\n`).join(""));
  return parser()
    .command(
      "init",
      "make a CA, its CRL and a cluster secret",
      (of) => of.option("name", option.caName).option("force", option.force),
      async ({ dir, name, force }) => wrote(await alone(dir, () => init(dir, name, force, now()))),
    )
    .command(
      "issue",
      "sign a certificate with a new key",
      (of) =>
        of
          .option("role", option.role)
          .option("name", option.name)
          .option("san", option.san)
          .option("days", option.days)
          .option("force", option.force),
      async ({ dir, name, role, san, days, force }) =>
        wrote(await alone(dir, () => issue(dir, { name, role, sans: san, days }, force, now()))),
    )
    .command(
      "renew",
      "sign a name's certificate again, with a new key",
      (of) => of.option("name", option.name),
      async ({ dir, name }) => wrote(await alone(dir, () => renew(dir, name, now()))),
    )
    .command(
      "revoke",
      "revoke every certificate of a name",
      (of) => of.option("name", option.name),
      async ({ dir, name }) => {
        const serials = await alone(dir, () => revoke(dir, name, now()));
        io.err(serials.map((serial) => `revoked ${name}, serial ${serial}\n`).join(""));
      },
    )
    .command(
      "crl",
      "sign the CRL again",
      (of) => of,
      async ({ dir }) => wrote([await alone(dir, () => renewCrl(dir, now()))]),
    )
    .command(
      "bundle",
      "write a client's whole configuration",
      (of) =>
        of
          .option("name", option.name)
          .option("endpoint", option.endpoint)
          .option("output", option.output)
          .option("force", option.force),
      async ({ dir, name, endpoint, output, force }) => {
        const text = await clientBundle(dir, name, endpoint);
        if (output === "-") return io.out(text);
        const path = output ?? bundlePath(dir, name);
        if (!force) await refuseExisting([path]);
        await writeAtomically(path, text, privateMode);
        wrote([path]);
      },
    )
    .command(
      "show",
      "list what was issued",
      (of) => of.option("name", option.anyName).option("json", option.json),
      async ({ dir, name, json }) => {
        const rows = await certificateRows(dir, name, now());
        io.out(json ? `${JSON.stringify({ v: 1, certificates: rows })}\n` : certificateTable(rows));
      },
    );
}

/** yargs by default exits 1 and prints the whole help for a typing mistake. */
function parser(): Argv<{ dir: string }> {
  return yargs()
    .scriptName("sssonector pki")
    .usage("usage: $0 COMMAND --dir DIR [OPTIONS]")
    .parserConfiguration({ "dot-notation": false, "boolean-negation": false })
    .option("dir", option.dir)
    .demandCommand(1, 1, "a command is missing", "one command at a time")
    .strict()
    .version(false)
    .exitProcess(false)
    .fail((message: string | null, error: unknown) => {
      // yargs wraps what a value's check throws into an error of its own.
      const typing = !(error instanceof Error) || error.name === "YError";
      throw typing ? new SssonectorError("usage", oneLine(error instanceof Error ? error.message : message)) : error;
    });
}

function oneLine(message: string | null): string {
  return (message ?? "bad usage").replaceAll(/\s*\n\s*/g, " ").trim();
}
