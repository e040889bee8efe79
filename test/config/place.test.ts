import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isInside, isLoopback, isReserved, networkOf, parseCidr } from "../../src/daemon/config/address.ts";
import * as place from "../../src/daemon/config/place.ts";
import type { ValueType } from "../../src/daemon/config/value.ts";

function read<T>(type: ValueType<T>, text: string): T | undefined {
  const parsed = type.parse(text, "/etc/sssonector");
  return parsed.ok ? parsed.value : undefined;
}

test("addresses are kept in their canonical text", () => {
  expect(read(place.address("any"), "FD00:8:0:0::14")).toBe("fd00:8::14");
  expect(read(place.interfaceAddress(6), "fd00:8:0::1/48")).toBe("fd00:8::1/48");
  expect(read(place.prefix("any"), "10.20.0.0/16")).toBe("10.20.0.0/16");
});

test.each(["10.8.0", "10.8.0.256", "010.8.0.1", "fe80::1%eth0", "0x7f.1", "1", "", "a::b::c"])(
  "%j is no address",
  (text) => expect(read(place.address("any"), text)).toBeUndefined(),
);

test("a family that is asked for", () => {
  expect(read(place.address(4), "::1")).toBeUndefined();
  expect(read(place.prefix(6), "10.0.0.0/8")).toBeUndefined();
});

test.each(["10.8.0.1", "10.8.0.1/", "10.8.0.1/33", "10.8.0.1/08", "10.8.0.1/16/1", "fd00::/129"])(
  "%j has no prefix length",
  (text) => expect(parseCidr(text)).toBeUndefined(),
);

test.each([
  ["0.0.0.0:8443", { host: "0.0.0.0", port: 8443 }],
  ["[::]:8443", { host: "::", port: 8443 }],
  ["vpn1.example.net:1", { host: "vpn1.example.net", port: 1 }],
])("%s is a host and a port", (text, value) => {
  expect(read(place.hostPort("name or address"), text)).toEqual(value);
  expect(place.hostPort("name or address").show(value)).toBe(text);
});

test.each(["vpn1", ":1", "h:0", "h:65536", "::1:80", "[h]:1", "1.2.3:80", "-h:1", "h_:x", "a..b:1", "[::1]"])(
  "%j is not",
  (text) => expect(read(place.hostPort("name or address"), text)).toBeUndefined(),
);

test("a listener takes no name", () => expect(read(place.hostPort("address"), "localhost:80")).toBeUndefined());

test.each([
  ["443", { from: 443, to: 443 }],
  ["8000-8100", { from: 8000, to: 8100 }],
  ["8100-8000", undefined],
  ["0", undefined],
  ["1-70000", undefined],
])("ports %s", (text, value) => expect(read(place.portRange, text)).toEqual(value));

describe("names", () => {
  test.each(["tun0", "sss-1.2", "a_b"])("%s is an interface", (text) =>
    expect(read(place.interfaceName, text)).toBe(text),
  );
  test.each(["", "sixteen-letters-", "a/b", "a b", "tun%d", ".."])("%j is none", (text) => {
    expect(read(place.interfaceName, text)).toBeUndefined();
  });
  test.each(["ann@example.net", "laptop-ann", "_x"])("%s is a name", (text) =>
    expect(read(place.name, text)).toBe(text),
  );
  test.each(["../x", "..", ".", "a b", "", "é", "a\0b", "x".repeat(65)])("%j is no name", (text) => {
    expect(read(place.name, text)).toBeUndefined();
  });
});

test("log output is a stream or a file", () => {
  expect(read(place.logOutput, "stderr")).toEqual({ kind: "stderr" });
  expect(read(place.logOutput, "log/a.json")).toEqual({ kind: "file", path: "/etc/sssonector/log/a.json" });
  expect(read(place.logOutput, "a\0b")).toBeUndefined();
});

test("inside, reserved, loopback", () => {
  expect(isInside("10.8.1.0/24", "10.8.0.1/16")).toBe(true);
  expect(isInside("10.0.0.0/8", "10.8.0.1/16")).toBe(false);
  expect(isInside("fd00:8::14", "10.8.0.1/16")).toBe(false);
  expect(["10.8.0.0", "10.8.255.255", "10.8.0.255"].map((text) => isReserved(text, "10.8.0.1/16"))).toEqual([
    true,
    true,
    false,
  ]);
  expect(["fd00::", "fd00::ffff:ffff:ffff:ffff"].map((text) => isReserved(text, "fd00::1/64"))).toEqual([true, false]);
  expect(isReserved("10.8.0.1", "10.8.0.0/31")).toBe(false);
  expect(["127.9.9.9", "::1", "10.0.0.1", "::"].map(isLoopback)).toEqual([true, true, false, false]);
});

test("a network holds its own addresses and no longer has host bits", () => {
  const prefix = fc.oneof(
    fc.tuple(fc.ipV4(), fc.nat(32)).map(([address, length]) => `${address}/${length}`),
    fc.tuple(fc.ipV6(), fc.nat(128)).map(([address, length]) => `${address}/${length}`),
  );
  fc.assert(
    fc.property(prefix, (text) => {
      const network = networkOf(text);
      expect(isInside(text, network)).toBe(true);
      expect(networkOf(network)).toBe(network);
      expect(read(place.prefix("any"), network)).toBe(network);
    }),
  );
});
