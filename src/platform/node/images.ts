import type sharpLibrary from "sharp";
import { formatStart } from "../../util/bytes.js";
import { check, MokaError, reasonOf } from "../../util/errors.js";
import type { DecodeOptions, EncodeOptions, Image, ImageFormat, Images } from "../../util/images.js";
import { decodeJpeg, isJpeg, type JpegHeader } from "../images/jpeg.js";
import {
  checkHolds,
  checkSize,
  type DecoderOptions,
  defaultMaxPixels,
  imageOfPlain,
  type Pixels,
  toRgb,
} from "../images/pixels.js";
import { decodePlain } from "../images/plain.js";
import { decodePng, imageOfPng, readPngHeader } from "../images/png.js";

type Sharp = typeof sharpLibrary;

/**
 * Images through the library sharp, whose JPEG decoder gives exactly OpenCV's values, on its own threads.
 * It is loaded with the first image. If it cannot be loaded, everything except images works.
 *
 * The environment variable MOKA_MAX_IMAGE_PIXELS sets the limit of pixels where the caller does not.
 *
 * @example
 * ```ts
 * const images = createImages({ maxPixels: 1_000_000 });
 * const image = await loadImage("cat.png", { images }); // refused if it has more pixels
 * const gray = { width: 2, height: 1, channels: 1, data: Uint8Array.of(0, 255) };
 * const png = await images.encode(gray, "png");
 * ```
 */
export function createImages(options: DecoderOptions = {}): Images {
  return imagesBy(async () => (await import("sharp")).default, options);
}

/** For tests: the library is loaded by `load`. */
export function imagesBy(load: () => Promise<Sharp>, options: DecoderOptions = {}): Images {
  return new NodeImages(options.maxPixels ?? maxPixelsOfEnvironment(), load);
}

function maxPixelsOfEnvironment(): number {
  const text = process.env["MOKA_MAX_IMAGE_PIXELS"];
  if (!text) return defaultMaxPixels;
  const limit = Number(text);
  check(
    Number.isSafeInteger(limit) && limit > 0,
    "MOKA_USAGE",
    `MOKA_MAX_IMAGE_PIXELS must be a number of pixels, not ${JSON.stringify(text)}`,
  );
  return limit;
}

class NodeImages implements Images {
  readonly #maxPixels: number;
  readonly #load: () => Promise<Sharp>;
  #sharp: Promise<Sharp> | undefined;

  constructor(maxPixels: number, load: () => Promise<Sharp>) {
    this.#maxPixels = maxPixels;
    this.#load = load;
  }

  async decode(bytes: Uint8Array, options: DecodeOptions): Promise<Image> {
    const maxPixels = this.#maxPixels;
    if (isJpeg(bytes)) {
      return decodeJpeg(bytes, options, maxPixels, (source, header) => this.#pixels(source, header));
    }
    const png = readPngHeader(bytes, maxPixels);
    if (png) return imageOfPng(await (png.depth === 16 ? decodePng(bytes, png) : this.#pixels(bytes)), png, options);
    const plain = decodePlain(bytes, options, maxPixels);
    if (plain) return plain;
    check(
      isOtherFormat(bytes),
      "MOKA_DATA",
      `no image of a kind that is read (JPEG, PNG, BMP, PBM, PGM, PPM, TIFF, WebP, GIF): ${formatStart(bytes)}`,
    );
    const { width = 0, height = 0 } = await attempt("decoded", async () => (await this.#library())(bytes).metadata());
    checkSize({ width, height }, maxPixels);
    checkHolds({ width, height }, bytes.length, 2 ** 14); // no photograph becomes as small
    const pixels = await this.#pixels(bytes);
    return imageOfPlain({ ...pixels, isGray: false, is16: false }, options);
  }

  async encode(image: Image, format: ImageFormat, { quality = 95 }: EncodeOptions = {}): Promise<Uint8Array> {
    const { width, height, channels } = image;
    check(channels === 1 || channels === 3, "MOKA_USAGE", `an image of ${channels} channels; 1 or 3 can be written`);
    const sharp = await this.#library();
    const raw = sharp(channels === 1 ? image.data : toRgb(image), { raw: { width, height, channels } });
    const colors = channels === 1 ? raw.toColourspace("b-w") : raw;
    // The same options as OpenCV: colors at half the size, the standard's tables.
    const jpeg = { quality, chromaSubsampling: "4:2:0", optimiseCoding: false };
    const file = format === "png" ? colors.png() : colors.jpeg(jpeg);
    return attempt("encoded", async () => new Uint8Array(await file.toBuffer()));
  }

  async rasterize(svg: string): Promise<Uint8Array> {
    const sharp = await this.#library();
    const drawing = sharp(new TextEncoder().encode(svg), { limitInputPixels: false });
    return attempt("drawn", async () => new Uint8Array(await drawing.png().toBuffer()));
  }

  /** The unchanged values of the first frame. As in OpenCV, profiles are ignored, and missing data become gray. */
  async #pixels(bytes: Uint8Array, jpeg?: JpegHeader): Promise<Pixels> {
    const sharp = await this.#library();
    const hasInks = jpeg?.components === 4;
    const opened = sharp(bytes, { ignoreIcc: true, failOn: "none", limitInputPixels: false });
    const colors = hasInks ? opened.pipelineColourspace("cmyk").toColourspace("cmyk") : opened;
    const { data, info } = await attempt("decoded", () => colors.raw().toBuffer({ resolveWithObject: true }));
    // The library inverts inks; OpenCV does not.
    if (hasInks) for (let i = 0; i < data.length; i++) data[i] = 255 - (data[i] ?? 0);
    return { width: info.width, height: info.height, channels: info.channels, data };
  }

  #library(): Promise<Sharp> {
    this.#sharp ??= this.#load().catch((error: unknown) => {
      const reason = reasonOf(error).trim().split("\n")[0];
      const hint = "images need the package sharp, which cannot be loaded here (try: npm install sharp)";
      throw new MokaError("MOKA_UNSUPPORTED", `${hint}: ${reason}`, { cause: error });
    });
    return this.#sharp;
  }
}

async function attempt<T>(verb: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new MokaError("MOKA_DATA", `the image cannot be ${verb}: ${reasonOf(error)}`, { cause: error });
  }
}

/** Whether the bytes are a TIFF, WebP or GIF file. */
function isOtherFormat(bytes: Uint8Array): boolean {
  const head = String.fromCharCode(...bytes.subarray(0, 12));
  return /^(?:II\*\0|MM\0\*|GIF8|RIFF[\s\S]{4}WEBP)/.test(head);
}
