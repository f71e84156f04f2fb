import { silent } from "../../util/log.js";
import { type Command, command, flag, operand, option } from "../command.js";
import { imagesetOptions, integer, oneOf } from "../options.js";
import { caffeLog, print, printJson } from "../print.js";

/** `moka convert_annoset`: converts images and boxes to a database, as SSD's tool of that name. */
export const convertAnnoset: Command = command(
  {
    root: operand("<root_folder>", "prefix of every path in the list"),
    list: operand("<list_file>", "a text file; each line is an image's path, and a label or the path of its boxes"),
    database: operand("<output_db>", "folder to create"),
    annoType: option(
      "--anno_type <type>",
      "what the list names beside an image: a label, or a file with boxes",
      oneOf("classification", "detection"),
      "classification",
    ),
    labelType: option(
      "--label_type <type>",
      "the files with boxes: xml as PASCAL VOC's, json as COCO's for one image, txt of label xmin ymin xmax ymax",
      oneOf("xml", "json", "txt"),
      "xml",
    ),
    labelMapFile: option("--label_map_file <file>", "the prototxt with the name and label of each class"),
    checkLabel: flag("--check_label", "stop at a name that the label map has twice"),
    minDim: option("--min_dim <n>", "least length of an image's shorter side, in pixels; 0: none", integer(0), 0),
    maxDim: option("--max_dim <n>", "greatest length of an image's longer side, in pixels; 0: none", integer(0), 0),
    ...imagesetOptions,
  },
  async ({ root, list, database, json, ...options }) => {
    const { convertAnnoset } = await import("../../tools/convert-annoset.js");
    const counts = await convertAnnoset(root, list, database, { ...options, log: json ? silent : caffeLog });
    if (json) {
      printJson(counts);
      return;
    }
    const left = counts.skipped > 0 ? `, ${counts.skipped} could not be read` : "";
    const boxes = options.annoType === "detection" ? ` with ${counts.boxes} boxes` : "";
    const none = counts.withoutFile > 0 ? `, ${counts.withoutFile} without a file of boxes` : "";
    print(`${counts.count} images${boxes} written to ${database}${left}${none}\n`);
  },
);
