import { eventRows } from "../../src/shared/event-codes.ts";
import { logKeys } from "../../src/shared/log-keys.ts";
import { table } from "./markdown.ts";

/** docs/events.md: every event, and every field of a log line. */
export function eventsPage(): string {
  const rows = Object.entries(eventRows).map(([code, { severity, means, next = "-", peer, security }]) => {
    const marks = [security === true ? "security" : "", peer === true ? "limited" : ""].filter((mark) => mark !== "");
    return [`\`${code}\``, severity === "varies" ? "info, warning" : severity, marks.join(", "), means, next];
  });
  const keys = Object.entries(logKeys).map(([key, text]) => [`\`${key}\``, text]);
  return [
    "# Events and log lines",
    "",
    "`sssonector ctl events` shows events, `sssonector ctl logs` log lines; each event is also a log line. Codes and field",
    "names are stable. Generated from src/shared/event-codes.ts and src/shared/log-keys.ts.",
    "",
    "- A log line is one JSON object (or text for people, `monitoring.logging.format`). `level` is pino's number: 10 trace,",
    "  20 debug, 30 info, 40 warn, 50 error, 60 fatal; an event of severity info is 30, warning 40, critical 50. `time` is",
    "  milliseconds since 1970, `msg` the text, `name` the daemon's `core.name`.",
    "- A log file that was moved or removed is opened anew within a second, at once by SIGHUP or `ctl reload`: logrotate needs",
    "  neither `copytruncate` nor a script (use `delaycompress`). What can't be written is counted, shown by `ctl status` and",
    "  dropped; traffic goes on. `ctl logs` has the newest lines wherever the log goes.",
    "- What a peer sends never reaches a line raw: control characters become `?`, and what is long is cut.",
    "- “limited”: a peer may cause it as often as it likes, so that there are at most 30 lines at once and one a second for",
    "  each peer, and ten a second for all peers without a certificate; the next line says in `suppressed` how many were left",
    "  out. The metric `sssonector_events_total` counts them all.",
    "- “security”: somebody tried what they may not.",
    "",
    "## Events",
    "",
    ...table(["Code", "Severity", "Marks", "Means", "What to do"], rows),
    "",
    "## Fields",
    "",
    ...table(["Field", "Meaning"], keys),
    "",
  ].join("\n");
}
