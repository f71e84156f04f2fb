/**
 * A picture as OpenCV, and so Caffe, holds it: 8 bits a value, row by row, the channels of a pixel next to each other:
 * one gray value, or blue, green, red, or these and alpha.
 */
export interface Image {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** height × width × channels bytes. */
  readonly data: Uint8Array;
}

export interface DecodeOptions {
  /** True for three channels whatever is in the file, false for one, `undefined` for those of the file. */
  readonly color: boolean | undefined;
}

export type ImageFormat = "jpg" | "png";

export interface EncodeOptions {
  /** Of a JPEG, 1 to 100. Default 95, as OpenCV's. */
  readonly quality?: number;
}

/**
 * Reads and writes picture files; each platform implements it. What is read is what OpenCV's `imread` and `imdecode`
 * read: color profiles and gamma are ignored, alpha is left out unless the file's own channels are asked for, and then
 * alone the orientation that a camera noted (EXIF) is not applied, as OpenCV has it from 3.1 on.
 */
export interface Images {
  /**
   * @throws MokaError `MOKA_DATA` if the bytes are no picture that can be read, or, with `color` undefined, one of more
   * than 8 bits; `MOKA_UNSUPPORTED` if this platform cannot read pictures, or none of that kind
   */
  decode(bytes: Uint8Array, options: DecodeOptions): Promise<Image>;
  /** The bytes of a file with this picture, of 1 or 3 channels. */
  encode(image: Image, format: ImageFormat, options?: EncodeOptions): Promise<Uint8Array>;
}
