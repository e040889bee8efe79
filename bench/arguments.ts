import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

export interface BenchArguments {
  /** Seconds of each measurement. */
  seconds: number;
  rounds: number;
  /** Names that peers.sh knows. */
  peers: string[];
  /** Directory of peers.sh and measure.sh. */
  peersDirectory: string;
  /** Directory of another build of this project, measured beside this one as "before". */
  before: string | undefined;
  /** Idle sessions whose memory is measured; 0: none. */
  sessions: number;
  /** Whether a result file is written. */
  write: boolean;
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} takes a whole number, not ${text}`);
  return value;
}

export function benchArguments(args: string[]): BenchArguments {
  const { values } = parseArgs({
    args,
    options: {
      seconds: { type: "string", default: "4" },
      rounds: { type: "string", default: "3" },
      peers: { type: "string", default: "relay,openvpn-udp,openvpn-tcp,wireguard-go" },
      "peers-dir": { type: "string", default: fileURLToPath(new URL("../../shared/bench", import.meta.url)) },
      before: { type: "string" },
      sessions: { type: "string", default: "500" },
      "no-write": { type: "boolean", default: false },
    },
  });
  return {
    seconds: positive("seconds", values.seconds),
    rounds: positive("rounds", values.rounds),
    peers: values.peers.split(",").filter((name) => name !== ""),
    peersDirectory: values["peers-dir"],
    before: values.before,
    sessions: positive("sessions", values.sessions),
    write: !values["no-write"],
  };
}
