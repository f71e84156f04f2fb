// The two forms in which a doctor sees a net: with its own data layers and labels, and as a deploy net with some images.

/** The net with its data layers, against the same without the planting. */
export const asTrained = (base, variant, expect, { weights = base.weights, right, ...change }) => ({
  variant,
  model: base.text(change),
  weights,
  right: right ?? { model: base.text(), weights: base.weights },
  expect,
});

/** The deploy net with test images, against the same without the planting. */
export const asDeployed = (base, variant, expect, { weights = base.weights, right, images, ...change }) => ({
  variant: `${variant}, deploy`,
  model: base.deploy(change),
  weights,
  options: { data: images ?? base.images() },
  right: { model: base.deploy(), weights: base.weights, data: base.images(), ...right },
  expect,
});

/** Both forms; a model without data layers has one. */
export const both = (base, variant, change, expect, expectDeploy = expect) => [
  ...(base.isDeployOnly ? [] : [asTrained(base, variant, expect, change)]),
  asDeployed(base, variant, expectDeploy, change),
];

export const own = ["conv", "ip", "residual", "siamese", "detector"];
export const classifiers = ["conv", "ip", "residual", "detector"];
export const all = [...own, "real"];
