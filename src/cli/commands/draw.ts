import type { RankDir } from "../../tools/draw/index.js";
import { type Command, command, flag, operand, option } from "../command.js";
import { model, oneOf, stateOptions } from "../options.js";
import { print, problems } from "../print.js";

/** A command that draws a net, with the direction that is drawn by default. */
export function drawing(rankdir: RankDir): Command {
  return command(
    {
      model,
      output: operand("<output>", "the drawing to write: .svg or .png"),
      rankdir: option(
        "--rankdir <direction>",
        "the way from the data to the loss: TB down, LR to the right, BT up, RL to the left",
        oneOf("TB", "LR", "BT", "RL"),
        rankdir,
      ),
      phase: option(
        "--phase <phase>",
        "draw the layers of one phase, or of both: ALL",
        oneOf("TRAIN", "TEST", "ALL"),
        "ALL",
      ),
      displayLrm: flag("--display-lrm", "show the learning rate multipliers of layers that learn"),
      ...stateOptions,
    },
    async ({ model, output, phase, ...options }) => {
      const { drawNetToFile } = await import("../../index.js");
      const phases = phase === "ALL" ? {} : { phase };
      await drawNetToFile(model, output, { ...options, ...phases, log: problems({ upgrades: true }) });
      print(`Drawing net to ${output}\n`);
    },
    {
      help:
        "Shapes are shown where they follow from the prototxt and from data files that exist.\n" +
        "Parts of the prototxt that cannot be read are reported and left out of the drawing.",
    },
  );
}

/** `moka draw`: draws a net, from the data at the top down. */
export const draw: Command = drawing("TB");
