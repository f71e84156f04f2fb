import type { ChineseRule } from "./template.js";

export const bnForkFields: ChineseRule = {
  summary: "Caffe 某个分支的批量归一化：BN 层，或 NVIDIA、Intel 等分支的 BatchNorm 字段",
  texts: [
    [
      "{layer} is of a type that Caffe does not have: {type} is {fork}'s",
      "{layer} 的类型是 Caffe 没有的：{type} 属于 {fork}",
    ],
    [
      "{layer} is of a type that Caffe does not have: {type} with bn_param is {fork}'s",
      "{layer} 的类型是 Caffe 没有的：带 bn_param 的 {type} 属于 {fork}",
    ],
    [
      "{layer} is of a type that Caffe does not have: {type} is SegNet's or PSPNet's",
      "{layer} 的类型是 Caffe 没有的：{type} 属于 SegNet 或 PSPNet",
    ],
    [
      "{layer} is of a type that Caffe does not have: {type} with bn_param is SegNet's or PSPNet's",
      "{layer} 的类型是 Caffe 没有的：带 bn_param 的 {type} 属于 SegNet 或 PSPNet",
    ],
    [
      "{layer} has {fields} in batch_norm_param, which {fork}'s fork of Caffe reads and Caffe refuses",
      "{layer} 的 batch_norm_param 中有 {fields}，Caffe 的 {fork} 分支会读取，而 Caffe 会拒绝",
    ],
    [
      "With bn_mode: INFERENCE it normalizes nothing: it is y = scale·x + shift by channel, with the averages already in both, which in Caffe is a Scale with bias_term: true.",
      "bn_mode: INFERENCE 时它不做归一化，只是逐通道计算 y = scale·x + shift，滑动平均已经并入两者之中；在 Caffe 中这就是带 bias_term: true 的 Scale。",
    ],
    [
      "It is batch normalization with γ and β inside, by the statistics of the batch in TRAIN and in TEST, with an eps of 1e-9. In Caffe that is a BatchNorm and a Scale with bias_term: true; in TEST this BatchNorm goes by its averages, which SegNet computes by another program.",
      "它是内含 γ 和 β 的批量归一化，在 TRAIN 和 TEST 中都用批统计量，eps 为 1e-9。在 Caffe 中这相当于一个 BatchNorm 加一个带 bias_term: true 的 Scale；在 TEST 中这个 BatchNorm 使用滑动平均，而 SegNet 用另一个程序计算滑动平均。",
    ],
    [
      "Caffe's batch normalization is a BatchNorm and a Scale with bias_term: true behind it.",
      "Caffe 的批量归一化由一个 BatchNorm 和其后一个带 bias_term: true 的 Scale 组成。",
    ],
    [
      "It is batch normalization with γ and β inside; in Caffe a BatchNorm and a Scale with bias_term: true.",
      "它是内含 γ 和 β 的批量归一化；在 Caffe 中相当于一个 BatchNorm 加一个带 bias_term: true 的 Scale。",
    ],
    [
      "With frozen: true it goes by its averages in TRAIN too, and γ and β do not learn: use_global_stats: true and lr_mult: 0.",
      "frozen: true 时，它在 TRAIN 中也使用滑动平均，γ 和 β 也不学习：即 use_global_stats: true 和 lr_mult: 0。",
    ],
    [
      "Its averages keep {n} of themselves each forward: moving_average_fraction: {n2}.",
      "每次前向计算，它的滑动平均保留自身的 {n}：即 moving_average_fraction: {n2}。",
    ],
    ["Caffe's reader gives up at a field it does not know.", "Caffe 的解析器遇到不认识的字段就会放弃。"],
    [
      "This BatchNorm has γ and β inside, so that its weights have five blobs; Caffe's has three, and needs a Scale with bias_term: true behind it. Left out, the net would train and run without γ and β.",
      "这个 BatchNorm 内含 γ 和 β，所以它的权重有五个 blob；Caffe 的只有三个，其后还需要一个带 bias_term: true 的 Scale。如果只是删掉字段，网络就会在没有 γ 和 β 的情况下训练和运行。",
    ],
    [
      "Here they change nothing of what is computed: engine picks a program, and there is no γ.",
      "这里它们不改变计算结果：engine 只是选择实现，而且没有 γ。",
    ],
    [
      "Where an MKL engine runs it, Intel's BatchNorm has γ and β inside, or takes over those of a Scale behind it; Caffe's has neither, and always needs the Scale.",
      "由 MKL engine 运行时，Intel 的 BatchNorm 内含 γ 和 β，或者接管其后 Scale 的 γ 和 β；Caffe 的两者都没有，总是需要 Scale。",
    ],
    ["In {fork}'s fork it changes what BatchNorm computes.", "在 {fork} 分支中，它会改变 BatchNorm 的计算。"],
    ["Moka runs it as the fork does; BVLC's Caffe refuses it.", "Moka 按该分支的方式运行它；BVLC 的 Caffe 会拒绝它。"],
    ["Moka does not rewrite this: {reason}", "Moka 不改写它：{reason}"],
    ["its {field} has no place in two layers.", "它的 {field} 无法放进两个层。"],
    ["it has more than one bottom and top.", "它不止一个 bottom 和 top。"],
    ["it shares its parameters, which are in another order.", "它共享参数，而参数的顺序不同。"],
    ["it is not written as Caffe writes it.", "它的写法与 Caffe 的不同。"],
    ["nothing tells whether it is SegNet's or PSPNet's.", "无从得知它属于 SegNet 还是 PSPNet。"],
    [
      "the weights given have no averages for a BatchNorm to use in TEST.",
      "给定的权重中没有 BatchNorm 可在 TEST 中使用的滑动平均。",
    ],
    [
      "the weights given have a γ in it and one in the Scale behind it.",
      "给定的权重在它内部有一个 γ，在其后的 Scale 中又有一个。",
    ],
    ["relu: true puts a ReLU into it.", "relu: true 在它里面放了一个 ReLU。"],
    ["stats_batch_size normalizes parts of a batch.", "stats_batch_size 把一个批次分成几部分归一化。"],
    [
      "add_eps_before_sqrt: false divides by √V + eps, Caffe by √(V + eps).",
      "add_eps_before_sqrt: false 除以 √V + eps，而 Caffe 除以 √(V + eps)。",
    ],
    [
      "update_global_stats: true moves the averages that it uses, which Caffe never does.",
      "update_global_stats: true 会更新正在使用的滑动平均，而 Caffe 从不这样做。",
    ],
    ["what {field} does is not known.", "不清楚 {field} 的作用。"],
    ["it gives fields twice.", "有字段给出了两次。"],
  ],
};
