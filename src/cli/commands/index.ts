import type { CommandRow } from "../command.js";

/** All commands, in the order of `moka --help`. The file of a command is loaded when the command is called. */
export const commands: readonly CommandRow[] = [
  {
    name: "train",
    summary: "train or finetune a model",
    load: async () => (await import("./train.js")).train,
  },
  {
    name: "test",
    summary: "score a model",
    load: async () => (await import("./test.js")).test,
  },
  {
    name: "time",
    summary: "benchmark model execution time",
    load: async () => (await import("./time.js")).time,
  },
  {
    name: "scale",
    summary: "predict the speed of training on many processes and machines",
    load: async () => (await import("./scale.js")).scale,
  },
  {
    name: "run",
    summary: "run a net on given inputs and show or save its outputs",
    load: async () => (await import("./run.js")).run,
  },
  {
    name: "device_query",
    summary: "show the processor, memory and engine",
    load: async () => (await import("./device-query.js")).deviceQuery,
  },
  {
    name: "digits",
    summary: "draw a data set of handwritten-like digits, or of scenes with their boxes, to train on",
    load: async () => (await import("./digits.js")).digits,
  },
  {
    name: "convert_mnist_data",
    summary: "convert IDX images and labels, the format of MNIST, to an LMDB or LevelDB",
    load: async () => (await import("./convert-mnist-data.js")).convertMnistData,
  },
  {
    name: "convert_mnist_siamese_data",
    summary: "make pairs of MNIST's images, to train a siamese net on",
    load: async () => (await import("./convert-mnist-siamese-data.js")).convertMnistSiameseData,
  },
  {
    name: "convert_cifar_data",
    summary: "convert CIFAR-10's binary files to LMDBs or LevelDBs",
    load: async () => (await import("./convert-cifar-data.js")).convertCifarData,
  },
  {
    name: "classify",
    summary: "classify images with a net",
    load: async () => (await import("./classify.js")).classify,
  },
  {
    name: "detect",
    summary: "find objects in pictures with a net, and draw their boxes",
    load: async () => (await import("./detect.js")).detect,
  },
  {
    name: "compute_image_mean",
    summary: "compute the mean image and the mean of each channel of a database",
    load: async () => (await import("./compute-image-mean.js")).computeImageMean,
  },
  {
    name: "convert_imageset",
    summary: "put the images of a list into an LMDB or LevelDB",
    load: async () => (await import("./convert-imageset.js")).convertImageset,
  },
  {
    name: "convert_annoset",
    summary: "put images and the boxes of their objects into an LMDB or LevelDB, for AnnotatedData",
    load: async () => (await import("./convert-annoset.js")).convertAnnoset,
  },
  {
    name: "extract_features",
    summary: "run a net on its data and save the values of some of its blobs",
    load: async () => (await import("./extract-features.js")).extractFeatures,
  },
  {
    name: "parse_log",
    summary: "make tables and curves from a training log",
    load: async () => (await import("./parse-log.js")).parseLog,
  },
  {
    name: "lint",
    summary: "find mistakes in nets and solvers",
    load: async () => (await import("./lint.js")).lint,
  },
  {
    name: "fix",
    summary: "repair what lint finds, in place",
    load: async () => (await import("./fix.js")).fix,
  },
  {
    name: "fmt",
    summary: "give prototxts an even layout, in place; comments and values stay",
    load: async () => (await import("./fmt.js")).fmt,
  },
  {
    name: "lsp",
    summary: "serve an editor: mistakes as you type, repairs, completion, hover, rename",
    load: async () => (await import("./lsp.js")).lsp,
  },
  {
    name: "draw",
    summary: "draw a net as SVG or PNG, with its layers' parameters and its blobs' shapes",
    load: async () => (await import("./draw.js")).draw,
  },
  {
    name: "draw_net",
    summary: "the same from left to right, as pycaffe's draw_net.py",
    load: async () => (await import("./draw-net.js")).drawNet,
  },
  {
    name: "summary",
    summary: "show the shapes, parameters and costs of a net's layers",
    load: async () => (await import("./summary.js")).summary,
  },
  {
    name: "stats",
    summary: "show the stored statistics of BatchNorm layers, and which look wrong",
    load: async () => (await import("./stats.js")).stats,
  },
  {
    name: "doctor",
    summary: "find out why a net with BatchNorm tests worse than it trains",
    load: async () => (await import("./doctor.js")).doctor,
  },
  {
    name: "calibrate",
    summary: "measure the statistics of BatchNorm layers again, from data",
    load: async () => (await import("./calibrate.js")).calibrate,
  },
  {
    name: "explain",
    summary: "show each step of a net's computation, and its memory",
    load: async () => (await import("./explain.js")).explain,
  },
  {
    name: "fold",
    summary: "fold BatchNorm, Scale and Bias into the layers beside them, for inference",
    load: async () => (await import("./fold.js")).fold,
  },
  {
    name: "export",
    summary: "write a net as ONNX, and prove that both compute the same",
    load: async () => (await import("./export.js")).exportCommand,
  },
  {
    name: "verify",
    summary: "check the certificate of an exported net again",
    load: async () => (await import("./verify.js")).verify,
  },
  {
    name: "import",
    summary: "make a Caffe net of an ONNX model, for toolchains that take only Caffe",
    load: async () => (await import("./import.js")).importCommand,
  },
  {
    name: "upgrade",
    aliases: ["upgrade_net_proto_text", "upgrade_net_proto_binary", "upgrade_solver_proto_text"],
    summary: "bring a prototxt or caffemodel of an older form up to date",
    load: async () => (await import("./upgrade.js")).upgrade,
  },
  {
    name: "studio",
    summary: "serve Moka Studio, the page: see, lint and train nets, watch batch normalization work",
    load: async () => (await import("./studio.js")).studio,
  },
];
