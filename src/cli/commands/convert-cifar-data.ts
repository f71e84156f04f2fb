import { type Command, command, operand } from "../command.js";
import { oneOf } from "../options.js";
import { caffeLog, print } from "../print.js";

/** `moka convert_cifar_data`: converts CIFAR-10's binary files to databases, as Caffe's example tool of that name. */
export const convertCifarData: Command = command(
  {
    input: operand("<input_folder>", "the folder with data_batch_1.bin to data_batch_5.bin and test_batch.bin"),
    output: operand("<output_folder>", "where to create cifar10_train_<db_type> and cifar10_test_<db_type>"),
    backend: operand("<db_type>", "the kind of database", oneOf("lmdb", "leveldb")),
  },
  async ({ input, output, backend }) => {
    const { convertCifarData } = await import("../../index.js");
    const made = await convertCifarData(input, output, { backend, log: caffeLog });
    for (const { path, count } of [made.train, made.test]) print(`${count} images written to ${path}\n`);
  },
);
