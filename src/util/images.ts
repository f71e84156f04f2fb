/**
 * An image in the layout of OpenCV, and so of Caffe: 8 bits per value, row by row, the channels of a pixel adjacent:
 * one gray value; or blue, green, red; or blue, green, red, alpha.
 */
export interface Image {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** 1, 3 or 4. */
  readonly channels: number;
  /** height × width × channels bytes. */
  readonly data: Uint8Array;
}

export interface DecodeOptions {
  /** True: always three channels; false: always one; `undefined`: the channels of the file. */
  readonly color: boolean | undefined;
}

/** The formats that images are written in. */
export type ImageFormat = "jpg" | "png";

export interface EncodeOptions {
  /** Quality of a JPEG, 1 to 100. Default 95, as in OpenCV. */
  readonly quality?: number;
}

/**
 * Reads image files (JPEG, PNG, BMP, PBM, PGM, PPM; in Node also TIFF, WebP, GIF), and writes JPEG and PNG; each platform
 * implements it. The values are those of OpenCV's `imread` and `imdecode`,
 * from version 3.1: color profiles and gamma are ignored. Alpha is left out, and a camera's orientation (EXIF) is
 * applied, unless the channels of the file are asked for.
 */
export interface Images {
  /**
   * @throws MokaError `MOKA_DATA` if the bytes cannot be read as an image, or are one of too many pixels, or, with `color`
   * undefined, of more than 8 bits per value; `MOKA_UNSUPPORTED` if this platform cannot read images, or not of that format
   */
  decode(bytes: Uint8Array, options: DecodeOptions): Promise<Image>;
  /** The bytes of a file with this image, which must have 1 or 3 channels. */
  encode(image: Image, format: ImageFormat, options?: EncodeOptions): Promise<Uint8Array>;
  /**
   * The bytes of a PNG with this SVG drawing, as large as its `width` and `height` say.
   *
   * @throws MokaError `MOKA_UNSUPPORTED` if this platform cannot draw SVG
   */
  rasterize(svg: string): Promise<Uint8Array>;
}
