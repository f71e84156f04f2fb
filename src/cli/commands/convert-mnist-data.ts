import { check } from "../../util/errors.js";
import { type Command, command, operand, option } from "../command.js";
import { backend, integer } from "../options.js";
import { print } from "../print.js";

/** `moka convert_mnist_data`: converts IDX files to a database, as Caffe's example tool of that name. */
export const convertMnistData: Command = command(
  {
    imageFile: operand("<image_file>", "images, IDX, gzip or not"),
    labelFile: operand("<label_file>", "labels, IDX, gzip or not"),
    output: operand("<output_db>", "folder to create"),
    skip: option("--skip <n>", "leave out the first n images", integer(0), 0),
    count: option("--count <n>", "take at most n images", integer(1)),
    backend,
  },
  async ({ imageFile, labelFile, output, skip, count, backend }) => {
    const { createFiles } = await import("#platform");
    const { readIdxImages } = await import("../../data/idx.js");
    const { imageRecords } = await import("../../data/datum.js");
    const { createDatabase } = await import("../../data/database.js");
    const files = createFiles();
    const load = async (file: string) => ({ bytes: await files.read(file), file });
    const images = await readIdxImages(await load(imageFile), await load(labelFile));
    const end = Math.min(images.count, skip + (count ?? images.count));
    check(skip < end, "MOKA_USAGE", `--skip ${skip} leaves none of the ${images.count} images`);
    const writer = await createDatabase(files, backend, output);
    for (const { key, value } of imageRecords(images, skip, end)) await writer.add(key, value);
    await writer.finish();
    const path = backend === "lmdb" ? `${output}/data.mdb` : output;
    print(`${end - skip} images of ${images.height}×${images.width} written to ${path}\n`);
  },
);
