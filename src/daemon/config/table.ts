import type { Setting } from "./setting.ts";
import { access, security } from "./table/access.ts";
import { cluster, core, network, tunnel } from "./table/core.ts";
import { control, monitoring, services } from "./table/services.ts";
import { resources, traffic } from "./table/traffic.ts";

/**
 * The one table of settings. Validation, the environment, defaults, reload, `ctl config`, config/sssonector.example.yaml
 * and docs/configuration.md are derived from it.
 */
export const settingsTable: readonly Setting[] = [
  ...core,
  ...network,
  ...cluster,
  ...tunnel,
  ...security,
  ...access,
  ...resources,
  ...traffic,
  ...services,
  ...monitoring,
  ...control,
];
