import { z } from "zod";
import type { Answers } from "../../../src/cli/ctl/answers.ts";
import { objectOf } from "./held.ts";
import { daemon } from "./state.ts";
import * as rows from "./rows.ts";
import { count, text, texts } from "./values.ts";

type Answer<Name extends keyof Answers> = Answers[Name] & { v: 1 };
const v = z.literal(1);
const { event, status } = daemon;

const tables = {
  connections: z.array(rows.connection),
  sessions: z.array(rows.session),
  backends: z.array(rows.backend),
  breakers: z.array(rows.breaker),
  services: z.array(rows.service),
  buckets: z.array(rows.bucket),
  events: z.array(event),
};

/** Every object that `ctl --json` prints, by the verb or the kind of line; strict, for tests of our own output. */
export const answers: { readonly [Name in keyof Answers]: z.ZodType<Answer<Name>> } = {
  status: status.extend({ v }),
  health: objectOf<Answer<"health">>()({
    v,
    health: z.enum(["ok", "degraded", "critical", "unreachable"]),
    state: daemon.daemonState.nullable(),
    alerts: z.array(daemon.alert),
    backends_down: texts,
    breakers_not_closed: texts,
  }),
  connections: objectOf<Answer<"connections">>()({ v, connections: tables.connections }),
  sessions: objectOf<Answer<"sessions">>()({ v, sessions: tables.sessions }),
  backends: objectOf<Answer<"backends">>()({ v, backends: tables.backends }),
  breakers: objectOf<Answer<"breakers">>()({ v, breakers: tables.breakers }),
  certificates: objectOf<Answer<"certificates">>()({
    v,
    own: z.array(rows.ownCertificate),
    peers: z.array(rows.peerCertificate),
    peers_total: count,
    denied: z.array(rows.denied),
  }),
  services: objectOf<Answer<"services">>()({ v, services: tables.services }),
  buckets: objectOf<Answer<"buckets">>()({ v, buckets: tables.buckets }),
  events: objectOf<Answer<"events">>()({ v, events: tables.events }),
  "top-talkers": rows.topTalkers.extend({ v }),
  logs: objectOf<Answer<"logs">>()({ v, lines: z.array(rows.logLine) }),
  metrics: objectOf<Answer<"metrics">>()({ v, text }),
  config: objectOf<Answer<"config">>()({ v, config: z.array(rows.configRow) }),
  snapshot: objectOf<Answer<"snapshot">>()({
    v,
    time_ms: z.number(),
    status,
    control: daemon.control,
    ...tables,
    top: rows.topTalkers,
    history: z.array(daemon.historyPoint),
  }),
  version: objectOf<Answer<"version">>()({
    v,
    version: text,
    daemon: z.strictObject({ name: text, version: text, pid: count, protocol: count }),
  }),
  capture: objectOf<Answer<"capture">>()({ v, file: text, packets: count, dropped: count }),
  record: objectOf<Answer<"record">>()({ v, file: text, lines: count }),
  wait: objectOf<Answer<"wait">>()({
    v,
    name: text,
    state: daemon.daemonState,
    sessions: count,
    connections: count,
    backend: rows.backend.nullable(),
    breaker: rows.breaker.nullable(),
  }),
  outcome: rows.outcome.extend({ v }),
  event: event.extend({ v }),
  log_line: rows.logLine.extend({ v }),
};
