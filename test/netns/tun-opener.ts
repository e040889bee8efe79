import { SssonectorError } from "../../src/shared/errors.ts";
import { openTun } from "../../src/daemon/tun/open.ts";

/** Opens the interface named by its argument and tells how that went. */
try {
  openTun({ name: process.argv[2] ?? "", queues: 1 }).close();
  console.log("opened");
} catch (error) {
  console.log(error instanceof SssonectorError ? `${error.code}: ${error.message}` : String(error));
}
