import type { Backend } from "../data/database.js";
import type { FilesOptions } from "../platform/open-files.js";
import type { Images } from "../util/images.js";
import type { Log } from "../util/log.js";

/** Options of all tools that read or write files. */
export interface FileOptions extends FilesOptions {
  /** Receives what Caffe's tool would log. Default: nothing is logged. */
  readonly log?: Log | undefined;
}

/** Options of tools for databases of images. */
export interface ImageSetOptions extends FileOptions {
  /** Default: the platform's. */
  readonly images?: Images | undefined;
  /** Default lmdb. */
  readonly backend?: Backend | undefined;
}
