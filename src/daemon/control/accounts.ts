import { readFileSync } from "node:fs";
import type { Role } from "../../shared/control/protocol.ts";

/** Who is at the other end of a unix socket (SO_PEERCRED). */
export interface Credentials {
  pid: number;
  uid: number;
  gid: number;
}

/** Users and groups of the host, from the text of /etc/passwd and /etc/group. */
export interface Accounts {
  userName(uid: number): string | undefined;
  groupId(name: string): number | undefined;
  members(group: string): readonly string[];
}

export interface AccessRules {
  /** `control.group`: its members view. */
  group: string;
  /** `control.operators`: user names, and groups as `@name`. */
  operators: readonly string[];
}

export function parseAccounts(passwd: string, group: string): Accounts {
  const users = new Map(fieldsOf(passwd).map(([name, , uid]) => [Number(uid), name]));
  const groups = new Map(
    fieldsOf(group).map(([name, , gid, members]) => [
      name,
      { id: Number(gid), members: (members ?? "").split(",").filter((member) => member !== "") },
    ]),
  );
  return {
    userName: (uid) => users.get(uid),
    groupId: (name) => groups.get(name)?.id,
    members: (name) => groups.get(name)?.members ?? [],
  };
}

/** Reads the host's files anew, so that a change of membership counts for the next connection. */
export function readAccounts(): Accounts {
  return parseAccounts(readFileSync("/etc/passwd", "utf8"), readFileSync("/etc/group", "utf8"));
}

/** What the peer may do; undefined: nothing. */
export function roleOf(peer: Credentials, rules: AccessRules, accounts: Accounts): Role | undefined {
  const name = accounts.userName(peer.uid);
  const inGroup = (group: string): boolean =>
    accounts.groupId(group) === peer.gid || (name !== undefined && accounts.members(group).includes(name));
  const listed = (entry: string): boolean => (entry.startsWith("@") ? inGroup(entry.slice(1)) : entry === name);
  if (peer.uid === 0 || rules.operators.some(listed)) return "operator";
  return inGroup(rules.group) ? "viewer" : undefined;
}

/** The peer as the audit names it. */
export function describePeer(peer: Credentials, accounts: Accounts): string {
  return `${accounts.userName(peer.uid) ?? "unknown"} (uid ${peer.uid}, pid ${peer.pid})`;
}

function fieldsOf(text: string): string[][] {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return lines.map((line) => line.split(":"));
}
