import * as place from "../place.ts";
import { client, day, entries, limitedBy, list, live, minute, server, value, type Setting } from "../setting.ts";
import { duration, flag, oneOf, size } from "../value.ts";

export const security: Setting[] = [
  value("security.tls.enabled", flag, "Always true: there is no tunnel without TLS.", { default: true }),
  value("security.tls.min_version", oneOf("1.2", "1.3"), "Lowest TLS version; 1.2 only with ECDHE and AEAD ciphers.", {
    default: "1.3",
    ...live,
  }),
  value("security.tls.cert", place.pem, "This end's certificate.", { required: true, ...live, example: "edge-01.crt" }),
  value("security.tls.key", place.pem, "Its private key; a file that group or others can read is refused.", {
    required: true,
    ...live,
    example: "edge-01.key",
  }),
  value("security.tls.ca", place.pem, "The private CA that both ends trust.", {
    required: true,
    ...live,
    example: "ca.crt",
  }),
  value("security.tls.crl", place.pem, "The CA's revocation list; an expired one refuses everybody.", {
    ...live,
    example: "ca.crl",
  }),
  value("security.tls.server_name", place.hostName, "Name that the client sends in the TLS handshake (SNI).", {
    ...client,
    derived: "the endpoint's host",
    example: "vpn.example.net",
  }),
  value("security.certificates.auto_reload", flag, "Take new certificate files as soon as they appear.", {
    default: true,
    ...live,
  }),
  value(
    "security.certificates.rotation_interval",
    duration(minute, 365 * day),
    "Age at which a link is replaced by a new one, on the newest certificates.",
    {
      default: "24h",
      ...live,
    },
  ),
  value(
    "security.certificates.rotation_bytes",
    size(1024 ** 2, 64 * 1024 ** 3),
    "What a link may carry in one direction before it is replaced; 2^23 TLS records are the bound in any case.",
    {
      default: "64GB",
    },
  ),
];

export const access: Setting[] = [
  value(
    "access.default",
    oneOf("allow", "deny"),
    "Whether a certificate of the CA is enough, or an identity must be listed.",
    {
      ...server,
      default: "allow",
      ...live,
    },
  ),
  value("access.client_to_client", flag, "Whether clients reach each other through the server.", {
    ...server,
    default: false,
    ...live,
  }),
  ...aclRules(
    "access.acl",
    "Rules for what clients may send, for identities without rules of their own; the first that fits decides, what fits none is refused. None: everything is allowed.",
  ),
  entries("access.identities", "What is known about single identities.", { ...server, ...live }),
  value("access.identities[].name", place.name, "The identity of the certificate; unique.", {
    ...server,
    required: true,
    ...live,
    example: "laptop-ann",
  }),
  value("access.identities[].address", place.address(4), "Fixed inner IPv4 address, inside network.address.", {
    ...server,
    ...live,
    example: "10.8.0.14",
  }),
  value("access.identities[].address6", place.address(6), "Fixed inner IPv6 address, inside network.address6.", {
    ...server,
    ...live,
    example: "fd00:8::14",
  }),
  list(
    "access.identities[].allowed_ips",
    place.prefix("any"),
    "Prefixes behind this client: it may send from them, and receives what goes there.",
    {
      ...server,
      ...live,
      example: "[10.21.0.0/16]",
    },
  ),
  ...limitedBy("access.identities[].rate_limit", "of all sessions of the identity, in each direction", server),
  ...aclRules(
    "access.identities[].acl",
    "Rules for what the identity may send, in place of access.acl; the first that fits decides, what fits none is refused.",
  ),
];

/** The settings of a list of rules. */
function aclRules(path: string, doc: string): Setting[] {
  const of = { ...server, ...live };
  return [
    entries(path, doc, of),
    value(`${path}[].action`, oneOf("allow", "deny"), "What happens to a packet that fits.", {
      ...of,
      default: "allow",
    }),
    value(`${path}[].to`, place.prefix("any"), "Destination prefix.", {
      ...of,
      derived: "any",
      example: "10.20.0.0/16",
    }),
    value(`${path}[].protocol`, oneOf("any", "tcp", "udp", "icmp"), "Protocol; icmp is ICMP and ICMPv6.", {
      ...of,
      default: "any",
      example: "tcp",
    }),
    value(`${path}[].port`, place.portRange, "Destination ports, for tcp and udp.", {
      ...of,
      derived: "any",
      example: "443",
    }),
  ];
}
