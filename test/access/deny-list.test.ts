import { describe, expect, it } from "vitest";
import { DenyList, type DenyFile } from "../../src/daemon/access/deny-list.ts";

class Memory implements DenyFile {
  text: string | undefined;
  full = false;
  read(): string | undefined {
    return this.text;
  }
  write(text: string): void {
    if (this.full) throw new Error("ENOSPC");
    this.text = text;
  }
}

describe("the deny list", () => {
  it("outlives the process", () => {
    const file = new Memory();
    const list = new DenyList(file);
    expect(list.has("ann")).toBe(false);
    expect(list.add("ann", 5)).toBe(true);
    expect(list.add("ann", 6)).toBe(false);
    list.add("bob", 7);
    const next = new DenyList(file);
    expect(next.rows()).toEqual([
      { identity: "ann", sinceMs: 5 },
      { identity: "bob", sinceMs: 7 },
    ]);
    expect(next.remove("ann")).toBe(true);
    expect(next.remove("ann")).toBe(false);
    expect(new DenyList(file).rows().map(({ identity }) => identity)).toEqual(["bob"]);
  });

  it("changes nothing when it can't be written", () => {
    const file = new Memory();
    const list = new DenyList(file);
    list.add("ann", 5);
    file.full = true;
    expect(() => list.add("bob", 6)).toThrow("ENOSPC");
    expect(() => list.remove("ann")).toThrow("ENOSPC");
    expect(list.rows().map(({ identity }) => identity)).toEqual(["ann"]);
  });

  it.each(["", "{", "{}", '[{"identity":"a b","sinceMs":1}]', '[{"identity":"ann"}]', '["ann"]'])(
    "lets nobody in rather than everybody when it is damaged: %j",
    (text) => {
      const file = new Memory();
      file.text = text;
      expect(() => new DenyList(file)).toThrow(/the deny list can't be read/);
    },
  );
});
