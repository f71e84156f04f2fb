import type { Command } from "../command.js";
import { drawing } from "./draw.js";

/** `moka draw_net`: `moka draw` from left to right by default, as pycaffe's `draw_net.py`. */
export const drawNet: Command = drawing("LR");
