import { expect, test } from "vitest";
import { layerGroup } from "./groups.js";

test.each([
  ["Convolution", "vision"],
  ["ReLU", "activation"],
  ["Concat", "other"],
  // Of forks, not here yet.
  ["ROIPooling", "vision"],
  ["ReLU6", "activation"],
  ["SyncBN", "normalization"],
  ["MultiBoxLoss", "loss"],
  ["DetectionOutput", "loss"],
  ["Permute", "other"],
  // Known to nobody.
  ["MyLoss", "loss"],
  ["Quantum", "other"],
])("%s is drawn as %s", (type, group) => void expect(layerGroup(type)).toBe(group));
