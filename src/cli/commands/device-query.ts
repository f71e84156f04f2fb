import { availableParallelism, cpus, totalmem } from "node:os";
import { type Command, command } from "../command.js";
import { json, runOptions } from "../options.js";
import { caffeLog, print, printJson } from "../print.js";

/** `moka device_query`: shows the processor, memory and engine. */
export const deviceQuery: Command = command({ ...runOptions, json }, async ({ engine, threads, json }) => {
  const { createEngine } = await import("../../api/environment.js");
  const created = await createEngine({ engine, threads, log: caffeLog });
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
  if (json) printJson(facts);
  else print(`${lines.join("\n")}\n`);
});
