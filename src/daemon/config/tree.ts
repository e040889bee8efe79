import type { Setting } from "./setting.ts";
import { settingsTable } from "./table.ts";

/** A place in the settings: a section, or a setting; below a setting of entries are the settings of one entry. */
export interface Branch {
  setting: Setting | undefined;
  children: Map<string, Branch>;
}

function build(): Branch {
  const root: Branch = { setting: undefined, children: new Map() };
  for (const setting of settingsTable) {
    let branch = root;
    for (const key of setting.path.replaceAll("[]", "").split(".")) {
      const next = branch.children.get(key) ?? { setting: undefined, children: new Map() };
      branch.children.set(key, next);
      branch = next;
    }
    branch.setting = setting;
  }
  return root;
}

/** The table as a tree, in the table's order. */
export const settingsTree: Branch = build();
