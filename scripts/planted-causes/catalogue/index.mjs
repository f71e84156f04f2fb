import { averages } from "./averages.mjs";
import { data } from "./inputs.mjs";
import { structures } from "./structure.mjs";
import { training } from "./training.mjs";

/** What is planted: `kind`, the nets it makes sense in, and `plant(base)`, which makes the cases. */
export const catalogue = [...data, ...averages, ...training, ...structures];
