import { MokaError, reasonOf } from "../../util/errors.js";

const words: Readonly<Record<string, string>> = {
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

/** What the system has against doing something to `path`, as a MokaError MOKA_FILE. */
export function fileError(verb: string, path: string, error: unknown): MokaError {
  if (error instanceof MokaError) return error;
  const code = systemCode(error);
  const reason = code && words[code] ? `${words[code]} (${code})` : reasonOf(error);
  return new MokaError("MOKA_FILE", `cannot ${verb} ${path}: ${reason}`, { cause: error });
}

/** As `ENOENT`; nothing for errors that do not come from the system. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
