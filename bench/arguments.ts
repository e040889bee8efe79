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

/** What every comparison with peers takes. */
export const benchOptions: {
  readonly seconds: { readonly type: "string"; readonly default: string };
  readonly "peers-dir": { readonly type: "string"; readonly default: string };
  readonly "no-write": { readonly type: "boolean"; readonly default: false };
} = {
  seconds: { type: "string", default: "4" },
  "peers-dir": { type: "string", default: fileURLToPath(new URL("../../shared/bench", import.meta.url)) },
  "no-write": { type: "boolean", default: false },
};

/** The whole number that an option takes. Throws what is wrong otherwise. */
export function positive(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} takes a whole number, not ${text}`);
  return value;
}

export function benchArguments(args: string[]): BenchArguments {
  const { values } = parseArgs({
    args,
    options: {
      ...benchOptions,
      rounds: { type: "string", default: "3" },
      peers: { type: "string", default: "relay,openvpn-udp,openvpn-tcp,wireguard-go" },
      before: { type: "string" },
      sessions: { type: "string", default: "500" },
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
