import { readFileSync } from "node:fs";
import { errorCodes } from "../../../src/shared/errors.ts";
import { bold, italic, option, page, paragraph, section, term, text } from "./troff.ts";

const options = [
  {
    name: "config",
    value: "FILE",
    does: "The configuration; see sssonector.yaml(5). Without it: sssonector.yaml, sssonector.yml or sssonector.json of the working directory, else of /etc/sssonector.",
  },
  {
    name: "check-config",
    does: "Print every problem of the configuration as FILE:LINE:COLUMN: path: message, and end.",
  },
  { name: "diagnose", does: "Look for what keeps the tunnel from working, print it with what mends it, and end." },
  { name: "json", does: "With --diagnose: print JSON." },
  {
    name: "log-level",
    value: "LEVEL",
    does: "trace, debug, info, warn, error or fatal, instead of what is configured.",
  },
  { name: "version", does: "Print the version." },
];

/** man/sssonectord.8 */
export function daemonManual(): string {
  checkOptions();
  return page(
    "sssonectord",
    8,
    "SSSonector tunnel daemon",
    section("Synopsis", `${bold("sssonectord")} [${bold("--config")} ${italic("FILE")}] [${italic("OPTIONS")}]`),
    section(
      "Description",
      text(
        "sssonectord carries IP packets over mutually authenticated TLS between a TUN interface of this host and one of",
      ),
      text("another. Both ends run it: one configured as server, the other as client. It stays in the foreground."),
      paragraph(
        text(
          "It needs CAP_NET_ADMIN; forwarding proxy_arp needs CAP_NET_RAW too, a port below 1024 CAP_NET_BIND_SERVICE.",
        ),
      ),
    ),
    section("Options", ...options.map((row) => term(option(row), text(row.does)))),
    section(
      "Signals",
      term(bold("SIGHUP"), text("Read the configuration and certificates again; a bad set changes nothing.")),
      term(
        `${bold("SIGTERM")}, ${bold("SIGINT")}`,
        text("Let sessions move away for core.drain_timeout, then stop. Again: stop at once."),
      ),
    ),
    section(
      "Environment",
      term(
        bold("SSSONECTOR_..."),
        text("Any setting outside a list, such as SSSONECTOR_CORE_NAME for core.name; wins over the file."),
      ),
      term(bold("STATE_DIRECTORY"), text("Default of core.state_dir.")),
      term(
        `${bold("NOTIFY_SOCKET")}, ${bold("WATCHDOG_USEC")}`,
        text("Set by systemd: where and how often the daemon says that it is well."),
      ),
    ),
    section(
      "Files",
      term(italic("/etc/sssonector/sssonector.yaml"), text("Read by sssonectord.service.")),
      term(italic("/etc/sssonector/NAME.yaml"), text("Read by sssonector@NAME.service.")),
      term(italic("/run/sssonector/NAME.sock"), text("Control socket.")),
      term(
        italic("/var/lib/sssonector"),
        text("Leases, keys of session tokens, audit, journals of what was set up on the host."),
      ),
      term(
        italic("/usr/share/sssonector"),
        text("Drop-ins for the units, kernel settings, alert rules and dashboard, to be copied."),
      ),
    ),
    section(
      "Exit status",
      term(bold("0"), text("Stopped as asked.")),
      term(bold("1"), text("Failed.")),
      term(bold("2"), text("Bad usage or configuration.")),
    ),
    section(
      "Errors",
      text("A failure is reported as code: what happened; what mends it."),
      ...Object.entries(errorCodes)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([code, { means, next }]) => term(bold(code), text(`${sentence(means)} ${sentence(next)}`))),
    ),
    section("See also", `${bold("sssonector")}(1), ${bold("sssonector.yaml")}(5)`),
  );
}

/** The program's own usage line has to name the same options; it can't be imported, since it runs. */
function checkOptions(): void {
  const source = readFileSync(new URL("../../../src/daemon/main.ts", import.meta.url), "utf8");
  const [usage = ""] = /"usage: sssonectord[^"]*"/.exec(source) ?? [];
  const named = new Set(usage.match(/(?<=--)[a-z-]+/g));
  const missing = [...named].filter((name) => !options.some((row) => row.name === name));
  if (missing.length > 0 || named.size !== options.length) {
    throw new Error(`options of sssonectord: its usage has ${[...named].join(", ")}; see scripts/docs/man/daemon.ts`);
  }
}

function sentence(words: string): string {
  if (words === "") return "";
  const first = words.charAt(0).toUpperCase() + words.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
