// `npm run build:vscode`: builds the extension of VS Code, editors/vscode/dist/moka-caffe-<version>.vsix; `--out FOLDER` builds it
// elsewhere. A .vsix is a zip of the extension's files, a manifest and a list of types of files.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";

const root = fileURLToPath(new URL("../editors/vscode", import.meta.url));
const { values } = parseArgs({ options: { out: { type: "string", default: join(root, "dist") } } });
const client = "dist/client.cjs";
const extension = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

const {
  outputFiles: [bundle],
} = await build({
  entryPoints: [join(root, "src/client.ts")],
  write: false,
  bundle: true,
  minify: true,
  platform: "node",
  target: "node20",
  format: "cjs", // VS Code loads extensions by require
  external: ["vscode"],
  legalComments: "inline",
  logLevel: "warning",
});

const files = ["package.json", "README.md", "language-configuration.json", "syntaxes/prototxt.tmLanguage.json"];
const license = "LICENSE.txt"; // a file without an ending would have no type
const types = {
  ".json": "application/json",
  ".md": "text/markdown",
  ".cjs": "application/node",
  ".txt": "text/plain",
  ".vsixmanifest": "text/xml",
};
const packed = (path) => `extension/${path}`;
const bytesOf = (...path) => new Uint8Array(readFileSync(join(root, ...path)));

const vsix = zipSync(
  {
    "extension.vsixmanifest": strToU8(manifestOf(extension)),
    "[Content_Types].xml": strToU8(contentTypes()),
    ...Object.fromEntries(files.map((path) => [packed(path), bytesOf(path)])),
    [packed(license)]: bytesOf("..", "..", "LICENSE"),
    [packed(client)]: bundle.contents,
  },
  { level: 9, mtime: "1980-01-01T00:00:00" }, // the same sources make the same file
);
check(vsix);
rmSync(values.out, { recursive: true, force: true });
mkdirSync(values.out, { recursive: true });
const path = join(values.out, `moka-caffe-${extension.version}.vsix`);
writeFileSync(path, vsix);
writeFileSync(join(values.out, "client.cjs"), bundle.contents); // to run the extension from its folder
console.log(`${path}: ${(vsix.length / 1024).toFixed(0)} KB`);

function manifestOf({
  name,
  version,
  publisher,
  displayName,
  description,
  keywords,
  categories,
  engines,
  homepage,
  bugs,
  extensionKind,
}) {
  const property = (id, value) => `      <Property Id="Microsoft.VisualStudio.${id}" Value="${escaped(value)}" />`;
  const asset = (type, path) =>
    `    <Asset Type="Microsoft.VisualStudio.${type}" Path="${packed(path)}" Addressable="true" />`;
  return `<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
  <Metadata>
    <Identity Language="en-US" Id="${escaped(name)}" Version="${escaped(version)}" Publisher="${escaped(publisher)}" />
    <DisplayName>${escaped(displayName)}</DisplayName>
    <Description xml:space="preserve">${escaped(description)}</Description>
    <Tags>${escaped(keywords.join(","))}</Tags>
    <Categories>${escaped(categories.join(","))}</Categories>
    <GalleryFlags>Public</GalleryFlags>
    <License>${packed(license)}</License>
    <Properties>
${[
  property("Code.Engine", engines.vscode),
  property("Code.ExtensionKind", extensionKind.join(",")),
  property("Services.Links.Learn", homepage),
  property("Services.Links.Support", bugs),
  property("Services.GitHubFlavoredMarkdown", "true"),
].join("\n")}
    </Properties>
  </Metadata>
  <Installation>
    <InstallationTarget Id="Microsoft.VisualStudio.Code" />
  </Installation>
  <Dependencies />
  <Assets>
${[
  asset("Code.Manifest", "package.json"),
  asset("Services.Content.Details", "README.md"),
  asset("Services.Content.License", license),
].join("\n")}
  </Assets>
</PackageManifest>
`;
}

function contentTypes() {
  const rows = Object.entries(types).map(([end, type]) => `<Default Extension="${end}" ContentType="${type}" />`);
  return `<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">${rows.join("")}</Types>
`;
}

function escaped(text) {
  const entities = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;" };
  return text.replaceAll(/[&<>"']/g, (character) => entities[character]);
}

/** Every file that the extension names is in the zip, and every file has a type. */
function check(vsix) {
  const entries = unzipSync(vsix);
  const { main, contributes } = JSON.parse(strFromU8(entries["extension/package.json"]));
  const { languages, grammars } = contributes;
  const named = [main, ...languages.map(({ configuration }) => configuration), ...grammars.map(({ path }) => path)];
  const missing = named.map((path) => path.replace(/^\.\//, "extension/")).filter((path) => !(path in entries));
  const untyped = Object.keys(entries).filter((path) => !(extname(path) in types) && path !== "[Content_Types].xml");
  if (missing.length > 0 || untyped.length > 0)
    throw new Error(
      `the extension lacks ${missing.join(", ") || "nothing"}; without a type: ${untyped.join(", ") || "none"}`,
    );
}
