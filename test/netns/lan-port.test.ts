import { afterAll, beforeAll, expect, test } from "vitest";
import { openLanPort } from "../../src/daemon/forward/packet-socket.ts";
import { lanCompliance } from "../compliance/lan.ts";
import { enterNamespace, ip } from "./tun-namespace.ts";

let namespace: { leave(): void };
beforeAll(() => {
  namespace = enterNamespace();
});
afterAll(() => namespace.leave());

lanCompliance("the packet socket", async () => {
  ip("link", "add", "one", "type", "veth", "peer", "name", "other");
  for (const name of ["one", "other"]) {
    // The kernel itself stays silent.
    ip("link", "set", name, "addrgenmode", "none");
    ip("link", "set", name, "arp", "off");
    ip("link", "set", name, "up");
  }
  const [one, other] = [openLanPort("one", [4, 6]), openLanPort("other", [4, 6])];
  return {
    one,
    other,
    async setUp(up) {
      ip("link", "set", "other", up ? "up" : "down");
    },
    async close() {
      one.close();
      other.close();
      ip("link", "del", "one");
    },
  };
});

test("an interface without Ethernet, or none of that name, is refused", () => {
  expect(() => openLanPort("lo", [4])).toThrow(expect.objectContaining({ code: "lan_interface" }));
  expect(() => openLanPort("absent", [4, 6])).toThrow(expect.objectContaining({ code: "lan_interface" }));
});

test("another interface of the same name is not taken for the old one", () => {
  ip("link", "add", "one", "type", "veth", "peer", "name", "other");
  for (const name of ["one", "other"]) ip("link", "set", name, "up");
  const port = openLanPort("one", [4]);
  expect(port.isUp()).toBe(true);
  ip("link", "del", "one");
  ip("link", "add", "one", "type", "veth", "peer", "name", "other");
  for (const name of ["one", "other"]) ip("link", "set", name, "up");
  expect(port.isUp()).toBe(false);
  port.close();
  ip("link", "del", "one");
});
