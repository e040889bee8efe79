import type { LogLine } from "../../shared/control/log-line.ts";
import type { Snapshot } from "../../shared/control/snapshot.ts";
import type { Glyphs } from "../draw/glyphs.ts";
import type { Segment } from "../draw/line.ts";
import type { ActionName } from "../model/actions.ts";
import type { Trends } from "../model/trends.ts";

export type TabName =
  | "connections"
  | "backends"
  | "buckets"
  | "breakers"
  | "services"
  | "events"
  | "logs"
  | "sessions"
  | "top-talkers";

/** A column of a table of `Row`s. */
export interface Column<Row> {
  readonly key: string;
  readonly title: string;
  /** Narrowest and widest cells; what a screen has to spare goes to the columns that can grow. */
  readonly min: number;
  readonly max: number;
  /** A narrow screen drops the columns with the highest number first. */
  readonly priority: number;
  readonly right?: boolean;
  cell(row: Row, draw: CellContext): Segment;
  /** What it is sorted by; a column without is not offered for sorting. */
  order?(row: Row): number | string;
  /** First direction when it is chosen; numbers usually have the largest first. */
  readonly descending?: boolean;
}

export interface CellContext {
  readonly glyphs: Glyphs;
  readonly trends: Trends;
  /** What is on the screen. */
  readonly snapshot: Snapshot;
  /** Cells that the column got. */
  readonly columns: number;
  /** The operator's own connection goes through the row. */
  readonly own: boolean;
}

export type ColumnHead = Pick<Column<never>, "key" | "title" | "min" | "max" | "priority"> & {
  readonly right: boolean;
  readonly sortable: boolean;
  readonly descending: boolean;
};

/** One row, whatever it is of. */
export interface TableRow {
  readonly id: string;
  /** What the row is called in a dialog: `connection c7 of laptop-ann`. */
  readonly label: string;
  /** What its ctl twin does to it. */
  readonly offer: ActionName | undefined;
  /** The operator's own ssh connection goes through it. */
  readonly own: boolean;
  /** What the filter looks through, in lower case. */
  words(): string;
  /** What a filter compares under a column's name; undefined: the table has no such column. */
  field(column: string): number | string | undefined;
  order(column: string): number | string;
  cell(column: string, draw: Omit<CellContext, "own">): Segment;
}

/** Whether the operator's own connection goes through a row. */
export type Own = (id: string) => boolean;

export interface Sort {
  readonly column: string;
  readonly descending: boolean;
}

export interface Table {
  readonly name: TabName;
  readonly title: string;
  /** For a narrow row of tabs. */
  readonly short: string;
  /** What one row is called. */
  readonly noun: string;
  readonly columns: readonly ColumnHead[];
  readonly sort: Sort;
  rows(snapshot: Snapshot, log: readonly LogLine[], own?: Own): TableRow[];
}

interface Spec<Row> {
  readonly name: TabName;
  readonly title: string;
  readonly short: string;
  readonly noun: string;
  readonly sort: Sort;
  readonly columns: readonly Column<Row>[];
  rows(snapshot: Snapshot, log: readonly LogLine[]): readonly Row[];
  id(row: Row): string;
  /** What the row is called in a dialog: `connection c7 of laptop-ann`. */
  label(row: Row): string;
  /** What its ctl twin does to it. */
  offer?(row: Row): ActionName;
  words(row: Row): string;
  /** Fields for the filter beside those of the columns. */
  fields?: Readonly<Record<string, (row: Row) => number | string>>;
}

/** A row with the table that it is of; a class, since thousands are made in a second. */
class BoundRow<Row> implements TableRow {
  readonly id: string;
  readonly own: boolean;
  readonly #spec: Spec<Row>;
  readonly #columns: ReadonlyMap<string, Column<Row>>;
  readonly #row: Row;

  constructor(spec: Spec<Row>, columns: ReadonlyMap<string, Column<Row>>, row: Row, own: Own | undefined) {
    this.#spec = spec;
    this.#columns = columns;
    this.#row = row;
    this.id = spec.id(row);
    this.own = own?.(this.id) ?? false;
  }

  get label(): string {
    return this.#spec.label(this.#row);
  }

  get offer(): ActionName | undefined {
    return this.#spec.offer?.(this.#row);
  }

  words(): string {
    return this.#spec.words(this.#row).toLowerCase();
  }

  field(key: string): number | string | undefined {
    return this.#spec.fields?.[key]?.(this.#row) ?? this.#columns.get(key)?.order?.(this.#row);
  }

  order(key: string): number | string {
    return this.#columns.get(key)?.order?.(this.#row) ?? 0;
  }

  cell(key: string, draw: Omit<CellContext, "own">): Segment {
    return this.#columns.get(key)?.cell(this.#row, { ...draw, own: this.own }) ?? { text: "", tone: "text" };
  }
}

/** A table whose rows' type only its own columns know. */
export function defineTable<Row>(spec: Spec<Row>): Table {
  const columns = new Map(spec.columns.map((column) => [column.key, column]));
  return {
    name: spec.name,
    title: spec.title,
    short: spec.short,
    noun: spec.noun,
    sort: spec.sort,
    columns: spec.columns.map((column) => ({
      key: column.key,
      title: column.title,
      min: column.min,
      max: column.max,
      priority: column.priority,
      right: column.right ?? false,
      sortable: column.order !== undefined,
      descending: column.descending ?? false,
    })),
    rows: (snapshot, log, own) => spec.rows(snapshot, log).map((row) => new BoundRow(spec, columns, row, own)),
  };
}
