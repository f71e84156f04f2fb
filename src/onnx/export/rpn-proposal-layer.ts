import { RpnProposalLayer } from "../../layers/detection/rpn-proposal-layer.js";
import { mapping } from "./mapping.js";
import { regionsOfProposals } from "./regions-of-proposals.js";

/**
 * Python's rpn.proposal_layer.ProposalLayer → the boxes decoded, `TopK`, `NonMaxSuppression`, and the regions gathered, the highest score
 * first; of equal scores the last, as in the layer. Exact but for the last bits of `Exp`, for numbers that are finite: two boxes whose
 * overlap, or sides, equal their threshold up to these may part ways. The settings (`cfg`) are those of the export. No region: R is 0.
 */
export const rpnProposalLayer = mapping(
  RpnProposalLayer,
  (w) => {
    const [, , rows = 1, columns = 1] = w.input(0).shape;
    const { regions, scores } = regionsOfProposals(w, {
      ...w.layer.settings,
      anchors: w.layer.anchorsOn(rows, columns),
      scales: [2, 2],
      small: "goes",
      ofEqual: "last",
    });
    w.set(0, regions);
    if (w.top.length > 1) w.set(1, w.unsqueeze(scores, [1]));
  },
  { liveAxes: [0, 0] },
);
