import type { Backend } from "../data/database.js";
import type { Files } from "../util/files.js";
import type { Images } from "../util/images.js";
import type { Log } from "../util/log.js";

/** What tools that read or write files are given. */
export interface FileOptions {
  /** Default: the platform's. */
  readonly files?: Files | undefined;
  readonly log?: Log | undefined;
}

/** Likewise, tools for databases of pictures. */
export interface ImageSetOptions extends FileOptions {
  /** Default: the platform's. */
  readonly images?: Images | undefined;
  /** Default lmdb. */
  readonly backend?: Backend | undefined;
}
