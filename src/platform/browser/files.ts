import { MokaError } from "../../util/errors.js";
import type { ByteSource, Files } from "../../util/files.js";

/** A page's own files: there are none, and nothing could read what was written to them. */
export function createFiles(): Files {
  return new NoFiles();
}

class NoFiles implements Files {
  readonly readOnly = true;

  async resolve(path: string): Promise<string> {
    return path;
  }

  async read(path: string): Promise<Uint8Array> {
    throw cannotRead(path);
  }

  async readText(path: string): Promise<string> {
    throw cannotRead(path);
  }

  async open(path: string): Promise<ByteSource> {
    throw cannotRead(path);
  }

  async write(path: string): Promise<void> {
    throw cannotWrite(path);
  }

  /** Who only looks, as lint does, is not told: a program that runs the net may have files. */
  async probe(path: string, { readOnly = false } = {}): Promise<void> {
    if (!readOnly) throw cannotWrite(path);
  }

  async makeFolder(path: string): Promise<void> {
    throw cannotWrite(path);
  }

  async isFolder(): Promise<boolean> {
    return false;
  }

  async exists(): Promise<boolean> {
    return false;
  }

  async list(path: string): Promise<string[]> {
    throw cannotRead(path);
  }
}

const why = "a page has no file system";

function cannotRead(path: string): MokaError {
  const ways = 'its bytes or its whole address (https://…), or the option files: createFiles({ "its path": bytes })';
  return new MokaError("MOKA_FILE", `cannot read ${path}: ${why}; give ${ways}`);
}

function cannotWrite(path: string): MokaError {
  const way = "the option files: createFiles(), and read the result from there: await files.read(path)";
  return new MokaError("MOKA_FILE", `cannot write ${path}: ${why}, so it would be lost; give ${way}`);
}
