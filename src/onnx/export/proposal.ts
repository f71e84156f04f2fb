import { ProposalLayer } from "../../layers/detection/proposal.js";
import { mapping } from "./mapping.js";
import { regionsOfProposals } from "./regions-of-proposals.js";

/**
 * Proposal → the boxes decoded, `TopK` for `pre_nms_topn`, `NonMaxSuppression`, and the regions gathered, by image, then by score: an
 * approximation, because ONNX cannot say the order in which the fork's own quicksort leaves equal scores. A box with a side below
 * `min_size` has the score 0, so that these come last in another order, and others of them may stay. The regions with other scores are the
 * same, but for the last bits of `Exp`, and for boxes that lie apart by less than a pixel: in ONNX they overlap a little, in the fork they do
 * not. This changes what is suppressed only among boxes less than two pixels wide or high, or with `nms_thresh` below 1/3.
 */
export const proposal = mapping(
  ProposalLayer,
  (w) => {
    const { settings } = w.layer;
    const [, , rows = 1, columns = 1] = w.input(0).shape;
    w.approximate(
      `Caffe's own quicksort orders boxes of equal scores, as are all with a side below min_size ${settings.minSize}, whose score is 0; ` +
        "the regions of score 0 may be others, in another order",
    );
    const { regions, scores } = regionsOfProposals(w, {
      ...settings,
      anchors: w.layer.anchorsOn(rows, columns),
      scales: [3, 2],
      small: "0",
      ofEqual: "first",
    });
    w.set(0, regions);
    if (w.top.length > 1) w.set(1, scores);
  },
  { liveAxes: [0, 0] },
);
