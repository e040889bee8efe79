import { z } from "zod";

type Same<A, B> = [A, B] extends [B, A] ? true : false;

/** Each member of the shape, or what is wrong with it. */
type Held<T, Shape> = {
  [K in keyof Shape]: K extends keyof T
    ? Same<z.output<Shape[K]>, T[K]> extends true
      ? Shape[K]
      : ["the schema differs", T[K]]
    : "the interface has no such field";
};

/** The schema of an object that has the fields of `T`, all of them and no others; else it does not compile. */
export function objectOf<T extends object>() {
  return <Shape extends { [K in keyof T]-?: z.ZodType }>(
    shape: Shape & Held<T, Shape>,
  ): z.ZodObject<Shape, z.core.$strict> => z.strictObject<Shape>(shape);
}
