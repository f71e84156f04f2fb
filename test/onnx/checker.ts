// ONNX's own checker, in Debian's python3-onnx. It knows opsets to 17.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const python = "/usr/bin/python3";

/** Whether the checker is there. Without it, tests that need it are skipped, or fail with MOKA_REQUIRE_ONNX=1. */
export const hasChecker: boolean = find();

function find(): boolean {
  try {
    execFileSync(python, ["-c", "import onnx"], { stdio: "ignore" });
    return true;
  } catch (error) {
    if (process.env["MOKA_REQUIRE_ONNX"] === "1") throw error;
    return false;
  }
}

/** What ONNX's checker, with shape inference, says against models, by name; nothing for those that it accepts. */
export function complaintsAbout(models: ReadonlyMap<string, Uint8Array>): Readonly<Record<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), "moka-onnx-"));
  try {
    const files = [...models].map(([name, bytes], i) => {
      writeFileSync(join(folder, `${i}.onnx`), bytes);
      return [name, join(folder, `${i}.onnx`)];
    });
    writeFileSync(join(folder, "list.json"), JSON.stringify(files));
    const script = [
      "import json, sys, onnx",
      "found = {}",
      "for name, path in json.load(open(sys.argv[1])):",
      "    try: onnx.checker.check_model(onnx.load(path), full_check=True)",
      "    except Exception as error: found[name] = str(error)",
      "print(json.dumps(found))",
    ].join("\n");
    const out = execFileSync(python, ["-c", script, join(folder, "list.json")], {
      encoding: "utf8",
      maxBuffer: 1 << 26,
    });
    return JSON.parse(out);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
