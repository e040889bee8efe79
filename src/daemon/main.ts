import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { systemClock } from "../shared/clock.ts";
import { type LogLevel, logLevelNames } from "../shared/control/log-line.ts";
import { describeError, SssonectorError } from "../shared/errors.ts";
import { loadSettings } from "./config/load.ts";
import { formatProblem } from "./config/problem.ts";
import { Daemon } from "./daemon.ts";
import { diagnose } from "./diagnose/diagnose.ts";
import { exitCodeOf } from "./diagnose/finding.ts";
import { reportJson, reportText } from "./diagnose/report.ts";
import { openLog } from "./logs/log.ts";
import { tlsSetOf } from "./tls-files.ts";
import { ServiceManager } from "./service-manager/service-manager.ts";

const usage =
  "usage: sssonectord [--config FILE] [--check-config | --diagnose [--json]] [--log-level LEVEL] [--version]";

const exit = { ok: 0, failed: 1, usage: 2 } as const;

interface Arguments {
  readonly config: string | undefined;
  readonly check: boolean;
  /** Look for what keeps the tunnel from working, instead of running it. */
  readonly diagnose: "text" | "json" | undefined;
  readonly level: LogLevel | undefined;
}

function readArguments(argv: string[]): Arguments | string {
  try {
    const { values } = parseArgs({
      args: argv,
      options: {
        config: { type: "string" },
        "check-config": { type: "boolean", default: false },
        diagnose: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        "log-level": { type: "string" },
        version: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    if (values.version) return `sssonectord ${version()}`;
    if (values.help) return usage;
    const level = logLevelNames.find((one) => one === values["log-level"]);
    if (values["log-level"] !== undefined && level === undefined) {
      throw new SssonectorError("usage", `--log-level must be one of ${logLevelNames.join(", ")}`);
    }
    const diagnose = values.json ? "json" : "text";
    return {
      config: values.config,
      check: values["check-config"],
      diagnose: values.diagnose ? diagnose : undefined,
      level,
    };
  } catch (error) {
    throw error instanceof SssonectorError ? error : new SssonectorError("usage", (error as Error).message);
  }
}

function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

async function runDiagnosis(file: string | undefined, form: "text" | "json"): Promise<number> {
  const findings = await diagnose({
    file,
    clock: systemClock,
    env: process.env,
    loadTls: (settings, from) => tlsSetOf(settings, systemClock.wall(), from),
  });
  process.stdout.write(form === "json" ? reportJson(findings) : reportText(findings));
  return exitCodeOf(findings);
}

async function run(argv: string[]): Promise<number> {
  const given = readArguments(argv);
  if (typeof given === "string") {
    console.log(given);
    return exit.ok;
  }
  if (given.diagnose !== undefined) return await runDiagnosis(given.config, given.diagnose);
  const loaded = loadSettings({
    cwd: process.cwd(),
    env: process.env,
    ...(given.config === undefined ? {} : { file: given.config }),
  });
  if (loaded.kind === "bad") {
    for (const problem of loaded.problems) console.error(formatProblem(problem));
    return exit.usage;
  }
  if (given.check) {
    console.log(`${loaded.file}: no problems`);
    for (const line of loaded.notInEffect) console.log(line);
    return exit.ok;
  }
  const { logging } = loaded.settings.monitoring;
  const log = await openLog({ ...logging, level: given.level ?? logging.level }, loaded.settings.core.name);
  // There is nowhere else to say it.
  if (log.error !== undefined) console.error(`sssonectord: the log can't be written: ${log.error}`);
  for (const line of loaded.notInEffect) log.write("warn", "not_in_effect", line);
  // A signal during the start ends the daemon as soon as there is one, so that nothing is left behind.
  const serviceManager = new ServiceManager(process.env, process.pid);
  let daemon: Daemon | undefined;
  let asked = false;
  const end = (): void => {
    asked = true;
    void daemon?.shutDown();
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  process.on("SIGHUP", () => daemon?.hangUp());
  try {
    daemon = await Daemon.start({
      loaded,
      file: resolve(loaded.file),
      clock: systemClock,
      log,
      version: version(),
      serviceManager,
    });
    if (asked) daemon.finish(exit.ok);
    const code = await daemon.ended;
    await daemon[Symbol.asyncDispose]();
    log.write("info", "stopped", "stopped");
    return code;
  } catch (error) {
    log.write("fatal", error instanceof SssonectorError ? error.code : "crashed", describeError(error));
    serviceManager.status(describeError(error));
    return exit.failed;
  } finally {
    log.close();
  }
}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  console.error(`sssonectord: ${describeError(error)}`);
  process.exitCode = error instanceof SssonectorError && error.code === "usage" ? exit.usage : exit.failed;
}
