import { expect, test } from "vitest";
import { ownSsh, type ProcessView } from "../../src/shared/control/own-ssh.ts";

function among(processes: Record<number, ProcessView>): (pid: number) => ProcessView | undefined {
  return (pid) => processes[pid];
}

const ssh = "HOME=/root\0SSH_CONNECTION=10.8.0.14 50000 10.8.0.1 22\0";

test("the nearest ancestor that has a connection counts, also behind sudo", () => {
  const processes = {
    40: { parent: 30, environment: "HOME=/root\0" },
    30: { parent: 20, environment: "" },
    20: { parent: 10, environment: ssh },
    10: { parent: 1, environment: "SSH_CONNECTION=192.0.2.1 1 192.0.2.2 22\0" },
  };
  expect(ownSsh(40, among(processes))).toEqual({ peer: "10.8.0.14", local: "10.8.0.1" });
});

test("none is null, and what can't be read is unknown, never none", () => {
  expect(ownSsh(40, among({ 40: { parent: 1, environment: "A=1\0" } }))).toBeNull();
  expect(ownSsh(40, among({ 40: { parent: 30, environment: "" } }))).toBeUndefined();
});

test("what is no address is no connection", () => {
  expect(ownSsh(9, among({ 9: { parent: 1, environment: "SSH_CONNECTION=$(reboot) 1 x 2\0" } }))).toBeNull();
  expect(ownSsh(9, among({ 9: { parent: 1, environment: "SSH_CONNECTION=\0" } }))).toBeNull();
});

test("this process's own ancestors can be asked", () => {
  expect(() => ownSsh(process.pid)).not.toThrow();
});
