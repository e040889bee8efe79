import { type z, ZodError } from "zod";
import {
  type Method,
  type Params,
  type Result,
  type RpcErrorKind,
  type RpcErrorObject,
  type RpcMessage,
  type RpcRequest,
  rpcErrors,
} from "../../shared/control/protocol.ts";
import { printable } from "../../shared/text.ts";
import { paramSchemas } from "./params.ts";

/** A request whose method exists and whose parameters are as the method takes them. */
export type Call = { [M in Method]: { id: RpcRequest["id"]; method: M; params: Params<M> } }[Method];

export type Parsed = { kind: "call"; call: Call } | { kind: "bad"; answer: RpcMessage };

/** Reads one text message; what is wrong with it is an answer for its sender. */
export function parseRequest(text: string): Parsed {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return bad(null, "parse", "not JSON");
  }
  if (!isRequest(message)) return bad(idOf(message), "invalid_request", 'want {"jsonrpc":"2.0","id":…,"method":…}');
  if (!isMethod(message.method)) {
    return bad(message.id, "unknown_method", `no method ${JSON.stringify(printable(message.method, 40))}`);
  }
  return withParams(message.id, message.method, message.params ?? {});
}

function withParams(id: RpcRequest["id"], method: Method, params: unknown): Parsed {
  const schema: z.ZodType<Params<Method>> = paramSchemas[method];
  const parsed = schema.safeParse(params);
  if (!parsed.success) return bad(id, "invalid_params", describeIssues(parsed.error));
  // The method and the type of its parameters belong together by the schema table.
  return { kind: "call", call: { id, method, params: parsed.data } as Call };
}

/** What a call came to: members of its answer. */
export type Outcome = { result: Result<Method> } | { error: RpcErrorObject };

export function failure(kind: RpcErrorKind, message: string): { error: RpcErrorObject } {
  return { error: rpcError(kind, message) };
}

function rpcError(kind: RpcErrorKind, message: string): RpcErrorObject {
  return { code: rpcErrors[kind].code, message, data: { kind } };
}

function bad(id: RpcRequest["id"] | null, kind: RpcErrorKind, message: string): Parsed {
  return { kind: "bad", answer: { jsonrpc: "2.0", id, error: rpcError(kind, message) } };
}

function describeIssues(error: ZodError): string {
  const lines = error.issues.map((issue) => `${issue.path.join(".") || "params"}: ${issue.message}`);
  return printable(lines.join("; "), 300);
}

function isMethod(name: string): name is Method {
  return Object.hasOwn(paramSchemas, name);
}

function isRequest(message: unknown): message is RpcRequest {
  if (typeof message !== "object" || message === null) return false;
  const request: Partial<Record<keyof RpcRequest, unknown>> = message;
  return request.jsonrpc === "2.0" && typeof request.method === "string" && idOf(message) !== null;
}

function idOf(message: unknown): RpcRequest["id"] | null {
  if (typeof message !== "object" || message === null || !("id" in message)) return null;
  const { id } = message;
  return (typeof id === "string" && id.length <= 64) || typeof id === "number" ? id : null;
}
