import { describe, expect, test } from "vitest";
import { describeProblem } from "../../src/daemon/config/problem.ts";
import { client, problemsOf, read, server } from "./fixtures.ts";

/** One problem of a server with this fifth line. */
const onServer: [name: string, line: string, problem: string][] = [
  ["unknown setting", "pool: {max_sise: 3}", "server.yaml:5:8: pool.max_sise: is unknown; did you mean max_size?"],
  ["unknown section", "poool: {}", "server.yaml:5:1: poool: is unknown; did you mean pool?"],
  ["unknown, nothing near", "quantum: 1", "server.yaml:5:1: quantum: is unknown"],
  ["setting twice", "pool: {max_size: 3, max_size: 3}", "server.yaml:5:21: pool.max_size: is there twice"],
  ["section twice", "core: {}", "server.yaml:5:1: core: is there twice"],
  [
    "below its range",
    "rate_limit: {burst_size: 0}",
    "server.yaml:5:26: rate_limit.burst_size: must be at least 1 (got 0)",
  ],
  ["above its range", "health: {rise: 101}", "server.yaml:5:16: health.rise: must be at most 100 (got 101)"],
  [
    "duration out of range",
    "health: {timeout: 1h}",
    'server.yaml:5:19: health.timeout: must be at most 10m (got "1h")',
  ],
  [
    "duration without unit",
    "health: {timeout: 30}",
    "server.yaml:5:19: health.timeout: needs a unit, such as 30s (got 30)",
  ],
  [
    "size with a wrong unit",
    "buffers: {size: 32kbit}",
    'server.yaml:5:17: buffers.size: must be a size such as 32KB (got "32kbit")',
  ],
  [
    "size without unit",
    "buffers: {size: 32768}",
    "server.yaml:5:17: buffers.size: needs a unit, such as 32KB (got 32768)",
  ],
  [
    "rate with a wrong unit",
    "rate_limit: {base_rate: 10MB}",
    'server.yaml:5:25: rate_limit.base_rate: must be a rate such as 100mbit, 12MB/s, 10000 (packets a second) or unlimited (got "10MB")',
  ],
  [
    "not a number",
    "health: {rise: two}",
    'server.yaml:5:16: health.rise: must be a whole number from 1 to 100 (got "two")',
  ],
  [
    "not a boolean",
    "buffers: {prealloc: yes}",
    'server.yaml:5:21: buffers.prealloc: must be true or false (got "yes")',
  ],
  [
    "not one of the words",
    "balancer: {mode: best}",
    'server.yaml:5:18: balancer.mode: must be session or flow (got "best")',
  ],
  ["no value", "health: {rise: }", "server.yaml:5:16: health.rise: has no value; write a whole number from 1 to 100"],
  [
    "section for a value",
    "health: {rise: {}}",
    "server.yaml:5:16: health.rise: must be a whole number from 1 to 100, not a section",
  ],
  ["value for a section", "health: 3", "server.yaml:5:9: health: must be a section of settings, not 3"],
  ["value for a list", "control: {operators: root}", 'server.yaml:5:22: control.operators: must be a list, not "root"'],
  [
    "value in a list",
    'control: {operators: [root, "a b"]}',
    'server.yaml:5:29: control.operators[1]: must be a user such as root, or a group such as @netops (got "a b")',
  ],
  [
    "entry that is no section",
    "access: {identities: [ann]}",
    'server.yaml:5:23: access.identities[0]: must be a section of settings, not "ann"',
  ],
  [
    "missing in an entry",
    "access: {identities: [{address: 10.8.0.9}]}",
    "server.yaml:5:23: access.identities[0].name: is required",
  ],
  [
    "two identities of one name",
    "access: {identities: [{name: a}, {name: b}, {name: a}]}",
    "server.yaml:5:52: access.identities[2].name: a is the name of access.identities[0] already",
  ],
  [
    "two equal fixed addresses",
    "access: {identities: [{name: a, address: 10.8.0.9}, {name: b, address: 10.8.0.9}]}",
    "server.yaml:5:72: access.identities[1].address: 10.8.0.9 is the address of access.identities[0] already",
  ],
  [
    "two owners of one prefix",
    "access: {identities: [{name: a, allowed_ips: [10.9.0.0/24]}, {name: b, allowed_ips: [10.9.0.0/24]}]}",
    "server.yaml:5:86: access.identities[1].allowed_ips[0]: 10.9.0.0/24 belongs to access.identities[0] already",
  ],
  [
    "address outside the prefix",
    "access: {identities: [{name: a, address: 10.9.0.9}]}",
    "server.yaml:5:42: access.identities[0].address: must lie inside network.address 10.8.0.1/16 (got 10.9.0.9)",
  ],
  [
    "the server's own address",
    "access: {identities: [{name: a, address: 10.8.0.1}]}",
    "server.yaml:5:42: access.identities[0].address: is the server's own address (got 10.8.0.1)",
  ],
  [
    "the broadcast address",
    "access: {identities: [{name: a, address: 10.8.255.255}]}",
    "server.yaml:5:42: access.identities[0].address: is the network's own or its broadcast address (got 10.8.255.255)",
  ],
  [
    "fixed IPv6 address without a prefix",
    'access: {identities: [{name: a, address6: "fd00:8::14"}]}',
    "server.yaml:5:43: access.identities[0].address6: needs network.address6",
  ],
  [
    "an address with leading zeros",
    "access: {identities: [{name: a, address: 10.8.0.014}]}",
    'server.yaml:5:42: access.identities[0].address: must be an IPv4 address such as 10.8.0.14 (got "10.8.0.014")',
  ],
  [
    "ports without a protocol",
    "access: {identities: [{name: a, acl: [{port: 443}]}]}",
    "server.yaml:5:46: access.identities[0].acl[0].port: needs protocol tcp or udp (it is any)",
  ],
  [
    "burst in another unit than the rate",
    "rate_limit: {base_rate: 10000, burst_size: 4MB}",
    "server.yaml:5:44: rate_limit.burst_size: is in bytes and does not fit rate_limit.base_rate, which is in packets",
  ],
  [
    "burst without a rate",
    "rate_limit: {burst_size: 4MB}",
    "server.yaml:5:26: rate_limit.burst_size: needs rate_limit.base_rate",
  ],
  [
    "bound in another unit than the rate",
    "rate_limit: {base_rate: 10000, min_rate: 1mbit}",
    "server.yaml:5:42: rate_limit.min_rate: must be of the same kind as rate_limit.base_rate, which is in packets",
  ],
  [
    "bounds in the wrong order",
    "rate_limit: {base_rate: 10, min_rate: 9, max_rate: 8}",
    "server.yaml:5:39: rate_limit.min_rate: must not be more than rate_limit.max_rate",
  ],
  [
    "pool sizes in the wrong order",
    "pool: {initial_size: 9}",
    "server.yaml:5:22: pool.initial_size: must not be more than pool.max_size",
  ],
  [
    "breaker times in the wrong order",
    "circuit_breaker: {open: 2m}",
    "server.yaml:5:25: circuit_breaker.open: must not be more than circuit_breaker.open_max",
  ],
  [
    "one size under two names",
    "performance: {buffer_size: 32KB}\nbuffers: {size: 64KB}",
    "server.yaml:5:28: performance.buffer_size: is another name of buffers.size and differs from it; keep one of the two",
  ],
  [
    "control over TCP without tokens",
    'control: {tcp: {listen: "127.0.0.1:7433"}}',
    "server.yaml:5:25: control.tcp.listen: needs control.tcp.token_file",
  ],
  [
    "tokens without control over TCP",
    "control: {tcp: {token_file: t}}",
    "server.yaml:5:29: control.tcp.token_file: needs control.tcp.listen",
  ],
  [
    "control open to the network",
    'control: {tcp: {listen: "0.0.0.0:7433", token_file: t}}',
    "server.yaml:5:25: control.tcp.listen: must be a loopback address (got 0.0.0.0)",
  ],
  [
    "two services of one name",
    "services: [{name: db, listen: 10.8.0.1:1, endpoints: &e [{address: h:1}]}, {name: db, listen: 10.8.0.1:2, endpoints: *e}]",
    "server.yaml:5:83: services[1].name: db is the name of services[0] already",
  ],
  [
    "a service without endpoints",
    "services: [{name: db, listen: 10.8.0.1:1, endpoints: []}]",
    "server.yaml:5:54: services[0].endpoints: must name at least one endpoint",
  ],
  [
    "two services on one address",
    "services: [{name: db, listen: 10.8.0.1:1, endpoints: &e [{address: h:1}]}, {name: b, listen: 10.8.0.1:1, endpoints: *e}]",
    "server.yaml:5:94: services[1].listen: 10.8.0.1:1 is the address of services[0] already",
  ],
  [
    "two endpoints of one address",
    "services: [{name: db, listen: 10.8.0.1:1, endpoints: [&e {address: h:1}, *e]}]",
    "server.yaml:5:58: services[0].endpoints[1].name: h:1 is the name of services[0].endpoints[0] already",
  ],
  [
    "a service outside the tunnel",
    "services: [{name: db, listen: 0.0.0.0:1, endpoints: [{address: h:1}]}]",
    "server.yaml:5:31: services[0].listen: must be an inner address, inside 10.8.0.1/16 (got 0.0.0.0)",
  ],
  [
    "a bad port",
    "services: [{name: db, listen: 10.8.0.1:70000, endpoints: [{address: h:1}]}]",
    'server.yaml:5:31: services[0].listen: must have a port from 1 to 65535 (got "10.8.0.1:70000")',
  ],
  ["a list as a name", "? [a]\n: 1", "server.yaml:5:3: a list: is unknown"],
];

describe("a server's file", () => {
  test.each(onServer)("%s", (_, line, problem) => expect(problemsOf(`${server}${line}\n`)).toEqual([problem]));
});

/** One problem after a replacement in the least server or client. */
const replaced: [name: string, base: string, from: string, to: string, problem: string][] = [
  ["no mode", server, "{mode: server}", "{}", "server.yaml:1:7: core.mode: is required"],
  [
    "no such mode",
    server,
    "mode: server",
    "mode: relay",
    'server.yaml:1:14: core.mode: must be server or client (got "relay")',
  ],
  ["server without tunnel.listen", server, 'listen: "0.0.0.0:8443"', "", "server.yaml:3:9: tunnel.listen: is required"],
  ["server without certificate", server, "cert: a.crt, ", "", "server.yaml:4:17: security.tls.cert: is required"],
  [
    "server without address",
    server,
    "address: 10.8.0.1/16",
    "",
    "server.yaml:2:10: network.address: is required on a server, or network.address6",
  ],
  [
    "no TLS",
    server,
    "tls: {",
    "tls: {enabled: false, ",
    "server.yaml:4:27: security.tls.enabled: must be true: certificates are how both ends know each other, so there is no tunnel without TLS",
  ],
  [
    "pool outside the prefix",
    server,
    "/16",
    "/16, pool: 10.9.1.0/24",
    "server.yaml:2:39: network.pool: must lie inside network.address 10.8.0.1/16 (got 10.9.1.0/24)",
  ],
  [
    "pool larger than the prefix",
    server,
    "/16",
    "/16, pool: 10.0.0.0/8",
    "server.yaml:2:39: network.pool: must lie inside network.address 10.8.0.1/16 (got 10.0.0.0/8)",
  ],
  [
    "IPv6 pool without address6",
    server,
    "/16",
    '/16, pool6: "fd00::/64"',
    "server.yaml:2:40: network.pool6: needs network.address6",
  ],
  [
    "pool with host bits",
    server,
    "/16",
    "/16, pool: 10.8.1.7/24",
    'server.yaml:2:39: network.pool: has bits set after the prefix length; write 10.8.1.0/24 (got "10.8.1.7/24")',
  ],
  [
    "MTU too small for IPv6",
    server,
    "/16",
    '/16, address6: "fd00:8::1/48", mtu: 1000',
    "server.yaml:2:64: network.mtu: must be at least 1280 for IPv6, as network.address6 asks (got 1000)",
  ],
  [
    "more routes than a WELCOME holds",
    server,
    "/16",
    `/16, routes: [${Array.from({ length: 129 }, (_, i) => `172.16.${i}.0/24`).join(", ")}]`,
    "server.yaml:2:41: network.routes: must not have more than 128 prefixes (got 129)",
  ],
  [
    "proxy_arp without interface",
    server,
    "/16",
    "/16, forwarding: {mode: proxy_arp}",
    "server.yaml:2:52: network.forwarding.mode: proxy_arp needs network.forwarding.interface",
  ],
  [
    "client's setting on a server",
    server,
    "/16",
    "/16, accept_routes: all",
    "server.yaml:2:48: network.accept_routes: belongs to a client, but core.mode is server",
  ],
  [
    "client without endpoints",
    client,
    /endpoints: .*\]/.exec(client)?.[0] ?? "",
    "",
    "server.yaml:2:9: tunnel.endpoints: is required",
  ],
  [
    "client with no endpoint",
    client,
    /\[.*\]/.exec(client)?.[0] ?? "",
    "[]",
    "server.yaml:2:21: tunnel.endpoints: must name at least one server",
  ],
  [
    "two endpoints of one name",
    client,
    "]}",
    ', {name: eu-1, address: "b:1"}]}',
    "server.yaml:2:77: tunnel.endpoints[1].name: eu-1 is the name of tunnel.endpoints[0] already",
  ],
  [
    "client with network.address",
    client,
    "security:",
    "network: {address: 10.8.0.2/16}\nsecurity:",
    "server.yaml:3:20: network.address: belongs to a server, but core.mode is client",
  ],
  [
    "default route that is not accepted",
    client,
    "security:",
    "network: {routes: [10.1.0.0/16, 0.0.0.0/0]}\nsecurity:",
    "server.yaml:3:33: network.routes[1]: 0.0.0.0/0 is a default route, which network.accept_routes must name as well",
  ],
  [
    "neither a word nor a list",
    client,
    "security:",
    "network: {accept_routes: some}\nsecurity:",
    'server.yaml:3:26: network.accept_routes: must be all or none, or a list, not "some"',
  ],
];

describe("a file with one change", () => {
  test.each(replaced)("%s", (_, base, from, to, problem) => {
    expect(base).toContain(from);
    expect(problemsOf(base.replace(from, to))).toEqual([problem]);
  });

  test("a default route that accept_routes names", () => {
    const network = 'network: {routes: ["::/0"], accept_routes: ["::/0"]}\n';
    expect(problemsOf(`${client}${network}`)).toEqual([]);
  });
});

describe("what is no YAML document", () => {
  test.each([
    ["", "server.yaml:1:1: core.mode: is required"],
    ["3", "server.yaml:1:1: must be a section of settings, not 3"],
    ["core: *nowhere", "server.yaml:1:7: the alias *nowhere has no anchor before it"],
    ["a: 1\n---\nb: 2", "server.yaml:2:1: holds more than one YAML document"],
    ["core: !!js 3", "server.yaml:1:7: Unresolved tag: tag:yaml.org,2002:js"],
  ])("%j", (text, problem) => expect(problemsOf(text)).toContain(problem));

  test("a syntax error has its position", () => {
    expect(problemsOf("core: {mode: server\nnetwork: 1\n")[0]).toMatch(/^server\.yaml:2:\d+: /);
  });

  test("nesting without end", () => {
    expect(problemsOf("[".repeat(100_000))[0]).toMatch(/^server\.yaml:1:\d+: /);
  });
});

test("every problem is told at once, in the file's order", () => {
  const text = `core: {mode: server, wokers: 2}
network: {address: 10.8.0.1/16, pool: 10.9.0.0/24}
tunnel: {}
security: {tls: {cert: a, key: b, ca: c}}
health: {timeout: 5}
access: {identities: [{name: a, address: 10.9.0.1}, {name: a}]}
`;
  expect(problemsOf(text).map((line) => line.split(": ").slice(0, 2).join(" "))).toEqual([
    "server.yaml:1:22 core.wokers",
    "server.yaml:2:39 network.pool",
    "server.yaml:3:9 tunnel.listen",
    "server.yaml:5:19 health.timeout",
    "server.yaml:6:42 access.identities[0].address",
    "server.yaml:6:60 access.identities[1].name",
  ]);
});

test("a problem as one sentence for logs", () => {
  const loaded = read(`${server}rate_limit:\n  burst_size: 0\n`);
  const problems = loaded.kind === "bad" ? loaded.problems : [];
  expect(problems.map(describeProblem)).toEqual([
    "config_range: rate_limit.burst_size must be at least 1 (got 0) at server.yaml:6:15",
  ]);
});
