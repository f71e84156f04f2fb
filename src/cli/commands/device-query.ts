import { availableParallelism, cpus, totalmem } from "node:os";
import type { Command } from "../command.js";
import { glog } from "../glog.js";
import { addRunOptions, type CommonOptions } from "../options.js";

/** `moka device_query`: what there is to compute with. */
export const deviceQuery: Command = {
  define(command) {
    addRunOptions(command);
    command.option("--json", "print JSON");
  },

  async run(_args, options) {
    const { engine, threads, json } = options as unknown as CommonOptions & { json?: boolean };
    const { createEngine } = await import("../../api/environment.js");
    const created = await createEngine({ engine, threads, log: glog((text) => process.stderr.write(text)) });
    const facts = {
      processor: cpus()[0]?.model.trim() ?? "unknown",
      cores: availableParallelism(),
      memoryBytes: totalmem(),
      engine: created.name,
      engineDescription: created.description,
      node: process.versions.node,
    };
    await created.dispose();
    const lines = [
      `Processor:       ${facts.processor}`,
      `Cores:           ${facts.cores}`,
      `Memory:          ${(facts.memoryBytes / 2 ** 30).toFixed(1)} GiB`,
      `Engine:          ${facts.engine} (${facts.engineDescription})`,
      `Node:            ${facts.node}`,
    ];
    process.stdout.write(`${json ? JSON.stringify(facts) : lines.join("\n")}\n`);
    return 0;
  },
};
