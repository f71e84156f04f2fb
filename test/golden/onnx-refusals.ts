/** The golden cases that cannot be exported, with the reason that the error gives. */
export const refusals: readonly (readonly [path: RegExp, reason: RegExp])[] = [
  [
    /\/(?:Accuracy|CenterLoss|ContrastiveLoss|EuclideanLoss|HingeLoss|MultinomialLogisticLoss|SmoothL1Loss|Silence)\//,
    /no outputs that ONNX/,
  ],
  [/^layers\/Filter\//, /depends on the values of its selector/],
  [/\/DetectionOutput\/eta$/, /nms_param.eta below 1 lowers nms_threshold after each box/],
  [/^forks\/Proposal\//, /quicksort orders boxes of equal scores.* only an approximation/],
];
