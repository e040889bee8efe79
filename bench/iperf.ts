import type { Namespace } from "../src/cli/demo/namespace.ts";

export interface IperfInterval {
  streams: { bytes: number }[];
  sum: { bytes: number; seconds: number };
}

interface IperfReport {
  error?: string;
  intervals: IperfInterval[];
  end: {
    sum_received?: { bits_per_second: number };
    sum_sent?: { bytes: number };
  };
}

interface Run {
  /** Where the client is. */
  from: Namespace;
  /** Where the server is, and the address at which the client reaches it. */
  to: Namespace;
  address: string;
  seconds: number;
}

/** What `iperf3 -J` says with these options; a server of its own for each run, since one may be busy with the last. */
export async function iperf({ from, to, address, seconds }: Run, ...options: string[]): Promise<IperfReport> {
  await using server = to.start("iperf3", ["iperf3", "-s", "-1", "--forceflush", "-B", address]);
  await server.line(/Server listening/);
  return await iperfClient(from, address, seconds, ...options);
}

/** The same against a server that runs already. */
export async function iperfClient(
  from: Namespace,
  address: string,
  seconds: number,
  ...options: string[]
): Promise<IperfReport> {
  const argv = ["iperf3", "-c", address, "-t", String(seconds), "-J", ...options];
  const report = JSON.parse(await from.run(...argv)) as IperfReport;
  if (report.error !== undefined) throw new Error(`iperf3: ${report.error}`);
  return report;
}

/** Mbit/s that TCP flows delivered. */
export async function goodput(run: Run, ...options: string[]): Promise<number> {
  const report = await iperf(run, ...options);
  return Math.round((report.end.sum_received?.bits_per_second ?? 0) / 1e4) / 100;
}
