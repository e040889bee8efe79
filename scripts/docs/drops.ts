import { dropReasons } from "../../src/daemon/metrics/counters.ts";
import { refusalReasons } from "../../src/daemon/tls/refusal.ts";
import { table } from "./markdown.ts";

/** docs/drops.md: every reason for which a packet is dropped or a handshake refused. */
export function dropsPage(): string {
  const drops = Object.entries(dropReasons).map(([reason, { side, text }]) => [`\`${reason}\``, side, text]);
  const refusals = Object.entries(refusalReasons).map(([reason, text]) => [`\`${reason}\``, text]);
  return [
    "# Drops and refusals",
    "",
    "`sssonector ctl status` counts them by these names. Generated from src/daemon/metrics/counters.ts and",
    "src/daemon/tls/refusal.ts.",
    "",
    "## Dropped packets and frames",
    "",
    "Outbound: read from this end's TUN and not sent. Inbound: received from the peer and not written to the TUN. Frames",
    "accepted by one end = frames injected by the other + its inbound drops + this end's `link_closed`.",
    "",
    ...table(["Reason", "Side", "Meaning"], drops),
    "",
    "## Refused handshakes",
    "",
    ...table(["Reason", "Meaning"], refusals),
    "",
  ].join("\n");
}
