import { checks } from "../../src/daemon/diagnose/finding.ts";
import { table } from "./markdown.ts";

/** docs/doctor.md: what `sssonector doctor` looks at. */
export function doctorPage(): string {
  const rows = Object.entries(checks).map(([name, text]) => [`\`${name}\``, text]);
  return [
    "# `sssonector doctor`",
    "",
    "    sssonector doctor [--config FILE] [--json]",
    "",
    "Finds why a tunnel does not start or carries nothing, and prints the command that mends it. Run it on the host and as",
    "the user of the daemon, while the daemon runs or not: it changes nothing, makes no session and disturbs none. A server",
    "is asked with a greeting of no protocol version, which it answers without a session; it counts that as one refusal.",
    "",
    "Each finding is `ok`, `warning`, `failed`, or `skipped` where it could not be looked at. `--json` prints",
    '`{"v": 1, "findings": [{"check", "verdict", "message", "next"}]}`. The exit code is that of the worst finding: 0 nothing',
    "to mend, 1 warnings, 2 failures.",
    "",
    ...table(["Check", "Looks at"], rows),
    "",
    "`mtu` needs the `ping` of iputils, `firewall` the `nft` of nftables and the right to list its rules.",
    "Generated from src/daemon/diagnose/finding.ts.",
    "",
  ].join("\n");
}
