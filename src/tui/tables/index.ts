import { backends } from "./backends.ts";
import { breakers } from "./breakers.ts";
import { connections } from "./connections.ts";
import { events } from "./events.ts";
import { sessions } from "./sessions.ts";
import type { Table, TabName } from "./table.ts";

/** Every tab's table. */
export const tables: Readonly<Record<TabName, Table>> = { connections, backends, sessions, breakers, events };

/** The tabs in their order; the first has key 1. */
export const tabOrder: readonly TabName[] = ["connections", "backends", "sessions", "breakers", "events"];
