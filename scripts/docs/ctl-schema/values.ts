import { z } from "zod";

/** Values that several rows have. */
export const text = z.string();
export const texts = z.array(z.string());
export const count = z.int().min(0);
export const counts = z.record(z.string(), count);
export const epochMillis = z.number().min(0);
export const logLevel = z.enum(["trace", "debug", "info", "warn", "error", "fatal"]);
