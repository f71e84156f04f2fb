import { Option } from "commander";
import type { Command } from "../command.js";
import { addStateOptions } from "../options.js";

interface DrawOptions {
  readonly rankdir: "TB" | "LR" | "BT";
  readonly phase?: "TRAIN" | "TEST";
  readonly level: number;
  readonly stage: string[];
}

/** `moka draw`: a picture of a net, as pycaffe's `draw_net.py`. */
export const draw: Command = {
  define(command) {
    command
      .argument("<model>", "the net's prototxt")
      .argument("<output>", "the SVG file to write")
      .addOption(
        new Option("--rankdir <direction>", "the way from the data to the loss: TB down, LR to the right, BT up")
          .choices(["TB", "LR", "BT"])
          .default("TB"),
      )
      .addOption(
        new Option("--phase <phase>", "draw the layers of one phase; default: of both").choices(["TRAIN", "TEST"]),
      )
      .addHelpText(
        "after",
        "\nShapes are shown as far as they follow from the prototxt and from data that are there.\n" +
          "What cannot be read of the prototxt is left out of the picture, and reported.",
      );
    addStateOptions(command);
  },

  async run([model = "", output = ""], options) {
    const { rankdir, phase, level, stage: stages } = options as unknown as DrawOptions;
    const { drawNet, MokaError } = await import("../../index.js");
    const { createFiles } = await import("#platform");
    if (!/\.svg$/i.test(output)) {
      throw new MokaError("MOKA_USAGE", `${output}: the picture is an SVG file; give a name that ends in .svg`);
    }
    const svg = await drawNet(model, {
      rankdir,
      phase,
      level,
      stages,
      log: (severity, _origin, message) => {
        if (severity !== "info") process.stderr.write(`${severity}: ${message}\n`);
      },
    });
    await createFiles().write(output, new TextEncoder().encode(svg));
    process.stdout.write(`Drawing net to ${output}\n`);
    return 0;
  },
};
