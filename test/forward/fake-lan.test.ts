import { FakeLan } from "../fakes/lan.ts";
import { lanCompliance } from "../compliance/lan.ts";

lanCompliance("the LAN in memory", async () => {
  const lan = new FakeLan();
  const other = lan.port(2);
  return {
    one: lan.port(1),
    other,
    async setUp(up) {
      other.setUp(up);
    },
    async close() {},
  };
});
