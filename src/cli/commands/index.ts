import type { Command } from "../command.js";
import { convertMnistData } from "./convert-mnist-data.js";
import { deviceQuery } from "./device-query.js";
import { digits } from "./digits.js";
import { run } from "./run.js";
import { test } from "./test.js";
import { time } from "./time.js";
import { train } from "./train.js";

/** All commands; a new one gets its row here. */
export const commands: readonly Command[] = [train, test, time, run, deviceQuery, digits, convertMnistData];
