// A type that a public function or class mentions can be imported by its name. The test reads the declarations of dist/, which
// `npm run build` makes.
import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { expectNone, root } from "./tree.js";

const index = join(root, "dist", "index.d.ts");

/** The types that declarations reachable from the index mention, and the index does not export: `Name (mentioned by Other)`. */
function unexportedTypes(): string[] {
  const program = ts.createProgram([index], { module: ts.ModuleKind.NodeNext, skipLibCheck: true });
  const checker = program.getTypeChecker();
  const real = (symbol: ts.Symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);
  const source = program.getSourceFile(index);
  const module = source && checker.getSymbolAtLocation(source);
  expect(module, "dist/index.d.ts: npm run build").toBeDefined();
  const exported = new Set(
    checker.getExportsOfModule(module as ts.Symbol).flatMap((each) => {
      const symbol = real(each);
      const isNamespace = symbol.flags & ts.SymbolFlags.ValueModule;
      return isNamespace ? checker.getExportsOfModule(symbol).map(real) : [symbol];
    }),
  );
  /** What the index exports without `type`. */
  const values = new Set(
    checker
      .getExportsOfModule(module as ts.Symbol)
      .filter((each) => !each.declarations?.some((declaration) => ts.isTypeOnlyExportDeclaration(declaration)))
      .map(real),
  );
  const missing = new Set<string>();
  const seen = new Set<ts.Symbol>();
  const visit = (symbol: ts.Symbol): void => {
    if (seen.has(symbol)) return;
    seen.add(symbol);
    for (const declaration of symbol.declarations ?? []) walk(declaration, symbol.name);
  };
  const walk = (node: ts.Node, by: string): void => {
    if (isHidden(node)) return;
    const name = ts.isTypeReferenceNode(node)
      ? node.typeName
      : ts.isExpressionWithTypeArguments(node)
        ? node.expression
        : undefined;
    const found = name && checker.getSymbolAtLocation(name);
    if (found) mention(real(found), by);
    ts.forEachChild(node, (child) => walk(child, by));
  };
  const mention = (symbol: ts.Symbol, by: string): void => {
    const isOwn = symbol.declarations?.some((each) => each.getSourceFile().fileName.startsWith(join(root, "dist")));
    if (!isOwn || symbol.flags & ts.SymbolFlags.TypeParameter) return;
    if (!exported.has(symbol)) missing.add(`${symbol.name}, which ${by} mentions, is not exported from src/index.ts`);
    visit(symbol);
  };
  // `export type Net = CoreNet` gives the class its public name.
  for (const symbol of [...exported]) {
    const [declaration] = symbol.declarations?.filter(ts.isTypeAliasDeclaration) ?? [];
    const type = declaration?.type;
    const named = type && ts.isTypeReferenceNode(type) && checker.getSymbolAtLocation(type.typeName);
    if (named) exported.add(real(named));
  }
  /** Private members; and what is not reached through a class of which only the type is public. */
  const isHidden = (node: ts.Node): boolean => {
    const modifiers = ts.canHaveModifiers(node) ? (node.modifiers ?? []) : [];
    if (modifiers.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword)) return true;
    const isStatic =
      ts.isConstructorDeclaration(node) || modifiers.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword);
    const { name } = (ts.isClassDeclaration(node.parent) && node.parent) || {};
    const symbol = name && checker.getSymbolAtLocation(name);
    return isStatic && symbol !== undefined && !values.has(symbol);
  };
  for (const symbol of exported) visit(symbol);
  return [...missing].sort();
}

test("all types that public signatures use are exported", () => {
  expectNone(unexportedTypes());
});

test.each([
  ["a page's bundler", ts.ModuleKind.ESNext, ts.ModuleResolutionKind.Bundler, []],
  ["Node", ts.ModuleKind.NodeNext, ts.ModuleResolutionKind.NodeNext, ["node"]],
])("a strict program for %s checks the declarations, and those that they import, without an error", (...args) => {
  const [, module, moduleResolution, types] = args;
  const lib = ["lib.es2022.d.ts", "lib.dom.d.ts"];
  const options = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    module,
    moduleResolution,
    types,
    lib,
  };
  const program = ts.createProgram([index], { ...options, skipDefaultLibCheck: true, target: ts.ScriptTarget.ES2022 });
  expect(program.getSourceFiles().length).toBeGreaterThan(100);
  const messages = ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    return `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
  });
  expect(messages).toEqual([]);
});
