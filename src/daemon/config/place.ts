import { resolve } from "node:path";
import { formatAddress, formatPrefix, parseAddress } from "../../shared/address.ts";
import { identityNameLimit, isIdentityName } from "../../shared/identity.ts";
import { formatHostPort, isIpv6, networkOf, parseCidr } from "./address.ts";
import type { HostPort, LogOutput, PemSource } from "./settings.ts";
import { got, ok, refused, type ValueType, text } from "./value.ts";

type Family = 4 | 6 | "any";

const familyNames = { 4: "an IPv4", 6: "an IPv6", any: "an" } as const;

function isFamily(address: string, family: Family): boolean {
  return family === "any" || isIpv6(address) === (family === 6);
}

/** An address, kept in its canonical text. */
export function address(family: Family): ValueType<string> {
  const describe = `${familyNames[family]} address such as ${family === 6 ? "fd00:8::14" : "10.8.0.14"}`;
  return {
    describe,
    parse: (written) => {
      const parsed = parseAddress(written);
      return parsed !== undefined && isFamily(written, family)
        ? ok(formatAddress(parsed))
        : refused("config_type", `must be ${describe} ${got(written)}`);
    },
    show: (value) => value,
  };
}

/** An address with its prefix length, such as an interface has. */
export function interfaceAddress(family: Family): ValueType<string> {
  const example = family === 6 ? "fd00:8::1/48" : "10.8.0.1/16";
  const describe = `${familyNames[family]} address with its prefix length, such as ${example}`;
  return {
    describe,
    parse: (written) => {
      const cidr = parseCidr(written);
      return cidr !== undefined && isFamily(written, family)
        ? ok(formatPrefix(cidr))
        : refused("config_type", `must be ${describe} ${got(written)}`);
    },
    show: (value) => value,
  };
}

/** A prefix without host bits. */
export function prefix(family: Family): ValueType<string> {
  const article = family === "any" ? "a" : familyNames[family];
  const describe = `${article} prefix such as ${family === 6 ? "fd00:8::/64" : "10.20.0.0/16"}`;
  return {
    describe,
    parse: (written) => {
      const cidr = parseCidr(written);
      if (cidr === undefined || !isFamily(written, family)) {
        return refused("config_type", `must be ${describe} ${got(written)}`);
      }
      const network = networkOf(written);
      return network === formatPrefix(cidr)
        ? ok(network)
        : refused("config_range", `has bits set after the prefix length; write ${network} ${got(written)}`);
    },
    show: (value) => value,
  };
}

/** "host:port" or "[IPv6]:port"; `host` says what the host may be. */
export function hostPort(host: "address" | "name or address"): ValueType<HostPort> {
  const example = host === "address" ? "0.0.0.0:8443 or [::]:8443" : "vpn1.example.net:8443 or [2001:db8::1]:8443";
  const describe = `${host === "address" ? "an address" : "a host"} and a port, such as ${example}`;
  return {
    describe,
    parse: (written) => {
      const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(written);
      const port = Number(match?.[3]);
      const name = match?.[1] ?? match?.[2] ?? "";
      if (!isHost(name, match?.[1] !== undefined, host))
        return refused("config_type", `must be ${describe} ${got(written)}`);
      return port >= 1 && port <= 65_535
        ? ok({ host: name, port })
        : refused("config_range", `must have a port from 1 to 65535 ${got(written)}`);
    },
    show: formatHostPort,
  };
}

function isHost(name: string, bracketed: boolean, host: "address" | "name or address"): boolean {
  const parsed = parseAddress(name);
  if (parsed !== undefined) return bracketed === (parsed.family === 6);
  // A name of digits and dots only is an address with a slip of the pen.
  return host === "name or address" && !bracketed && isHostName(name) && !/^[\d.]+$/.test(name);
}

function isHostName(name: string): boolean {
  return name.length <= 253 && name.split(".").every((label) => /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/i.test(label));
}

/** One port or a range: "443", "8000-8100". */
export const portRange: ValueType<{ from: number; to: number }> = {
  describe: "a port such as 443, or a range such as 8000-8100",
  parse: (written) => {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(written);
    const from = Number(match?.[1]);
    const to = Number(match?.[2] ?? match?.[1]);
    if (match === null) return refused("config_type", `must be ${portRange.describe} ${got(written)}`);
    return from >= 1 && from <= to && to <= 65_535
      ? ok({ from, to })
      : refused("config_range", `must lie within 1 to 65535, the smaller first ${got(written)}`);
  },
  show: (value) => (value.from === value.to ? value.from : `${value.from}-${value.to}`),
};

/** A name that appears in logs, paths and certificates: identities, endpoints, daemons. */
export const name: ValueType<string> = text({
  describe: `a name of at most ${identityNameLimit} printable characters without spaces, colons and slashes`,
  accepts: (written) => isIdentityName(written) && written !== "." && written !== "..",
});

/** The same, where an address with its port may stand for a name. */
export const endpointName: ValueType<string> = text({
  describe: `a name of at most ${identityNameLimit} printable characters without spaces and slashes`,
  accepts: (written) => isIdentityName(written.replaceAll(":", "-")) && written !== "." && written !== "..",
});

export const interfaceName: ValueType<string> = text({
  describe: "an interface name of at most 15 characters",
  accepts: (written) => /^[a-z0-9_-][a-z0-9._-]{0,14}$/i.test(written),
});

export const hostName: ValueType<string> = text({ describe: "a host name", accepts: isHostName });

export const urlPath: ValueType<string> = text({
  describe: "a path that starts with /",
  accepts: (written) => /^\/[!-~]*$/.test(written),
});

/** A user name, or a group's with a leading "@". */
export const principal: ValueType<string> = text({
  describe: "a user such as root, or a group such as @netops",
  accepts: (written) => /^@?[a-z_][a-z0-9_.-]{0,31}\$?$/i.test(written),
});

export const group: ValueType<string> = text({
  describe: "a group's name",
  accepts: (written) => /^[a-z_][a-z0-9_.-]{0,31}\$?$/i.test(written),
});

function isPath(written: string): boolean {
  return written !== "" && !/[\0-\x1f]/.test(written);
}

/** A file or directory; relative paths start from the configuration file's directory. */
export const path: ValueType<string> = {
  describe: "a path",
  parse: (written, base) =>
    isPath(written) ? ok(resolve(base, written)) : refused("config_type", `must be a path ${got(written)}`),
  show: (value) => value,
};

/** PEM text begins with its armour; anything else is a path. Inline text is never shown, since it may be a key. */
export const pem: ValueType<PemSource> = {
  describe: "a file, or PEM text itself",
  parse: (written, base) => {
    if (written.trimStart().startsWith("-----BEGIN ")) return ok({ kind: "inline", pem: written });
    return isPath(written)
      ? ok({ kind: "file", path: resolve(base, written) })
      : refused("config_type", "must be a file, or PEM text that starts with -----BEGIN");
  },
  show: (value) => (value.kind === "file" ? value.path : "(inline)"),
};

export const logOutput: ValueType<LogOutput> = {
  describe: "stdout, stderr or a file",
  parse: (written, base) => {
    if (written === "stdout" || written === "stderr") return ok({ kind: written });
    return isPath(written)
      ? ok({ kind: "file", path: resolve(base, written) })
      : refused("config_type", `must be stdout, stderr or a file ${got(written)}`);
  },
  show: (value) => (value.kind === "file" ? value.path : value.kind),
};
