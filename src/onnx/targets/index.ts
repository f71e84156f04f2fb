import { MokaError } from "../../util/errors.js";
import { ascend } from "./ascend.js";
import { bvlc } from "./bvlc.js";
import { moka } from "./moka.js";
import { nnie } from "./nnie.js";
import { nvdla } from "./nvdla.js";
import { rknn } from "./rknn.js";
import { sigmastar } from "./sigmastar.js";
import { ssd } from "./ssd.js";
import type { Target } from "./target.js";

export type { Target } from "./target.js";

/** All targets; a new one gets its row here. */
export const targets: readonly Target[] = [moka, bvlc, ssd, nnie, rknn, sigmastar, ascend, nvdla];

/** @throws MokaError `MOKA_USAGE` for a name that is no target's */
export function targetNamed(name: string): Target {
  const found = targets.find((each) => each.name === name);
  if (found) return found;
  throw new MokaError(
    "MOKA_USAGE",
    `there is no target "${name}"; there are ${targets.map((each) => each.name).join(", ")}`,
  );
}
