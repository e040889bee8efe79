import * as place from "../place.ts";
import { client, entries, hour, list, live, server, value, type Setting } from "../setting.ts";
import { duration, flag, oneOf, whole } from "../value.ts";

export const core: Setting[] = [
  value("core.mode", oneOf("server", "client"), "Which end of the tunnel this daemon is.", {
    required: true,
    example: "server",
  }),
  value("core.name", place.name, "Name of this daemon in logs, in the console and in its socket's path.", {
    derived: "the host's name",
    example: "edge-01",
  }),
  value(
    "core.workers",
    whole(1, 64),
    "Data threads, each with a queue of the TUN and links of its own. More than cores are of no use.",
    {
      default: 1,
      effect: { later: true, on: "client", builtIn: "1" },
    },
  ),
  value("core.max_connections", whole(1, 1_000_000), "Links that are open at the same time; one more is refused.", {
    default: 10_000,
  }),
  value(
    "core.drain_timeout",
    duration(0, hour),
    "How long a drain of this daemon, also by SIGTERM, waits for sessions.",
    {
      default: "5s",
      ...live,
    },
  ),
  value("core.auto_reload", flag, "Reload as soon as the configuration file has changed.", { default: true, ...live }),
  value("core.state_dir", place.path, "Directory for leases, session tokens and the journal of what was set up.", {
    derived: "$STATE_DIRECTORY, else /var/lib/sssonector/NAME",
    example: "/var/lib/sssonector/edge-01",
  }),
];

export const network: Setting[] = [
  value("network.interface", place.interfaceName, "Name of the TUN interface.", { default: "tun0" }),
  value("network.address", place.interfaceAddress(4), "The server's own inner IPv4 address with the tunnel's prefix.", {
    ...server,
    requiredUnless: "network.address6",
    example: "10.8.0.1/16",
  }),
  value(
    "network.address6",
    place.interfaceAddress(6),
    "The server's own inner IPv6 address with the tunnel's prefix.",
    {
      ...server,
      requiredUnless: "network.address",
      example: "fd00:8::1/48",
    },
  ),
  value("network.pool", place.prefix(4), "Slice of the prefix from which this server leases IPv4 addresses.", {
    ...server,
    derived: "the whole prefix of network.address",
    example: "10.8.1.0/24",
  }),
  value("network.pool6", place.prefix(6), "Slice of the prefix from which this server leases IPv6 addresses.", {
    ...server,
    derived: "the whole prefix of network.address6",
    example: "fd00:8:0:1::/64",
  }),
  value("network.mtu", whole(576, 65_535), "MTU of the TUN interface; a session uses the smaller of both ends.", {
    default: 1500,
  }),
  value(
    "network.compression",
    flag,
    "Compress what goes over links, with zstd, where both ends have it on and it pays. Off by default: compressing secrets together with text that an attacker can choose leaks the secrets through the length of what is sent (VORACLE), see docs/compression.md.",
    { default: false },
  ),
  list(
    "network.routes",
    place.prefix("any"),
    "Server: prefixes pushed to clients. Client: prefixes routed in addition.",
    {
      ...live,
      example: "[10.20.0.0/16]",
    },
  ),
  value("network.forwarding.mode", oneOf("none", "nat", "proxy_arp"), "How answers find the way back to this server.", {
    ...server,
    default: "none",
  }),
  value("network.forwarding.interface", place.interfaceName, "Interface to the services, for nat and proxy_arp.", {
    ...server,
    example: "eth0",
  }),
  list(
    "network.accept_routes",
    place.prefix("any"),
    "Pushed routes to take. A default route is taken only when this list names it (0.0.0.0/0, ::/0), not with all.",
    { ...client, default: "all", words: ["all", "none"] },
  ),
];

export const cluster: Setting[] = [
  value(
    "cluster.secret_file",
    place.path,
    "Keys that seal session tokens, the same on all servers that a client may use: the first seals, all open. A reload reads the file anew.",
    {
      ...server,
      ...live,
      derived: "made in core.state_dir",
      example: "cluster.key",
    },
  ),
  value("cluster.region", place.name, "Region of this server, told to clients.", { ...server, example: "eu" }),
  value("cluster.id", place.name, "Id of this server within the cluster, told to clients; unique.", {
    ...server,
    derived: "core.name",
    example: "edge-01",
  }),
];

export const tunnel: Setting[] = [
  value("tunnel.listen", place.hostPort("address"), "Address and port on which the server accepts links.", {
    ...server,
    required: true,
    example: "0.0.0.0:8443",
  }),
  entries("tunnel.endpoints", "The servers that a client may use.", { ...client, required: true, ...live }),
  value("tunnel.endpoints[].name", place.name, "Name of the server in logs and commands; unique.", {
    ...client,
    ...live,
    required: true,
    example: "eu-1",
  }),
  value("tunnel.endpoints[].identity", place.name, "Identity that the server's certificate must have.", {
    ...client,
    ...live,
    derived: "its name",
    example: "eu-1",
  }),
  value("tunnel.endpoints[].address", place.hostPort("name or address"), "Host and port of the server.", {
    ...client,
    ...live,
    required: true,
    example: "vpn1.example.net:8443",
  }),
  value("tunnel.endpoints[].weight", whole(0, 256), "Share of new sessions; 0 takes none.", {
    ...client,
    ...live,
    default: 100,
  }),
  value("tunnel.endpoints[].priority", whole(0, 255), "Lower ones are used first.", {
    ...client,
    ...live,
    default: 0,
  }),
];
