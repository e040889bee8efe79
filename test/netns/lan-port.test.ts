import { afterAll, beforeAll, expect, test } from "vitest";
import type { LanPort } from "../../src/daemon/forward/lan-port.ts";
import { openLanPort } from "../../src/daemon/forward/packet-socket.ts";
import { lanCompliance } from "../compliance/lan.ts";
import { enterNamespace, ip } from "./tun-namespace.ts";

let namespace: { leave(): void };
beforeAll(() => {
  namespace = enterNamespace();
});
afterAll(() => namespace.leave());

/** The kernel tells of a carrier up to a second after the other end has one: net/core/link_watch.c. */
async function untilUp(...ports: readonly LanPort[]): Promise<void> {
  await expect.poll(() => ports.every((port) => port.isUp()), { timeout: 5000, interval: 5 }).toBe(true);
}

lanCompliance("the packet socket", async () => {
  ip("link", "add", "one", "type", "veth", "peer", "name", "other");
  for (const name of ["one", "other"]) {
    // The kernel itself stays silent.
    ip("link", "set", name, "addrgenmode", "none");
    ip("link", "set", name, "arp", "off");
    ip("link", "set", name, "up");
  }
  const [one, other] = [openLanPort("one", [4, 6]), openLanPort("other", [4, 6])];
  await untilUp(one, other);
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

test("another interface of the same name is not taken for the old one", async () => {
  ip("link", "add", "one", "type", "veth", "peer", "name", "other");
  for (const name of ["one", "other"]) ip("link", "set", name, "up");
  const port = openLanPort("one", [4]);
  await untilUp(port);
  ip("link", "del", "one");
  ip("link", "add", "one", "type", "veth", "peer", "name", "other");
  for (const name of ["one", "other"]) ip("link", "set", name, "up");
  const newcomer = openLanPort("one", [4]);
  await untilUp(newcomer);
  expect(port.isUp()).toBe(false);
  port.close();
  newcomer.close();
  ip("link", "del", "one");
});
