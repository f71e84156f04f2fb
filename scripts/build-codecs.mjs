// Writes the WebAssembly of the JPEG codec that pages use, as text, to src/platform/browser/gen/: jpeg-decoder.ts and
// jpeg-encoder.ts. Its package would fetch it from the folder of its own file, where bundles of esbuild and Rollup do not have
// it.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { deflateSync } from "node:zlib";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = `${root}src/platform/browser/gen`;

mkdirSync(folder, { recursive: true });
for (const [name, file] of [
  ["jpeg-decoder", "dec/mozjpeg_dec"],
  ["jpeg-encoder", "enc/mozjpeg_enc"],
]) {
  const bytes = readFileSync(`${root}node_modules/@jsquash/jpeg/codec/${file}.wasm`);
  const text = `// Made by scripts/build-codecs.mjs; not to be edited.
// From @jsquash/jpeg (Apache-2.0), which has MozJPEG's license and notices: Copyright Google LLC, and the Independent JPEG Group.

/** ${file}.wasm, deflated, in Base64. */
export const text: string =
  "${deflateSync(bytes, { level: 9 }).toString("base64")}";
`;
  const path = `${folder}/${name}.ts`;
  if (!existsSync(path) || readFileSync(path, "utf8") !== text) writeFileSync(path, text);
}
