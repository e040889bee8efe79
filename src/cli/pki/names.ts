import { isIP } from "node:net";
import { SssonectorError } from "../../shared/errors.ts";
import { identityNameLimit, isIdentityName } from "../../shared/identity.ts";

/** Names whose files would be the CA's own. */
const reserved = new Set(["ca", "cluster"]);

/** The name, when it may be issued; else a usage error. */
export function checkName(name: string): string {
  if (!isIdentityName(name)) {
    const rule = `1 to ${identityNameLimit} printable ASCII characters without spaces, colons and slashes`;
    throw new SssonectorError("usage", `--name must be ${rule} (got ${JSON.stringify(name)})`);
  }
  if (reserved.has(name)) throw new SssonectorError("usage", `--name ${name} is taken by the CA's own files`);
  return name;
}

/** A further subject alternative name of a server certificate. */
export interface AltName {
  readonly type: "dns" | "ip";
  readonly value: string;
}

const hostName = /^(?=.{1,253}$)(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;

/** `dns:HOST` or `ip:ADDRESS`; else a usage error. */
export function parseAltName(text: string): AltName {
  const [type, ...rest] = text.split(":");
  const value = rest.join(":");
  if (type === "dns" && hostName.test(value)) return { type, value };
  if (type === "ip" && isIP(value) !== 0 && !value.includes("%")) return { type, value };
  throw new SssonectorError("usage", `--san must be dns:HOST or ip:ADDRESS (got ${JSON.stringify(text)})`);
}

/** A server that a client dials. */
export interface Endpoint {
  readonly name: string;
  /** `HOST:PORT`, with brackets around an IPv6 address. */
  readonly address: string;
}

/** `NAME=HOST:PORT`; else a usage error. */
export function parseEndpoint(text: string): Endpoint {
  const [, name = "", host = "", port = ""] = /^([^=]*)=(.*):(\d{1,5})$/.exec(text) ?? [];
  const bracketed = /^\[(.*)\]$/.exec(host)?.[1];
  const hostIsGood = bracketed === undefined ? hostName.test(host) : isIP(bracketed) === 6;
  if (isIdentityName(name) && hostIsGood && Number(port) >= 1 && Number(port) <= 65_535) {
    return { name, address: `${host}:${Number(port)}` };
  }
  throw new SssonectorError("usage", `--endpoint must be NAME=HOST:PORT (got ${JSON.stringify(text)})`);
}
