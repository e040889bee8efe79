import { expect } from "vitest";
import type { DaemonProcess } from "../../../src/cli/demo/daemon-process.ts";
import { serviceUrl, startTransfer, transferResult } from "../../../src/cli/demo/traffic.ts";
import type { Cluster } from "../../../src/cli/demo/cluster.ts";

/** Whether the service at `address` answers the cluster's client, whole. */
export async function serviceAnswers(cluster: Cluster, address: string): Promise<boolean> {
  const transfer = startTransfer(cluster.client.namespace, serviceUrl(address, "/bytes?count=100000"));
  return (await transferResult(transfer)).equal;
}

/** Starts a daemon that must not come up; its log. */
export async function failedStart(daemon: DaemonProcess, ...wrapper: string[]): Promise<string> {
  const { code } = await daemon.start(wrapper).endsSoon();
  expect(code, daemon.log()).toBe(1);
  return daemon.log();
}
