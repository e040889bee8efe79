/** What bench/workers.ts writes. */
export interface WorkersResult {
  /** Medians of the rates with two workers divided by those with one, of the same round. */
  two_to_one: Record<keyof WorkersRound, number>;
  rounds: { one: WorkersRound; two: WorkersRound }[];
}

export interface WorkersRound {
  /** ClientHellos that the server answered. */
  answers: Connects;
  handshakes: Connects;
  sessions: Connects;
}

export interface Connects {
  per_second: number;
  failed: number;
  server_cpu_ms_each: number;
  generator_cpu_ms_each: number;
}
