/** The forks, the most used first. */
export const forkNames: readonly string[];

/** Writes the files generated from Caffe's schemas into a folder. */
export function generate(folder: string): void;

/** Writes the file generated from ONNX's schema into a folder. */
export function generateOnnx(folder: string): void;
