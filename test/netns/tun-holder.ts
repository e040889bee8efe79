import { HostNetwork } from "../../src/daemon/tun/host.ts";
import { openTun } from "../../src/daemon/tun/open.ts";

/** Holds a tunnel interface with settings on the host until it is killed. Arguments: name, state directory, settings. */
const [device = "", stateDirectory = "", settings = "{}"] = process.argv.slice(2);
openTun({ name: device, queues: 1 });
const network = await HostNetwork.open({ device, stateDirectory });
await network.apply(JSON.parse(settings));
console.log("ready");
setInterval(() => {}, 60_000);
