import type { Command } from "../command.js";
import { classify } from "./classify.js";
import { computeImageMean } from "./compute-image-mean.js";
import { convertImageset } from "./convert-imageset.js";
import { convertMnistData } from "./convert-mnist-data.js";
import { deviceQuery } from "./device-query.js";
import { digits } from "./digits.js";
import { draw } from "./draw.js";
import { explain } from "./explain.js";
import { extractFeatures } from "./extract-features.js";
import { parseLog } from "./parse-log.js";
import { run } from "./run.js";
import { summary } from "./summary.js";
import { test } from "./test.js";
import { time } from "./time.js";
import { train } from "./train.js";
import { upgrade } from "./upgrade.js";

/** All commands; a new one gets its row here. */
export const commands: readonly Command[] = [
  train,
  test,
  time,
  run,
  deviceQuery,
  digits,
  convertMnistData,
  classify,
  computeImageMean,
  convertImageset,
  extractFeatures,
  parseLog,
  draw,
  summary,
  explain,
  upgrade,
];
