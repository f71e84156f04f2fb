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
  async ({ imageFile, labelFile, output, ...options }) => {
    const { convertMnistData } = await import("../../tools/convert-mnist-data.js");
    const { count, height, width } = await convertMnistData(imageFile, labelFile, output, options);
    const path = options.backend === "lmdb" ? `${output}/data.mdb` : output;
    print(`${count} images of ${height}×${width} written to ${path}\n`);
  },
);
