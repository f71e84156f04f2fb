import { formatStart } from "../../util/bytes.js";
import { check, MokaError, reasonOf } from "../../util/errors.js";
import type { EncodeOptions, Image, ImageFormat, Images } from "../../util/images.js";
import { decodeJpeg, isJpeg, type JpegHeader } from "../images/jpeg.js";
import { loadOnce } from "../images/load.js";
import { type DecoderOptions, defaultMaxPixels, type Pixels, toRgb } from "../images/pixels.js";
import { decodePlain } from "../images/plain.js";
import { decodePng, imageOfPng, loadPng, readPngHeader } from "../images/png.js";

/**
 * JPEG, PNG, BMP, PBM, PGM and PPM in a page. JPEG is decoded by libjpeg as WebAssembly, the others in TypeScript: a
 * browser's own decoders apply color profiles and round differently. The decoders of JPEG and PNG are loaded with the first
 * image of their format. The values are the same as in Node, except for a rare kind of JPEG, with colors at half the height
 * and full width: they may differ by 2.
 */
export function createImages(options: DecoderOptions = {}): Images {
  return imagesBy(jpegDecoder, options);
}

/** Decodes a JPEG. Types of its library are in no declaration: they need types that the library does not have. */
type JpegDecoder = (bytes: ArrayBuffer) => Promise<Rgba>;

/** For tests: the JPEG decoder is loaded by `decoder`. */
export function imagesBy(
  decoder: () => Promise<JpegDecoder>,
  { maxPixels = defaultMaxPixels }: DecoderOptions = {},
): Images {
  return {
    async decode(bytes, options) {
      if (isJpeg(bytes)) {
        return decodeJpeg(bytes, options, maxPixels, (source, header) => jpegPixels(source, header, decoder));
      }
      const png = readPngHeader(bytes, maxPixels);
      if (png) return imageOfPng(await decodePng(bytes, png), png, options);
      const plain = decodePlain(bytes, options, maxPixels);
      check(
        plain,
        "MOKA_UNSUPPORTED",
        `no image of a kind that is read in a page (JPEG, PNG, BMP, PBM, PGM, PPM): ${formatStart(bytes)}`,
      );
      return plain;
    },
    encode,
    rasterize,
  };
}

/** An image like a page's `ImageData`, which the library reads and returns. */
interface Rgba {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}

async function jpegPixels(
  bytes: Uint8Array,
  { components }: JpegHeader,
  decoder: () => Promise<JpegDecoder>,
): Promise<Pixels> {
  check(components !== 4, "MOKA_UNSUPPORTED", "the JPEG is made of four inks (CMYK), which cannot be read in a page");
  const decodeRgba = await decoder();
  try {
    const { width, height, data } = await decodeRgba(Uint8Array.from(bytes).buffer);
    return { width, height, channels: 4, data };
  } catch (error) {
    throw new MokaError("MOKA_DATA", `the JPEG is damaged: ${reasonOf(error)}`, { cause: error });
  }
}

const jpegDecoder = loadOnce("the JPEG decoder", async (): Promise<JpegDecoder> => {
  const [{ default: decodeRgba, init }, { text }] = await Promise.all([
    import("@jsquash/jpeg/decode.js"),
    import("./gen/jpeg-decoder.js"),
  ]);
  await init(await moduleOptions(text));
  return decodeRgba;
});

const jpegEncoder = loadOnce("the JPEG encoder", async () => {
  const [{ default: encodeRgba, init }, { text }] = await Promise.all([
    import("@jsquash/jpeg/encode.js"),
    import("./gen/jpeg-encoder.js"),
  ]);
  await init(await moduleOptions(text));
  return encodeRgba;
});

/** The library would fetch the bytes, from a place that bundlers move. It prints that a file is cut off, which is no error. */
async function moduleOptions(text: string) {
  const { unpack } = await import("../../util/unpack.js");
  return { wasmBinary: unpack(text), locateFile: (name: string) => name, printErr: () => {} };
}

async function rasterize(): Promise<Uint8Array> {
  throw new MokaError("MOKA_UNSUPPORTED", "Moka draws no PNG of an SVG in a page: the page itself can show the SVG");
}

async function encode(image: Image, format: ImageFormat, { quality = 95 }: EncodeOptions = {}): Promise<Uint8Array> {
  const { width, height, channels } = image;
  check(channels === 1 || channels === 3, "MOKA_USAGE", `an image of ${channels} channels; 1 or 3 can be written`);
  if (format === "png") {
    const { encode: encodePng } = await loadPng();
    return encodePng({ width, height, channels, data: channels === 1 ? image.data : toRgb(image) });
  }
  const encodeRgba = await jpegEncoder();
  const data = rgbaOf(image);
  // The same options as OpenCV: the standard's tables, colors at half the size, no second pass.
  const options = {
    quality,
    color_space: channels === 1 ? 1 : 3,
    progressive: false,
    optimize_coding: false,
    quant_table: 0,
    auto_subsample: false,
  };
  return new Uint8Array(await encodeRgba({ width, height, data } as ImageData, options));
}

/** The type in the library's declarations. The library reads only `width`, `height` and `data`. */
type ImageData = Parameters<typeof import("@jsquash/jpeg/encode.js")["default"]>[0];

function rgbaOf({ width, height, channels, data }: Image): Uint8ClampedArray {
  const rgba = new Uint8ClampedArray(width * height * 4).fill(255);
  const [blue, green, red] = channels === 1 ? [0, 0, 0] : [0, 1, 2];
  for (let from = 0, to = 0; to < rgba.length; from += channels, to += 4) {
    rgba[to] = data[from + red] ?? 0;
    rgba[to + 1] = data[from + green] ?? 0;
    rgba[to + 2] = data[from + blue] ?? 0;
  }
  return rgba;
}
