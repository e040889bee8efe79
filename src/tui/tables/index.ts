import { backends } from "./backends.ts";
import { breakers } from "./breakers.ts";
import { buckets } from "./buckets.ts";
import { connections } from "./connections.ts";
import { events } from "./events.ts";
import { logs } from "./logs.ts";
import { services } from "./services.ts";
import { sessions } from "./sessions.ts";
import type { Table, TabName } from "./table.ts";
import { topTalkers } from "./top-talkers.ts";

/** Every tab's table. */
export const tables: Readonly<Record<TabName, Table>> = {
  connections,
  backends,
  buckets,
  breakers,
  services,
  events,
  logs,
  sessions,
  "top-talkers": topTalkers,
};

/** The tabs in their order, each with its key. */
export const tabKeys: readonly (readonly [TabName, string])[] = [
  ["connections", "1"],
  ["backends", "2"],
  ["buckets", "3"],
  ["breakers", "4"],
  ["services", "5"],
  ["events", "6"],
  ["logs", "7"],
  ["sessions", "8"],
  ["top-talkers", "9"],
];

export const tabOrder: readonly TabName[] = tabKeys.map(([name]) => name);
