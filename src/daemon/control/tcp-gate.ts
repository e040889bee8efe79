import type { IncomingMessage } from "node:http";
import { describeError } from "../../shared/errors.ts";
import type { Grant } from "./peer.ts";
import { type ControlToken, findToken } from "./tokens.ts";

export type Gate =
  | { readonly kind: "open"; readonly grant: Grant; readonly token: ControlToken }
  | { readonly kind: "shut"; readonly status: 401 | 403; readonly reason: string };

export interface TcpRules {
  /** `host:port` that the daemon listens on. */
  readonly host: string;
  /** Read anew for each connection, so that a token that was taken out counts no more. */
  readonly tokens: () => readonly ControlToken[];
}

/**
 * Who asks for the control channel over TCP. A web page, also one whose name was made to resolve to this host, is kept out
 * by Origin and Host before its token is looked at.
 */
export function tcpGate(request: Pick<IncomingMessage, "headersDistinct">, { host, tokens }: TcpRules): Gate {
  const { origin, host: hosts = [], authorization = [] } = request.headersDistinct;
  if (origin !== undefined) return shut(403, "no web page may use this port");
  if (hosts.length !== 1 || hosts[0] !== host) return shut(403, `the Host header must be ${host}`);
  const [scheme, given, more] = (authorization[0] ?? "").split(" ");
  if (authorization.length !== 1 || scheme !== "Bearer" || given === undefined || more !== undefined) {
    return shut(401, "a token is needed: Authorization: Bearer TOKEN");
  }
  try {
    const token = findToken(tokens(), given);
    if (token === undefined) return shut(401, "the token is none of control.tcp.token_file");
    const user = `${token.role} token of line ${token.line}`;
    return { kind: "open", grant: { role: token.role, user, who: `${user} (tcp)` }, token };
  } catch (error) {
    return shut(403, describeError(error));
  }
}

/** Whether a token that opened the gate still would, in the same role; while the file is bad none does. */
export function stillGood(tokens: TcpRules["tokens"]): (token: ControlToken) => boolean {
  try {
    const known = tokens();
    return ({ role, digest }) => known.some((one) => one.role === role && one.digest.equals(digest));
  } catch {
    return () => false;
  }
}

function shut(status: 401 | 403, reason: string): Gate {
  return { kind: "shut", status, reason };
}
