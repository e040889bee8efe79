import { type Document, isMap, isScalar, isSeq, type LineCounter, type Node } from "yaml";
import type { Override } from "./environment.ts";
import { type Found, isEmpty, kindOf, namesIn, positionOf, resolved, scalarAt } from "./node.ts";
import { nearestPosition, type Position, type Problem, type ProblemCode } from "./problem.ts";
import { unknownName } from "./suggest.ts";
import type { Setting, Shape } from "./setting.ts";
import { type Branch, settingsTree } from "./tree.ts";
import type { ValueType } from "./value.ts";

export type Mode = "server" | "client";

/** What the reader needs beside the document. */
export interface Source {
  file: string;
  /** Where relative paths start. */
  base: string;
  lines: LineCounter;
  overrides: ReadonlyMap<string, Override>;
}

export interface Reading {
  /** Nested values by name, defaults filled in; what could not be read is undefined. */
  values: Record<string, unknown>;
  /** Where each setting and section was written, by path with indexes ("tunnel.endpoints[0].name"). */
  positions: Map<string, Position>;
  problems: Problem[];
}

/** Reads a whole document against the settings table; never throws, and finds every problem of a single value. */
export function readSettings(document: Document, source: Source): Reading {
  const reader = new Reader(document, source);
  const values = reader.section(document.contents ?? undefined, settingsTree, "");
  return { values, positions: reader.positions, problems: reader.problems };
}

class Reader {
  readonly positions = new Map<string, Position>();
  readonly problems: Problem[] = [];
  /** Sections that could not be read: what is missing there is no problem of its own. */
  private readonly broken: string[] = [];
  private readonly document: Document;
  private readonly source: Source;
  private readonly mode: Mode | undefined;

  constructor(document: Document, source: Source) {
    this.document = document;
    this.source = source;
    this.mode = modeOf(document, source.overrides);
  }

  /** The values of a section or of a list entry. */
  section(written: Found, branch: Branch, path: string): Record<string, unknown> {
    if (path !== "" && written !== undefined) this.positions.set(path, this.at(written));
    const pairs = this.pairs(written, branch, path);
    const values: Record<string, unknown> = {};
    for (const [name, child] of branch.children) {
      const below = path === "" ? name : `${path}.${name}`;
      const { setting } = child;
      if (setting === undefined) Object.assign(values, this.subsection(name, pairs.get(name), child, below));
      else if (this.belongs(setting)) values[name] = this.setting(pairs.get(name), child, setting, below);
      else this.refuseForeign(pairs.get(name), setting, below);
    }
    return values;
  }

  /** Nothing for a section that only the other mode has. */
  private subsection(name: string, written: Found, branch: Branch, path: string): Record<string, unknown> {
    const values = this.section(written, branch, path);
    return Object.keys(values).length === 0 ? {} : { [name]: values };
  }

  private belongs(setting: Setting): boolean {
    return setting.mode === "both" || this.mode === undefined || setting.mode === this.mode;
  }

  private refuseForeign(written: Found, setting: Setting, path: string): void {
    const position = this.sourceOf(written, path);
    if (position === undefined) return;
    this.report("config_conflict", position, path, `belongs to a ${setting.mode}, but core.mode is ${this.mode}`);
  }

  private setting(written: Found, branch: Branch, setting: Setting, path: string): unknown {
    const override = this.source.overrides.get(path);
    const position = this.sourceOf(written, path);
    if (position === undefined) return this.absent(setting, path);
    this.positions.set(path, position);
    const fromFile = written === undefined ? undefined : this.shaped(written, branch, setting.shape, path);
    if (override === undefined) return fromFile;
    return this.overridden(setting.shape, override, path);
  }

  private sourceOf(written: Found, path: string): Position | undefined {
    const override = this.source.overrides.get(path);
    if (override !== undefined) return { file: override.variable, line: 0, column: 0 };
    return written === undefined ? undefined : this.at(written);
  }

  /** The default; without one the setting is undefined, which is a problem when it is required. */
  private absent(setting: Setting, path: string): unknown {
    if (setting.required === true && this.misses(setting, path)) {
      this.report("config_missing", this.nearest(path), path, "is required");
    }
    if (setting.default === undefined) return undefined;
    const { shape } = setting;
    if (shape.kind === "entries") return [];
    if (Array.isArray(setting.default))
      return setting.default.map((text) => this.value(itemType(shape), text, undefined, path));
    return this.overridden(shape, { variable: "default", text: String(setting.default) }, path);
  }

  private misses(setting: Setting, path: string): boolean {
    if (this.broken.some((section) => path.startsWith(section))) return false;
    return this.mode !== undefined || setting.mode === "both";
  }

  private shaped(written: Node, branch: Branch, shape: Shape, path: string): unknown {
    if (shape.kind === "value") return this.leaf(written, shape.type, path);
    if (shape.kind === "list" && isScalar(written) && shape.words.includes(String(written.value))) return written.value;
    if (!isSeq(written)) {
      const words = shape.kind === "list" && shape.words.length > 0 ? `${shape.words.join(" or ")}, or ` : "";
      this.report("config_type", this.at(written), path, `must be ${words}a list, not ${kindOf(written)}`);
      return undefined;
    }
    const items = written.items.map((item) => resolved(item, this.document));
    return items.map((item, index) => {
      const below = `${path}[${index}]`;
      if (shape.kind === "entries") return this.section(item ?? written, branch, below);
      const value = item === undefined ? undefined : this.leaf(item, shape.of, below);
      this.positions.set(below, this.at(item ?? written));
      return value;
    });
  }

  private overridden(shape: Shape, { variable, text }: Override, path: string): unknown {
    const position = { file: variable, line: 0, column: 0 };
    if (shape.kind === "value") return this.value(shape.type, text, position, path);
    if (shape.kind === "list" && shape.words.includes(text)) return text;
    const items = text.split(",").map((item) => item.trim());
    return items.filter((item) => item !== "").map((item) => this.value(itemType(shape), item, position, path));
  }

  private leaf(written: Node, type: ValueType, path: string): unknown {
    if (isScalar(written) && written.value !== null) {
      const text =
        typeof written.value === "string" ? written.value : (written.source ?? JSON.stringify(written.value));
      return this.value(type, text, this.at(written), path);
    }
    const message = isScalar(written)
      ? `has no value; write ${type.describe}`
      : `must be ${type.describe}, not ${kindOf(written)}`;
    this.report("config_type", this.at(written), path, message);
    return undefined;
  }

  private value(type: ValueType, text: string, position: Position | undefined, path: string): unknown {
    const parsed = type.parse(text, this.source.base);
    if (parsed.ok) return parsed.value;
    this.report(parsed.code, position ?? this.nearest(path), path, parsed.message);
    return undefined;
  }

  /** The pairs of a section; unknown and repeated names are problems, an empty section has no pairs. */
  private pairs(written: Found, branch: Branch, path: string): Map<string, Node | undefined> {
    const pairs = new Map<string, Node | undefined>();
    if (isEmpty(written)) return pairs;
    if (!isMap(written)) {
      const message = `must be a section of settings, not ${kindOf(written)}`;
      this.report("config_type", this.at(written), path, message);
      this.broken.push(path);
      return pairs;
    }
    for (const { name, key, value } of namesIn(written, this.document)) {
      const below = path === "" ? name : `${path}.${name}`;
      if (pairs.has(name)) this.report("config_duplicate", this.at(key), below, "is there twice");
      else if (branch.children.has(name)) pairs.set(name, value);
      else this.report("config_unknown", this.at(key), below, unknownName(name, branch.children.keys()));
    }
    return pairs;
  }

  private at(node: Found): Position {
    return positionOf(node, this.source.file, this.source.lines);
  }

  private nearest(path: string): Position {
    return nearestPosition(this.positions, this.source.file, path);
  }

  private report(code: ProblemCode, position: Position, path: string, message: string): void {
    this.problems.push({ code, ...position, path, message });
  }
}

function modeOf(document: Document, overrides: ReadonlyMap<string, Override>): Mode | undefined {
  const text = overrides.get("core.mode")?.text ?? scalarAt(document, ["core", "mode"]);
  return text === "server" || text === "client" ? text : undefined;
}

function itemType(shape: Shape): ValueType {
  if (shape.kind === "list") return shape.of;
  throw new TypeError("only lists have items");
}
