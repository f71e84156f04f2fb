import type { DescMessage, Message, MessageShape } from "@bufbuild/protobuf";
import { oneRank } from "../../core/communicator.js";
import { fieldsBeyondSsd } from "../../core/fork-fields.js";
import type { LayerContext } from "../../core/layer.js";
import { Transformer } from "../../data/transformer.js";
import { readBlobProto } from "../../proto/binary/index.js";
import { setFields } from "../../proto/dialects/index.js";
import {
  type AnnotatedDataParameter,
  AnnotatedDataParameterSchema,
  type BlobProto,
  DataParameterSchema,
  ImageDataParameterSchema,
  type LayerParameter,
  TransformationParameterSchema,
} from "../../proto/gen/caffe_pb.js";
import { sourceOf } from "../../proto/source.js";
import { Random } from "../../util/random.js";

/** The blob of a layer's `transform_param.mean_file`, if it names one. */
export async function loadMean(
  message: LayerParameter,
  { files, log }: LayerContext,
  origin = "data_transformer.cpp:25",
): Promise<BlobProto | undefined> {
  const meanFile = message.transformParam?.meanFile;
  if (!meanFile) return undefined;
  log("info", origin, `Loading mean file from: ${meanFile}`);
  const path = await files.resolve(meanFile, sourceOf(message)?.file);
  return readBlobProto(await files.read(path), path);
}

/**
 * A layer's transformer. If it crops or mirrors at random, it gets its own generator. Its seed is a draw of the run's, which is
 * the same on all ranks, plus the number of the rank: so each rank draws its own numbers.
 */
export function newTransformer(
  { transformParam }: LayerParameter,
  { phase, random, ranks = oneRank }: LayerContext,
  mean: BlobProto | undefined,
): Transformer {
  const isRandom = Transformer.needsRandom(transformParam, phase);
  const own = isRandom ? new Random(random.next() + ranks.communicator.rank) : random;
  return new Transformer(transformParam, phase, own, mean);
}

/** The generator of what SSD's prefetching thread draws: its seed is the next draw of the run's, plus the number of the rank. */
export function newDraws({ random, ranks = oneRank }: LayerContext): Random {
  return new Random(random.next() + ranks.communicator.rank);
}

/** The messages of which `logIgnored` speaks. */
export const imageForkFields: readonly string[] = ["transform_param", "data_param", "image_data_param"];

/** BVLC's fields of `transform_param`, which all data layers of images compute. */
const transformFields = "scale mirror crop_size mean_file mean_value force_color force_gray".split(" ");

/** SSD's fields of `transform_param` that a layer with an `ImagePreparer` computes. */
export const preparedFields: readonly string[] = ["crop_h", "crop_w", "resize_param", "noise_param"];

/** BVLC's fields of the sources' messages: computed, or ignored as Caffe does, as the layers' contracts say. */
const sourceFields =
  "source scale mean_file batch_size crop_size mirror rand_skip backend force_encoded_color prefetch shuffle new_height new_width is_color root_folder".split(
    " ",
  );

/**
 * Says in the log which fields of forks a data layer ignores. In the messages that it computes, those are the fields that SSD has not.
 *
 * @param computed fields of forks in `transform_param` that this layer computes
 * @param annotated its `annotated_data_param`
 */
export function logIgnored(
  { name, transformParam, dataParam, imageDataParam }: LayerParameter,
  { log }: LayerContext,
  computed = preparedFields,
  annotated?: AnnotatedDataParameter,
): void {
  const ignored = [
    ...otherFields(TransformationParameterSchema, transformParam, "transform_param", [...transformFields, ...computed]),
    ...otherFields(DataParameterSchema, dataParam, "data_param", sourceFields),
    ...otherFields(ImageDataParameterSchema, imageDataParam, "image_data_param", sourceFields),
    ...(annotated ? fieldsBeyondSsd(AnnotatedDataParameterSchema, annotated, "annotated_data_param") : []),
  ];
  if (ignored.length > 0) log("warning", "moka:0", `${name}: ignored, as fields of forks: ${ignored.join(", ")}`);
}

function otherFields<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc> | undefined,
  prefix: string,
  known: readonly string[],
): string[] {
  if (!message) return [];
  const ignored = [...setFields(schema, message)].flatMap(({ field, value }) => {
    const path = `${prefix}.${field.name}`;
    if (!known.includes(field.name)) return path;
    return field.message ? fieldsBeyondSsd(field.message, value as Message, path) : [];
  });
  return [...new Set(ignored)].sort();
}
