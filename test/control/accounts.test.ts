import { describe, expect, it } from "vitest";
import { describePeer, parseAccounts, roleOf } from "../../src/daemon/control/accounts.ts";

const accounts = parseAccounts(
  "# comment\nroot:x:0:0::/root:/bin/sh\nann:x:1000:1000::/:/bin/sh\n\nbob:x:1001:50::/:/bin/sh\n",
  "root:x:0:\nsssonector:x:50:\nnetops:x:60:ann,zoe\nempty:x:70:\n",
);
const ann = { pid: 1, uid: 1000, gid: 1000 };
const bob = { pid: 2, uid: 1001, gid: 50 };
const nobody = { pid: 3, uid: 4711, gid: 4711 };

describe("roles", () => {
  it.each([
    ["root whatever is listed", { pid: 1, uid: 0, gid: 0 }, [], "operator"],
    ["a listed user", ann, ["ann"], "operator"],
    ["a listed group", ann, ["@netops"], "operator"],
    ["a user of a group's name", ann, ["netops"], undefined],
    ["a primary group", bob, [], "viewer"],
    ["a listed primary group", bob, ["@sssonector"], "operator"],
    ["an empty group", ann, ["@empty"], undefined],
    ["a missing group", ann, ["@missing"], undefined],
    ["a user without a name", nobody, ["@netops", "undefined", ""], undefined],
  ])("%s", (_what, peer, operators, role) => {
    expect(roleOf(peer, { group: "sssonector", operators }, accounts)).toBe(role);
  });

  it("are named for the audit", () => {
    expect(describePeer(ann, accounts)).toBe("ann (uid 1000, pid 1)");
    expect(describePeer(nobody, accounts)).toBe("unknown (uid 4711, pid 3)");
  });
});
