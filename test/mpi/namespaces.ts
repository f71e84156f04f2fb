import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MpiKind } from "./mpirun.js";

/**
 * Two hosts that are simulated on this machine: two network namespaces that a pair of virtual interfaces connects, each with its
 * own host name and its own process ids. A rank of one finds no process of the other.
 */
export interface TwoHosts {
  /** The network namespaces. */
  readonly names: readonly [string, string];
  readonly addresses: readonly [string, string];
  /** Options of mpirun with which the ranks are spread over both hosts, one after the other. */
  options(kind: MpiKind, perHost: number): readonly string[];
  /** The command that starts mpirun on the first host. */
  readonly launchOnFirst: readonly string[];
  /** Cuts the network. */
  cut(): void;
  remove(): void;
}

const ip = (...args: readonly string[]) => execFileSync("ip", args, { stdio: ["ignore", "pipe", "pipe"] });

/** Waits until the interface of each host has seen that the other end is up too: programs that start before find no network. */
function waitForLinks(names: readonly string[]): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let i = 0; i < 100; i++) {
    const isUp = names.every((name) => / state UP /.test(ip("-n", name, "-o", "link", "show", "eth0").toString()));
    if (isUp) return;
    Atomics.wait(pause, 0, 0, 50);
  }
  throw new Error("the virtual interfaces did not come up in 5 s");
}

let made = 0;

/** Makes two hosts; undefined where that is not allowed, as without the rights of root. */
export function twoHosts(): TwoHosts | undefined {
  const mark = `moka${process.pid}-${++made}`;
  const names = [`${mark}a`, `${mark}b`] as const;
  const addresses = ["10.97.0.1", "10.97.0.2"] as const;
  const folder = mkdtempSync(join(tmpdir(), "moka-hosts-"));
  const remove = () => {
    for (const name of names) {
      try {
        const left = ip("netns", "pids", name).toString().split("\n").filter(Boolean);
        for (const pid of left) process.kill(Number(pid), "SIGKILL");
        ip("netns", "delete", name);
      } catch {
        // It was not made.
      }
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    for (const name of names) ip("netns", "add", name);
    ip("link", "add", "eth0", "netns", names[0], "type", "veth", "peer", "name", "eth0", "netns", names[1]);
    for (const [i, name] of names.entries()) {
      ip("-n", name, "address", "add", `${addresses[i]}/24`, "dev", "eth0");
      ip("-n", name, "link", "set", "eth0", "up");
      ip("-n", name, "link", "set", "lo", "up");
    }
    waitForLinks(names);
  } catch {
    remove();
    return undefined;
  }
  /** A host of its own: network, host name and process ids. */
  const enter = (i: number, command: string) =>
    `exec ip netns exec ${names[i]} unshare --uts --pid --fork --kill-child --mount-proc sh -c 'hostname host-${"ab"[i]}; ${command}'`;
  // A launcher calls this in the place of ssh: options, the host, then the command.
  const agent = join(folder, "agent.sh");
  const script = `#!/bin/sh
while [ "\${1#-}" != "$1" ]; do shift; done
host="$1"; shift
export COMMAND="$*"
case "$host" in
  ${addresses[0]}) ${enter(0, 'eval "$COMMAND"')} ;;
  *) ${enter(1, 'eval "$COMMAND"')} ;;
esac
`;
  writeFileSync(agent, script, { mode: 0o755 });
  const options: Readonly<Record<MpiKind, (perHost: number) => readonly string[]>> = {
    openmpi: (perHost) => [
      ...["--host", addresses.map((address) => `${address}:${perHost}`).join(",")],
      ...["--mca", "plm_rsh_agent", agent, "--mca", "btl", "tcp,self", "--mca", "btl_tcp_if_include", "eth0"],
      ...["--mca", "oob_tcp_if_include", "eth0", "--map-by", "slot"],
    ],
    mpich: (perHost) => [
      ...["-hosts", addresses.map((address) => `${address}:${perHost}`).join(",")],
      ...["-launcher", "ssh", "-launcher-exec", agent, "-iface", "eth0", "-localhost", "none"],
      // Both hosts are one machine, where UCX would find shared memory.
      ...["-genv", "UCX_TLS", "tcp,self"],
    ],
  };
  return {
    names,
    addresses,
    options: (kind, perHost) => options[kind](perHost),
    launchOnFirst: [
      "ip",
      "netns",
      "exec",
      names[0],
      "unshare",
      "--uts",
      "sh",
      "-c",
      'hostname host-a; exec "$@"',
      "sh",
    ],
    cut: () => void ip("-n", names[0], "link", "set", "eth0", "down"),
    remove,
  };
}
