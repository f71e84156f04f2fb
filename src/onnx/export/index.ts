// All layer types that ONNX can say; a new mapping gets its row here.
export { convolution } from "./convolution.js";
export { dropout } from "./dropout.js";
export { innerProduct } from "./inner-product.js";
export { pooling } from "./pooling.js";
export { relu } from "./relu.js";
export { split } from "./split.js";
export { spp } from "./spp.js";
