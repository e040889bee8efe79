import { existsSync } from "node:fs";
import { registerHooks } from "node:module";

/**
 * Until it is disposed of, an import of `es-toolkit/compat` gets the file of `throttle` and not the 400 that the whole
 * has: Ink takes only that function of it, and reading the rest was a quarter of the console's start.
 */
export function lightImports(): Disposable {
  const hooks = registerHooks({
    resolve: (specifier, context, next) => {
      const found = next(specifier, context);
      if (specifier !== "es-toolkit/compat") return found;
      const part = new URL("function/throttle.mjs", found.url);
      return existsSync(part) ? { ...found, url: part.href } : found;
    },
  });
  return { [Symbol.dispose]: () => hooks.deregister() };
}
