import { check } from "../../util/errors.js";
import { type Command, command, operand, option } from "../command.js";
import { model, oneOf, phases, stateOptions } from "../options.js";
import { print, problems } from "../print.js";

/** `moka draw`: draws a net, as pycaffe's `draw_net.py`. */
export const draw: Command = command(
  {
    model,
    output: operand("<output>", "the SVG file to write"),
    rankdir: option(
      "--rankdir <direction>",
      "the way from the data to the loss: TB down, LR to the right, BT up",
      oneOf("TB", "LR", "BT"),
      "TB",
    ),
    phase: option("--phase <phase>", "draw the layers of one phase; default: of both", phases),
    ...stateOptions,
  },
  async ({ model, output, ...options }) => {
    const { drawNet } = await import("../../index.js");
    const { createFiles } = await import("#platform");
    const isSvg = /\.svg$/i.test(output);
    check(isSvg, "MOKA_USAGE", `${output}: the picture is an SVG file; give a name that ends in .svg`);
    const svg = await drawNet(model, { ...options, log: problems({ upgrades: true }) });
    await createFiles().write(output, new TextEncoder().encode(svg));
    print(`Drawing net to ${output}\n`);
  },
  {
    help:
      "Shapes are shown where they follow from the prototxt and from data files that exist.\n" +
      "Parts of the prototxt that cannot be read are reported and left out of the drawing.",
  },
);
