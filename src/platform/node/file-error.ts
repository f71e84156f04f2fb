import { MokaError, reasonOf } from "../../util/errors.js";

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file or folder",
  ENOTDIR: "a part of the path is no folder",
  EISDIR: "it is a folder",
  EEXIST: "there is a file of that name",
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  EROFS: "the file system is read-only",
  ENOSPC: "no space left on the device",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file would be too large",
  EMFILE: "too many files are open",
  ENAMETOOLONG: "the name is too long",
  ELOOP: "too many symbolic links",
  EIO: "the device failed",
};

/** Converts an error of the operating system about `path` to a MokaError MOKA_FILE. */
export function fileError(verb: string, path: string, error: unknown): MokaError {
  if (error instanceof MokaError) return error;
  const code = systemCode(error);
  const reason = code && reasons[code] ? `${reasons[code]} (${code})` : reasonOf(error);
  return new MokaError("MOKA_FILE", `cannot ${verb} ${path}: ${reason}`, { cause: error });
}

/** The code of an error of the operating system, for example `ENOENT`; undefined for other errors. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
