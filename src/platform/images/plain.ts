import type { DecodeOptions, Image } from "../../util/images.js";
import { decodeBmp, isBmp } from "./bmp.js";
import { imageOfPlain } from "./pixels.js";
import { decodePnm, isPnm } from "./pnm.js";

/** The image of a BMP, PBM, PGM or PPM, as OpenCV reads it; undefined for other bytes. */
export function decodePlain(bytes: Uint8Array, options: DecodeOptions, maxPixels: number): Image | undefined {
  const decode = isBmp(bytes) ? decodeBmp : isPnm(bytes) ? decodePnm : undefined;
  return decode && imageOfPlain(decode(bytes, maxPixels), options);
}
