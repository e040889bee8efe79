/** What bench/sessions.ts writes. */
export interface SessionsResult {
  growth: Growth[];
  idle: Holding;
  holding: Holding & { seconds: number; links_lost: number; echo: Echoes };
  handshakes: Attempts & { server_cpu_ms_each: number | null };
  storm: Stormed;
}

export interface Growth {
  sessions: number;
  rss_anon_kib: number;
  /** Since the level before; null at the first. */
  rss_anon_kib_per_session: number | null;
  new_sessions_per_second: number;
  server_cpu_ms_per_new_session: number;
  /** Ten sessions send, whatever the number of sessions. */
  echo_p50_ms: number | null;
  echo_p99_ms: number | null;
  /** To find the session of a packet's destination. */
  route_ns: number;
}

export interface Holding {
  sessions: number;
  cpu_percent_of_a_core: number;
  rss_anon_kib: number;
  descriptors: number;
  /** The longest within the last minute, by thread. */
  loop_delay_ms: Record<string, number>;
}

export interface Stormed {
  /** New sessions a second without the storm, while the held ones are silent. */
  peak_sessions_per_second: number;
  storm_per_second: number;
  /** New sessions a second beside the storm. */
  sessions_per_second: number;
  goodput_ratio: number;
  /** Round trips of live sessions beside it. */
  echo: Echoes;
  loop_delay_ms: Record<string, number>;
  /** What the storm's connections came to. */
  connections: Record<string, number>;
}

export interface Echoes {
  sent: number;
  answered: number;
  p50_ms: number | null;
  p99_ms: number | null;
  max_ms: number | null;
  /** Links that ended, since the generator's start. */
  lost: number;
  last_loss: string;
}

export interface Attempts {
  done: number;
  failed: number;
  per_second: number;
}

export interface Opened {
  sessions: number;
  per_second: number;
}
