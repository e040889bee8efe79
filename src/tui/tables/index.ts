import { connections } from "./connections.ts";
import { events } from "./events.ts";
import { sessions } from "./sessions.ts";
import type { Table, TabName } from "./table.ts";

/** Every tab's table, in the order of the tabs. */
export const tables: Readonly<Record<TabName, Table>> = { connections, sessions, events };

export const tabOrder: readonly TabName[] = ["connections", "sessions", "events"];
