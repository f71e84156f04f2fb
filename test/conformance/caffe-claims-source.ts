// What the pages and the rules quote of Caffe and protobuf: abort messages and log lines, and what only their source tells. Each
// was compared with the source at the place named; protobuf's messages also with what protoc 6 prints of such a text.
import type { Quotes } from "./claims.js";

export const quotes: readonly Quotes[] = [
  {
    source: "src/caffe/layers/batch_norm_layer.cpp BatchNormLayer::LayerSetUp",
    claims: {
      "docs/lint/bn-learnable-stats.md": [
        'With any other number it aborts: "Cannot configure batch normalization statistics as layer parameters".',
      ],
      "bn-learnable-stats two": [
        'With 2 instead of 3 specs Caffe aborts: "Cannot configure batch normalization statistics as layer parameters".',
      ],
    },
  },
  {
    source: "src/caffe/net.cpp Net::Init",
    claims: {
      "docs/lint/bn-param-specs.md": [
        'More than three: it aborts, "Too many params specified for layer bn1".',
        "a missing spec counts as `lr_mult: 1`",
        '"bn1 needs backward computation"',
      ],
      "bn-param-specs": ["for backward a missing one counts as lr_mult 1"],
      "docs/lint/lr-mult-count.md": [
        '"Too many params specified for layer conv1"',
        "the rest has `lr_mult` 1 and `decay_mult` 1.",
      ],
      "docs/lint/unused-top.md": ['"This network produces output fc_aux"'],
    },
  },
  {
    source: "include/caffe/common.hpp NOT_IMPLEMENTED, as in Threshold's Backward_cpu",
    claims: { "docs/lint/bn-param-specs.md": ['training aborts: "Not Implemented Yet".'] },
  },
  {
    source: "src/caffe/net.cpp Net::FilterNet",
    claims: { "docs/lint/caffe-refuses.md": ['"Specify either include rules or exclude rules; not both."'] },
  },
  {
    source: "src/caffe/net.cpp Net::AppendTop",
    claims: {
      "docs/lint/duplicate-top.md": ["\"Top blob 'conv1' produced by multiple sources.\""],
      "docs/lint/phase-overlap.md": ["\"Top blob 'data' produced by multiple sources\""],
      "docs/lint/layer-after-in-place.md": ["\"Top blob 'conv1' produced by multiple sources\""],
    },
  },
  {
    source: "src/caffe/util/insert_splits.cpp InsertSplits, src/caffe/net.cpp Net::AppendBottom",
    claims: {
      "docs/lint/unknown-bottom.md": ["\"Unknown bottom blob 'conv_1' (layer 'relu1', bottom index 0)\""],
      "docs/lint/loss-in-deploy.md": ["\"Unknown bottom blob 'label'\""],
    },
  },
  {
    source: "src/caffe/net.cpp Net::AppendParam",
    claims: {
      "docs/lint/bn-shared.md": [
        "as long as the shapes agree (with `share_mode: PERMISSIVE` the counts).",
        "\"Sharing parameters 'm' owned by layer 'bn_a', param index 0\"",
      ],
    },
  },
  {
    source: "src/caffe/net.cpp Net::CopyTrainedLayersFrom",
    claims: {
      "docs/lint/bias-before-bn.md": ['"Incompatible number of blobs for layer conv1"'],
      "docs/lint/bn-fork-blobs.md": ['"Incompatible number of blobs for layer"'],
      "docs/lint/shape-mismatch.md": [
        "\"Cannot copy param 0 weights from layer 'conv1'; shape mismatch\"",
        '"Incompatible number of blobs for layer conv1"',
      ],
      "docs/lint/duplicate-layer-name.md": [
        "the blobs of both go into the first layer, those of the second last, or it aborts where their shapes differ.",
      ],
    },
  },
  {
    source: "src/caffe/net.cpp Net::ShareTrainedLayersWith, called by solver.cpp Solver::Test",
    claims: {
      "docs/lint/bn-one-phase.md": [
        'At each test the test net shares the training net\'s parameters, by the names of layers. It logs "Ignoring source layer" for each layer that TEST lacks, and nothing for one that TRAIN lacks.',
      ],
      "docs/lint/bn-names-differ.md": [
        'At each test it logs "Ignoring source layer bn1" for a layer that the test net lacks, and nothing for one that gets nothing.',
      ],
      "docs/lint/phase-names-differ.md": [
        'At each test it logs "Ignoring source layer conv1", and nothing for the layer that gets nothing.',
      ],
      "docs/lint/bn-phases-differ.md": [
        'at the first test, which is before the first iteration unless `test_initialization` is false: "Incompatible number of blobs for layer", "Cannot share param 0 weights from layer".',
      ],
      "bn-phases-differ": ['Caffe aborts at the first test with "Incompatible number of blobs"'],
    },
  },
  {
    source: "src/caffe/net.cpp Net::AppendParam: param_names_index_ is of one net",
    claims: {
      "docs/lint/bn-names-differ.md": ["`param { name }` shares within one net only"],
      "docs/lint/phase-names-differ.md": ["`param { name }` shares within one net only"],
    },
  },
  {
    source:
      "src/caffe/net.cpp Net::Init, which reads param.layer(i); batch_norm_layer.cpp LayerSetUp writes layer_param_",
    claims: {
      "docs/lint/bn-needs-backward.md": [
        "Caffe decides layer by layer, from the data on, what runs backward: a layer does if a parameter of it learns, or if one before it does. It looks at the specs as the prototxt has them",
        "A BatchNorm gives its three statistics `lr_mult: 0` itself, but into its own copy of the message",
      ],
    },
  },
  {
    source: "src/caffe/net.cpp Net::CopyTrainedLayersFrom, which goes over the layers of the file",
    claims: {
      "docs/lint/missing-weights.md": [
        'It logs "Ignoring source layer PReLU1" for what no layer takes, and nothing for a layer that gets none.',
      ],
    },
  },
  {
    source: "src/caffe/net.cpp Net::ToHDF5",
    claims: {
      "docs/lint/duplicate-layer-name.md": ['A snapshot in HDF5 it cannot even write: "Error saving weights to".'],
    },
  },
  {
    source: "src/caffe/util/upgrade_proto.cpp UpgradeV1Net",
    claims: {
      "docs/lint/mixed-forms.md": [
        "\"Refusing to upgrade inconsistent NetParameter input; the definition includes both 'layer' and 'layers' fields\"",
      ],
      "docs/lint/caffe-refuses.md": ['"Refusing to upgrade inconsistent NetParameter input"'],
    },
  },
  {
    source: "src/caffe/util/upgrade_proto.cpp UpgradeNetAsNeeded, UpgradeNetInput",
    claims: {
      "docs/lint/legacy-format.md": [
        '"Note that future Caffe releases will only support input layers and not input fields."',
        "an `input` without a shape, which Caffe drops.",
      ],
    },
  },
  {
    source:
      "BVLC/caffe 06bef17d2 (2014-03-28, V1), 9e28b3411 (2015-02-05, today's form), a04ac1124 (2016-02-26, Input layers)",
    claims: {
      "docs/lint/legacy-format.md": [
        "Layers of V0 (before April 2014) or V1 (before February 2015), or inputs in the form of before March 2016.",
      ],
    },
  },
  {
    source: "src/caffe/util/upgrade_proto.cpp ReadNetParamsFromTextFileOrDie",
    claims: { "docs/lint/caffe-refuses.md": ['"Failed to parse NetParameter file".'] },
  },
  {
    source: "protobuf text_format.cc TextFormat::Parser, tokenizer.cc Tokenizer",
    claims: {
      "docs/lint/caffe-refuses.md": [
        'Error parsing text-format caffe.NetParameter: 1:28: Expected ":", found "=".',
        "gives up at the first thing that is not of its language",
      ],
      "docs/lint/glued-number.md": ['"Need space between number and identifier"'],
      "docs/lint/mixed-forms.md": ['"Expected integer or identifier, got: "Softmax""'],
      "docs/lint/unknown-field.md": ['"Message type "caffe.ConvolutionParameter" has no field named "num_outputs""'],
      "docs/lint/bn-fork-fields.md": ['"has no field named".'],
      "docs/lint/cr-line-ends.md": ["its reader ends a comment at LF, and CR is a blank."],
    },
  },
  {
    source: "include/caffe/layer_factory.hpp LayerRegistry::CreateLayer",
    claims: {
      "docs/lint/unknown-layer.md": [
        '"Check failed: registry.count(type) == 1 (0 vs. 1) Unknown layer type: Convolutional (known types: …)"',
      ],
      "docs/lint/mixed-forms.md": ['"Unknown layer type: SOFTMAX"'],
      "docs/lint/bn-fork-fields.md": ['"Unknown layer type: BN"'],
    },
  },
  {
    source: "src/caffe/layers/softmax_loss_layer.cpp Backward_cpu; the same in the other four",
    claims: { "docs/lint/label-gradient.md": ['"SoftmaxWithLoss Layer cannot backpropagate to label inputs"'] },
  },
  {
    source:
      "src/caffe/layers/softmax_loss_layer.cu SoftmaxLossForwardGPU; .cpp Forward_cpu takes std::max, which keeps NaN",
    claims: {
      "docs/lint/global-stats-in-train.md": [
        "A loss of 87.3365 at every iteration is that NaN on a GPU, whose `max` prefers FLT_MIN to NaN.",
      ],
      "global-stats-in-train many": ["a softmax loss is NaN (on a GPU 87.3365)."],
    },
  },
  {
    source: "src/caffe/layers/power_layer.cpp, log_layer.cpp, mvn_layer.cpp, bnll_layer.cpp: Backward_cpu",
    claims: {
      "docs/lint/layer-after-in-place.md": [
        "BNLL, Log and Power need their bottom. Log, Power (with a power of 1 too) and MVN with `normalize_variance` write the bottom's diff before they have read the top's, which in place is the same.",
      ],
    },
  },
  {
    source: "src/caffe/layers/sigmoid_layer.cpp, tanh, elu, exp, swish, softmax and lrn: Backward_cpu",
    claims: {
      "docs/lint/layer-after-in-place.md": [
        "Sigmoid, TanH, ELU, Exp, Swish, Softmax and LRN compute their gradient from their top.",
      ],
    },
  },
  {
    source: "src/caffe/layers/absval_layer.cpp, flatten, reshape and split: LayerSetUp, Reshape",
    claims: {
      "docs/lint/layer-after-in-place.md": [
        "Of the layers that cannot work in place AbsVal, Flatten, Reshape and Split abort, the others run.",
      ],
    },
  },
  {
    source: "src/caffe/layers/eltwise_layer.cpp Reshape",
    claims: { "docs/lint/shape-mismatch.md": ['"Check failed: bottom[0]->shape() == bottom[i]->shape()"'] },
  },
  {
    source:
      "src/caffe/solver.cpp Solver::Init, Solve, Step; src/caffe/solvers/sgd_solver.cpp GetLearningRate, Regularize",
    claims: {
      "docs/lint/solver-parameters.md": [
        'It aborts: for the nets, the type and, with `snapshot`, their folder before the first iteration, for the policy and the regularization in it ("Unknown learning rate policy: Step").',
        "Without `snapshot` a missing folder ends it after the last iteration",
        "It does not check an `iter_size` of 0: the gradients are divided by 0.",
      ],
      "docs/lint/unused-top.md": [
        "logs its values, one a line, at each `display`: for 64 images and 1000 classes that is 64 000 lines.",
      ],
    },
  },
];
