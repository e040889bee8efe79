import { z } from "zod";
import { verbs } from "../../../src/cli/ctl/verbs.ts";
import { answers } from "./answers.ts";
import { fieldComments } from "./comments.ts";
import * as rows from "./rows.ts";
import { daemon } from "./state.ts";

type Schema = z.core.JSONSchema.BaseSchema;

/** Parts of answers that stand in $defs of their own. */
const parts: Readonly<Record<string, z.ZodType>> = {
  Alert: daemon.alert,
  Attached: daemon.attached,
  Backend: rows.backend,
  Breaker: rows.breaker,
  Bucket: rows.bucket,
  CertificateRow: rows.ownCertificate,
  ConfigRow: rows.configRow,
  Connection: rows.connection,
  ControlState: daemon.control,
  DaemonEvent: daemon.event,
  DeniedRow: rows.denied,
  HistoryPoint: daemon.historyPoint,
  LastReload: daemon.lastReload,
  LogLine: rows.logLine,
  PeerCertificateRow: rows.peerCertificate,
  Resources: daemon.resources,
  Service: rows.service,
  Session: rows.session,
  Status: daemon.status,
  Talker: rows.talker,
  TopTalkers: rows.topTalkers,
  Unconfirmed: daemon.unconfirmed,
};

/** What of an answer is no verb's own. */
const lines: Readonly<Record<string, string>> = {
  outcome: "every action",
  event: "a line of `events --follow` and `events --watch`",
  log_line: "a line of `logs --follow` and `logs --watch`",
};

/** The interface of an answer that has not the name of its definition. */
const interfaces: Readonly<Record<string, string>> = {
  status: "Status",
  health: "HealthAnswer",
  certificates: "CertificateReport",
  "top-talkers": "TopTalkers",
  snapshot: "Snapshot",
  version: "VersionAnswer",
  capture: "CaptureAnswer",
  record: "RecordAnswer",
  wait: "WaitAnswer",
  outcome: "ActionOutcome",
  event: "DaemonEvent",
  log_line: "LogLine",
};

/** docs/ctl.schema.json: what `ctl VERB --json` prints is `#/$defs/VERB`; readers may meet more fields. */
export function ctlSchema(): string {
  const comments = fieldComments();
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries({ ...parts, ...answers })) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { uri: reference, override: ({ jsonSchema }) => loosen(jsonSchema) });
  const defs = Object.entries(schemas).map(([id, schema]) => [id, described(id, withComments(id, schema, comments))]);
  const actions = verbs.filter(({ kind }) => kind === "act");
  const ofActions = actions.map(({ name, does }) => [name, { description: does, $ref: reference("outcome") }]);
  const document = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "sssonector ctl --json",
    description:
      "What `sssonector ctl VERB --json` prints is #/$defs/VERB, with --watch one per line; more fields may come. " +
      "Generated from scripts/docs/ctl-schema.",
    $defs: Object.fromEntries([...defs, ...ofActions]),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function reference(id: string): string {
  return `#/$defs/${id}`;
}

function described(id: string, schema: Schema): object {
  const description = lines[id] ?? verbs.find(({ name }) => name === id)?.does;
  const own = Object.entries(schema).filter(([key]) => key !== "$schema" && key !== "$id");
  return { ...(description === undefined ? {} : { description }), ...Object.fromEntries(own) };
}

/** The schema with what the source says of its fields. */
function withComments(id: string, schema: Schema, comments: ReadonlyMap<string, string>): Schema {
  const fields = Object.entries(schema.properties ?? {}).map(([field, value]) => {
    const description = comments.get(`${interfaces[id] ?? id}.${field}`);
    return [field, description === undefined || value === true || value === false ? value : { description, ...value }];
  });
  return { ...schema, properties: Object.fromEntries(fields) };
}

/** Lets readers meet more fields; takes out the bounds that JavaScript's whole numbers have. */
function loosen(schema: Schema): void {
  if (schema.additionalProperties === false) delete schema.additionalProperties;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
}
