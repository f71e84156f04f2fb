import type sharpLibrary from "sharp";
import { formatStart } from "../../util/bytes.js";
import { check, MokaError, reasonOf } from "../../util/errors.js";
import type { DecodeOptions, EncodeOptions, Image, ImageFormat, Images } from "../../util/images.js";
import { decodeJpeg, isJpeg, type JpegHeader } from "../images/jpeg.js";
import { opencvGray, type Pixels, toColor, toGray, toOwnChannels, toRgb } from "../images/pixels.js";
import { decodePng, imageOfPng, readPngHeader } from "../images/png.js";

type Sharp = typeof sharpLibrary;

/**
 * Images through the library sharp, whose JPEG decoder gives exactly OpenCV's values, on its own threads.
 * It is loaded with the first image. If it cannot be loaded, everything except images works.
 *
 * @param load for tests: how the library is loaded
 */
export function createImages(load: () => Promise<Sharp> = async () => (await import("sharp")).default): Images {
  return new NodeImages(load);
}

class NodeImages implements Images {
  readonly #load: () => Promise<Sharp>;
  #sharp: Promise<Sharp> | undefined;

  constructor(load: () => Promise<Sharp>) {
    this.#load = load;
  }

  async decode(bytes: Uint8Array, options: DecodeOptions): Promise<Image> {
    if (isJpeg(bytes)) return decodeJpeg(bytes, options, (source, header) => this.#pixels(source, header));
    const png = readPngHeader(bytes);
    if (png) return imageOfPng(await (png.depth === 16 ? decodePng(bytes) : this.#pixels(bytes)), png, options);
    check(
      isOtherFormat(bytes),
      "MOKA_DATA",
      `no picture of a kind that can be read (JPEG, PNG, TIFF, WebP, GIF): it begins with ${formatStart(bytes)}`,
    );
    const pixels = await this.#pixels(bytes);
    if (options.color === undefined) return toOwnChannels(pixels);
    return options.color ? toColor(pixels) : toGray(pixels, opencvGray);
  }

  async encode(image: Image, format: ImageFormat, { quality = 95 }: EncodeOptions = {}): Promise<Uint8Array> {
    const { width, height, channels } = image;
    check(channels === 1 || channels === 3, "MOKA_USAGE", `a picture of ${channels} channels; 1 or 3 can be written`);
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
    const opened = sharp(bytes, { ignoreIcc: true, failOn: "none" });
    const colors = hasInks ? opened.pipelineColourspace("cmyk").toColourspace("cmyk") : opened;
    const { data, info } = await attempt("decoded", () => colors.raw().toBuffer({ resolveWithObject: true }));
    // The library inverts inks; OpenCV does not.
    if (hasInks) for (let i = 0; i < data.length; i++) data[i] = 255 - (data[i] ?? 0);
    return { width: info.width, height: info.height, channels: info.channels, data };
  }

  #library(): Promise<Sharp> {
    this.#sharp ??= this.#load().catch((error: unknown) => {
      const reason = reasonOf(error).trim().split("\n")[0];
      const hint = "pictures need the package sharp, which cannot be loaded here (try: npm install sharp)";
      throw new MokaError("MOKA_UNSUPPORTED", `${hint}: ${reason}`, { cause: error });
    });
    return this.#sharp;
  }
}

async function attempt<T>(verb: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new MokaError("MOKA_DATA", `the picture cannot be ${verb}: ${reasonOf(error)}`, { cause: error });
  }
}

/** Whether the bytes are a TIFF, WebP or GIF file. */
function isOtherFormat(bytes: Uint8Array): boolean {
  const head = String.fromCharCode(...bytes.subarray(0, 12));
  return /^(?:II\*\0|MM\0\*|GIF8|RIFF[\s\S]{4}WEBP)/.test(head);
}
