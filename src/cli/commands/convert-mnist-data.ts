import type { Command } from "../command.js";
import { integer } from "../options.js";

/** `moka convert_mnist_data`: IDX files to a database, as Caffe's example tool of that name. */
export const convertMnistData: Command = {
  name: "convert_mnist_data",
  summary: "convert IDX images and labels, as MNIST comes, to an LMDB",

  define(command) {
    command
      .argument("<image_file>", "images, IDX, gzip or not")
      .argument("<label_file>", "labels, IDX, gzip or not")
      .argument("<output_db>", "folder to create")
      .option("--skip <n>", "leave out the first n images", integer(0), 0)
      .option("--count <n>", "take at most n images", integer(1));
  },

  async run([imageFile = "", labelFile = "", output = ""], options) {
    const { skip, count } = options as unknown as { skip: number; count?: number };
    const { createFiles } = await import("#platform");
    const { readIdxImages } = await import("../../data/idx.js");
    const { encodeImage, recordKey } = await import("../../data/datum.js");
    const { writeLmdb } = await import("../../data/lmdb/index.js");
    const { MokaError } = await import("../../index.js");
    const files = createFiles();
    const load = async (file: string) => ({ bytes: await files.read(file), file });
    const images = await readIdxImages(await load(imageFile), await load(labelFile));
    const size = images.height * images.width;
    const end = Math.min(images.count, skip + (count ?? images.count));
    if (skip >= end) {
      throw new MokaError("MOKA_USAGE", `--skip ${skip} leaves none of the ${images.count} images`);
    }
    const records = Array.from({ length: end - skip }, (_, i) => ({
      key: recordKey(i),
      value: encodeImage({
        channels: 1,
        height: images.height,
        width: images.width,
        data: images.pixels.subarray((skip + i) * size, (skip + i + 1) * size),
        label: images.labels[skip + i] ?? 0,
      }),
    }));
    await files.makeFolder(output);
    await files.write(`${output}/data.mdb`, writeLmdb(records));
    process.stdout.write(
      `${records.length} images of ${images.height}×${images.width} written to ${output}/data.mdb\n`,
    );
    return 0;
  },
};
