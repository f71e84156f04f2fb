import { create, type DescField, type DescMessage, type Message } from "@bufbuild/protobuf";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { memoized } from "../../util/memoized.js";
import { isForkField } from "../fork-fields.js";
import {
  LayerParameterSchema,
  type NetParameter,
  NetParameterSchema,
  V1LayerParameterSchema,
} from "../gen/caffe_pb.js";
import { type ReadDialect, setReadDialect } from "../source.js";
import { formatText } from "../text/printer.js";
import {
  bvlc,
  checkDialect,
  type Dialect,
  dialectNamed,
  dialects,
  fieldsOfType,
  lacks,
  type Numbering,
  setFields,
} from "./index.js";

/** Reads a message with the numbers of a fork. */
export type ReadMessage = (schema: DescMessage, bytes: Uint8Array, numbering: Numbering) => Message;

/** The bytes of a layer's settings and unknown fields, as they are in the file: BVLC's numbers may have changed what they say. */
export type RawSettings = (layer: Message) => Uint8Array;

type Fields = Message & Record<string, unknown>;

/** The settings of a layer as one fork reads them. */
interface Reading {
  readonly name: string;
  readonly schema: DescMessage;
  readonly settings: Fields;
  /** The number of fields and enum values that are not known. */
  readonly unknown: number;
  /** Whether the fork is known for the layer's type, or has a field for it that the layer has. */
  readonly matches: boolean;
}

/** A layer that may be a fork's, and its readings. */
interface Doubtful {
  readonly schema: DescMessage;
  readonly layer: Fields;
  readonly readings: readonly Reading[];
}

/**
 * Gives the layers of a net that was read with BVLC's numbers their meaning in the fork it is for. The fork that knows most of the
 * fields of the layers in doubt counts for all; then the one with more fields that fit their layer's type. A layer that this fork
 * does not know is read as the first fork that does. What stays ambiguous is noted with the net: see `readDialectOf`.
 *
 * @param hasUnknown whether BVLC's numbers left anything unknown, in a layer or elsewhere
 */
export function adoptDialect(
  net: NetParameter,
  read: ReadMessage,
  raw: RawSettings,
  hasUnknown: boolean,
  given?: string,
): void {
  if (!hasUnknown && given === undefined && !net.layer.some(({ type }) => forkSettingsOf(type).size > 0)) return;
  if (given !== undefined && checkDialect(given) === bvlc.name) return;
  const forks = dialects();
  const layers = [
    ...net.layer.map((layer) => ({ schema: LayerParameterSchema as DescMessage, layer: layer as Message as Fields })),
    ...net.layers.map((layer) => ({
      schema: V1LayerParameterSchema as DescMessage,
      layer: layer as Message as Fields,
    })),
  ];
  const sure = given === undefined ? undefined : dialectNamed(given);
  if (sure) {
    adoptGiven(net, layers, sure, read, raw);
    return;
  }
  const readingsOf = reader(forks, read, raw);
  const doubtful: Doubtful[] = layers
    .filter(({ schema, layer }) => isDoubtful(schema, layer))
    .map(({ schema, layer }) => ({ schema, layer, readings: readingsOf(schema, layer) }));
  if (doubtful.length === 0 && !net.$unknown) return;
  const [best, ...others] = forks
    .map((dialect) => {
      const own = doubtful.flatMap(({ readings }) => readings.find(({ name }) => name === dialect.name) ?? []);
      const unknown = own.reduce((sum, each) => sum + each.unknown, 0);
      return { dialect, unknown, matches: own.filter(({ matches }) => matches).length };
    })
    .sort((a, b) => a.unknown - b.unknown || b.matches - a.matches);
  if (!best) return;
  const equal = new Set(
    others
      .filter(({ unknown, matches }) => unknown === best.unknown && matches === best.matches)
      .map(({ dialect }) => dialect.name),
  );
  const unsure: ReadDialect["unsure"][number][] = [];
  let isAdopted = false;
  for (const { schema, layer, readings } of doubtful) {
    const chosen = choose(readings, best.dialect);
    if (chosen.name === bvlc.name) continue;
    const rivals = readings.filter((each) => {
      const counts = chosen.name !== best.dialect.name || equal.has(each.name);
      return counts && isRival(each, chosen);
    });
    replace(schema, layer, chosen.settings);
    isAdopted = true;
    const name = String(layer["name"]);
    if (rivals.length > 0) unsure.push({ layer: name, as: chosen.name, others: rivals.map((each) => each.name) });
  }
  if (net.$unknown) isAdopted = adoptNetFields(net, read, best.dialect) || isAdopted;
  if (!isAdopted) return;
  // Numbers that are BVLC's in most forks may mean something else in this one.
  const settled = new Set(doubtful.map(({ layer }) => layer));
  for (const { schema, layer } of layers) {
    if (settled.has(layer) || lacks(best.dialect, schema, layer) === 0) continue;
    const reading = readingsOf(schema, layer).find(({ name }) => name === best.dialect.name);
    if (reading?.unknown === 0) replace(schema, layer, reading.settings);
  }
  setReadDialect(net, { name: best.dialect.name, isMarked: false, unsure });
}

/** Reads all layers with the numbers of the fork that the caller says, but for those that are no message with them. */
function adoptGiven(
  net: NetParameter,
  layers: readonly Omit<Doubtful, "readings">[],
  dialect: Dialect,
  read: ReadMessage,
  raw: RawSettings,
): void {
  const readingsOf = reader([dialect], read, raw);
  for (const { schema, layer } of layers) {
    const [reading] = readingsOf(schema, layer);
    if (reading && Number.isFinite(reading.unknown)) replace(schema, layer, reading.settings);
  }
  if (net.$unknown) adoptNetFields(net, read, dialect);
  setReadDialect(net, { name: dialect.name, isMarked: false, unsure: [] });
}

/** Reads the unknown fields of the net itself as a fork does. Returns whether it has any of them. */
function adoptNetFields(net: NetParameter, read: ReadMessage, dialect: Dialect): boolean {
  const only = new BinaryWriter();
  for (const { no, wireType, data } of net.$unknown ?? []) only.tag(no, wireType).raw(data);
  const as = read(NetParameterSchema, only.finish(), dialect) as Fields;
  const found = [...setFields(NetParameterSchema, as)].map(({ field }) => field.localName);
  if (found.length === 0 || !Number.isFinite(unknownIn(NetParameterSchema, as))) return false;
  for (const name of found) (net as Message as Fields)[name] = as[name];
  if (as.$unknown) net.$unknown = as.$unknown;
  else delete net.$unknown;
  return true;
}

/** Whether BVLC's numbers leave fields of a layer unknown, or its type is one that a fork has a field for. */
function isDoubtful(schema: DescMessage, layer: Fields): boolean {
  if (unknownIn(schema, layer) > 0) return true;
  const { type } = layer;
  if (typeof type !== "string") return false;
  let hasSettings = false;
  for (const { field } of setFields(schema, layer)) if (isSetting(field)) hasSettings = true;
  return hasSettings && forkSettingsOf(type).size > 0;
}

/** Whether a field holds a layer's settings: a message, but not its blobs. */
export function isSetting({ message, name }: DescField): boolean {
  return message !== undefined && !/^(?:blobs|layer)$/.test(name);
}

/** The number of unknown fields and enum values in a message, at any depth but in blobs. */
function unknownIn(schema: DescMessage, message: Message): number {
  let count = message.$unknown?.length ?? 0;
  for (const { field, value } of setFields(schema, message)) {
    if (field.message && field.name !== "blobs") count += unknownIn(field.message, value as Message);
    else if (field.enum && !field.enum.value[Number(value)]) count++;
    // Bytes that are no text would not be written as they were.
    else if (isBroken(value)) return Number.POSITIVE_INFINITY;
  }
  return count;
}

/** Whether a string was made of bytes that are no UTF-8. */
function isBroken(value: unknown): boolean {
  return typeof value === "string" && value.includes("\ufffd");
}

const none: ReadonlyMap<Dialect, DescField> = new Map();
const settingsOfTypes = new Map<string, ReadonlyMap<Dialect, DescField>>();

/** The forks that have a field of LayerParameter for a type, by its name, and the field: `psroi_pooling_param` of PSROIPooling. */
function forkSettingsOf(type: string): ReadonlyMap<Dialect, DescField> {
  const fields = fieldsOfType(type).filter((field) => isForkField(field) && isSetting(field));
  if (fields.length === 0) return none;
  // All spellings of a type have one entry, so that the map stays small.
  const key = type.toLowerCase();
  let found = settingsOfTypes.get(key);
  if (!found) {
    found = new Map(
      dialects().flatMap((dialect) => {
        const own = fields.find(({ name }) => dialect.has("LayerParameter", name));
        return own ? [[dialect, own] as const] : [];
      }),
    );
    settingsOfTypes.set(key, found);
  }
  return found;
}

/** Gives each byte a character of its own. */
const latin1 = new TextDecoder("latin1");

/** Reads the settings of layers as each of these forks does, and as BVLC. Equal settings are read once. */
function reader(forks: readonly Dialect[], read: ReadMessage, raw: RawSettings) {
  const known = new Map<string, readonly Reading[]>();
  return (schema: DescMessage, layer: Fields): readonly Reading[] => {
    const bare = settingsOf(schema, layer);
    const bytes = raw(layer);
    const key = `${layer["type"]} ${latin1.decode(bytes)}`;
    let found = known.get(key);
    if (!found) {
      const own = { name: bvlc.name, schema, settings: bare, unknown: unknownIn(schema, bare), matches: false };
      found = [...forks.map((dialect) => readingAs(dialect, schema, String(layer["type"]), bytes, read)), own];
      known.set(key, found);
    }
    return found;
  };
}

function readingAs(dialect: Dialect, schema: DescMessage, type: string, bytes: Uint8Array, read: ReadMessage): Reading {
  let settings: Fields;
  try {
    settings = read(schema, bytes, dialect) as Fields;
  } catch {
    // With these numbers the bytes are no message at all.
    return {
      name: dialect.name,
      schema,
      settings: create(schema) as Fields,
      unknown: Number.POSITIVE_INFINITY,
      matches: false,
    };
  }
  const field = forkSettingsOf(type).get(dialect);
  const matches = dialect.types.has(type) || (field !== undefined && Object.hasOwn(settings, field.localName));
  return { name: dialect.name, schema, settings, unknown: unknownIn(schema, settings), matches };
}

/** A message with the settings of a layer alone, and its unknown fields. */
function settingsOf(schema: DescMessage, layer: Fields): Fields {
  const bare = create(schema) as Fields;
  for (const { field } of setFields(schema, layer))
    if (isSetting(field)) bare[field.localName] = layer[field.localName];
  if (layer.$unknown) bare.$unknown = layer.$unknown;
  return bare;
}

/** The best reading: BVLC's if no fork's is better, else that of the net's fork if no other is better. */
function choose(readings: readonly Reading[], { name }: Dialect): Reading {
  const worth = ({ unknown, matches }: Reading) => -2 * unknown + Number(matches);
  const most = Math.max(...readings.map(worth));
  const best = readings.filter((each) => worth(each) === most);
  return (
    best.find((each) => each.name === bvlc.name) ?? best.find((each) => each.name === name) ?? (best[0] as Reading)
  );
}

/** Whether another reading is as good, and has another meaning. */
function isRival(other: Reading, chosen: Reading): boolean {
  if (other === chosen || other.unknown !== chosen.unknown || other.matches !== chosen.matches) return false;
  return textOf(other) !== textOf(chosen);
}

const textOf = memoized(({ schema, settings }: Reading) => formatText(schema, settings));

/** Gives a layer these settings in the place of its own. */
function replace(schema: DescMessage, layer: Fields, settings: Fields): void {
  for (const { field } of [...setFields(schema, layer)]) if (isSetting(field)) delete layer[field.localName];
  delete layer.$unknown;
  for (const { field } of setFields(schema, settings)) layer[field.localName] = settings[field.localName];
  if (settings.$unknown) layer.$unknown = settings.$unknown;
}
