import type { GraphProto, ModelProto, ValueInfoProto } from "./gen/onnx_pb.js";
import type { Dim } from "./model.js";
import { opsets } from "./opsets.js";
import { checkTensor, type ExternalData } from "./tensor.js";

/** The sizes of the tensor that a value is declared to be; undefined for a value without declared sizes. */
export function declaredDims({ type }: ValueInfoProto): readonly Dim[] | undefined {
  if (type?.value.case !== "tensorType") return undefined;
  return type.value.value.shape?.dim.map(({ value }) => {
    if (value.case === "dimValue") return Number(value.value);
    return value.value ?? "?";
  });
}

/**
 * What is wrong with a model, one sentence each; none if all is right. It looks at what every runtime expects and some do not check:
 * only the standard domain, one opset, a format that has it; names that are unique; inputs and outputs with declared sizes; constants
 * whose bytes fit their sizes; and nodes that read only what was made before them.
 */
export function structureProblems(model: ModelProto, external?: ExternalData): readonly string[] {
  const { graph, opsetImport, irVersion, functions } = model;
  if (!graph) return ["the model has no graph"];
  const problems: string[] = [];
  const versions = opsetImport.filter(({ domain }) => isStandard(domain)).map(({ version }) => Number(version));
  const [opset] = versions;
  const others = opsetImport.filter(({ domain }) => !isStandard(domain)).map(({ domain }) => domain);
  if (versions.length !== 1) problems.push(`the model names ${versions.length} opsets of the standard domain, not one`);
  if (others.length > 0) problems.push(`the model uses the domain ${others.join(", ")}, which is not the standard one`);
  if (functions.length > 0) problems.push(`the model defines ${functions.length} operators of its own`);
  const least = opset === undefined ? undefined : opsets[opset];
  if (least !== undefined && Number(irVersion) < least)
    problems.push(`opset ${opset} needs version ${least} of the format, and the model has ${irVersion}`);
  for (const value of [...graph.input, ...graph.output]) {
    if (declaredDims(value) === undefined) problems.push(`"${value.name}" is declared without sizes`);
  }
  problems.push(...graphProblems(graph, new Set(), external));
  return problems;
}

function isStandard(domain: string): boolean {
  return domain === "" || domain === "ai.onnx";
}

/** @param outer the values that a body can read of the graphs around it */
function graphProblems(graph: GraphProto, outer: ReadonlySet<string>, external?: ExternalData): string[] {
  const problems: string[] = [];
  const made = new Set(outer);
  const own = new Set<string>();
  const make = (name: string) => {
    if (own.has(name)) problems.push(`the value "${name}" is made twice`);
    own.add(name);
    made.add(name);
  };
  for (const tensor of graph.initializer) {
    make(tensor.name);
    try {
      checkTensor(tensor, `constant "${tensor.name}"`, external);
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    }
  }
  // In old models the constants are declared as inputs too.
  for (const { name } of graph.input) if (!graph.initializer.some((each) => each.name === name)) make(name);
  const nodeNames = new Set<string>();
  for (const { name, opType, domain, input, output, attribute } of graph.node) {
    const node = `node "${name}" (${opType})`;
    if (name !== "" && nodeNames.has(name)) problems.push(`two nodes have the name "${name}"`);
    nodeNames.add(name);
    if (!isStandard(domain)) problems.push(`${node} is of the domain "${domain}", not of the standard one`);
    for (const value of input.filter((each) => each !== "" && !made.has(each)))
      problems.push(`${node} reads "${value}", which nothing makes before it`);
    const bodies = attribute.flatMap(({ g, graphs }) => [...(g ? [g] : []), ...graphs]);
    for (const body of bodies) problems.push(...graphProblems(body, made, external));
    for (const value of output) if (value !== "") make(value);
  }
  for (const { name } of graph.output) if (!made.has(name)) problems.push(`nothing makes the output "${name}"`);
  return problems;
}
