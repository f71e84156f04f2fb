// All layer types that ONNX can say; a new mapping gets its row here.
export { convolution } from "./convolution.js";
export { crop } from "./crop.js";
export { deconvolution } from "./deconvolution.js";
export { dropout } from "./dropout.js";
export { im2col } from "./im2col.js";
export { innerProduct } from "./inner-product.js";
export { lrn } from "./lrn.js";
export { lstmOcr } from "./lstm-ocr.js";
export { lstmUnit } from "./lstm-unit.js";
export { pooling } from "./pooling.js";
export { priorBox } from "./prior-box.js";
export { recurrent } from "./recurrent.js";
export { relu } from "./relu.js";
export { reorg } from "./reorg.js";
export { split } from "./split.js";
export { spp } from "./spp.js";
