import { texts } from "../../settings.js";

/** The names of the steps. */
export const stepIds = {
  pair: true,
  phases: true,
  global: true,
  batchInTest: true,
  fraction: true,
  bias: true,
  scaleBias: true,
  learnable: true,
  batchSize: true,
  decay: true,
} as const;
export type StepId = keyof typeof stepIds;

/** What the reader reads at a step. */
export interface StepText {
  readonly title: string;
  readonly text: string;
  readonly question: string;
  readonly options: readonly [string, string, string];
  /** After the experiment. */
  readonly answer: string;
}

export const t = texts(
  {
    tour: "Tour",
    invite:
      "What batch normalization needs in Caffe, in ten steps: predict, then see it happen in a net that trains here.",
    begin: "Begin",
    next: "Next step",
    finish: "Finish",
    back: "Back",
    end: "End the tour",
    step: (n: number, of: number) => `Step ${n} of ${of}`,
    predict: "What do you expect?",
    running: "Trying it…",
    right: "As you predicted.",
    wrong: "Not quite.",
    look: "Look at the layer",
    setUp: "The net of this step is in the editor, in tabs of the tour's own; yours stay as they are.",
    loss: "Loss",
    accuracy: "Test accuracy",
    byAverages: "Test loss by the averages",
    byBatch: "Test loss by the batch",
    said: "Moka says",
  },
  {
    tour: "导览",
    invite: "用十步了解 Caffe 中的批量归一化需要什么：先预测，再看它在这里训练的网络中发生。",
    begin: "开始",
    next: "下一步",
    finish: "完成",
    back: "上一步",
    end: "结束导览",
    step: (n: number, of: number) => `第 ${n} 步，共 ${of} 步`,
    predict: "您预计会怎样？",
    running: "正在试验…",
    right: "和您预测的一样。",
    wrong: "不完全是。",
    look: "查看该层",
    setUp: "这一步的网络在编辑器中，使用导览自己的标签页；您的文件保持不变。",
    loss: "损失",
    accuracy: "测试准确率",
    byAverages: "用滑动平均时的测试损失",
    byBatch: "用批统计量时的测试损失",
    said: "Moka 提示",
  },
);

export const en: Readonly<Record<StepId, StepText>> = {
  pair: {
    title: "Two layers for one idea",
    text: "In Caffe batch normalization is a pair. BatchNorm makes mean 0 and variance 1 of each channel; Scale, with bias_term: true, multiplies by γ and adds β. BatchNorm has three blobs: a mean, a variance, and the factor by which both are divided.",
    question: "Which of the pair's values does the solver learn?",
    options: ["All five blobs", "γ and β of Scale alone", "The mean and the variance of BatchNorm"],
    answer:
      "γ and β. BatchNorm's three blobs are averages that forward computes; their lr_mult is 0. After one step the factor is 1: one batch is in the averages.",
  },
  phases: {
    title: "One net, two statistics",
    text: "use_global_stats is left out, so the phase decides: TRAIN normalizes by the batch and moves the averages, TEST normalizes by the averages.",
    question: "After 30 iterations, do the averages serve the test as well as the batches?",
    options: [
      "No: 0.999 needs thousands of iterations",
      "No: the averages are still near 0",
      "Yes, nearly: they are divided by the factor",
    ],
    answer:
      "Nearly. The averages are sums of about 30 batches, divided by a factor of about 30. They lag a little behind weights that still change fast.",
  },
  global: {
    title: "use_global_stats: true in training",
    text: "Many prototxts found in the wild set it for both phases. Here it is set, and the training starts from scratch.",
    question: "What does the loss do?",
    options: ["It falls as before", "It explodes: values are divided by nearly 0", "It falls, but slower"],
    answer:
      "The averages are empty: mean and variance count as 0, and each BatchNorm divides by √eps. Values become 316 times as large at each, no batch moves the averages, and the softmax is certain of wrong classes.",
  },
  batchInTest: {
    title: "use_global_stats: false in testing",
    text: "Now it is false in both phases, so that the test normalizes by its own batches too.",
    question: "The accuracy looks fine. What is wrong?",
    options: [
      "Nothing: batches are the better statistics",
      "The averages are not computed any more",
      "The answer for an image depends on the others in its batch",
    ],
    answer:
      "An image alone, or beside others, gives other answers: with one image a batch of 1×1 maps becomes β. It looks right in a test with large mixed batches, and breaks in deployment.",
  },
  fraction: {
    title: "A moving average that forgets too fast",
    text: "moving_average_fraction is 0.5: the averages are those of the last two batches or so.",
    question: "What does the test notice?",
    options: [
      "It is noisier: it hangs on the last batches",
      "Nothing: two batches are enough for any net",
      "It fails: the factor is too small",
    ],
    answer:
      "The mean of the batch jumps from one iteration to the next, and the running mean follows it. With a small batch, or one odd batch at the end, the test is off. 0.999 averages a thousand.",
  },
  bias: {
    title: "A bias in front of BatchNorm",
    text: "The convolutions have bias_term: true again, which is their default.",
    question: "What does the bias learn?",
    options: ["The mean of each channel", "What β would learn", "Nothing: BatchNorm takes it away"],
    answer:
      "A bias moves the mean of its channel, and BatchNorm subtracts the mean. Its gradient is 0 but for rounding. bias_term: false saves it; β does the work.",
  },
  scaleBias: {
    title: "Scale without its bias",
    text: "bias_term of Scale is false unless one sets it, and many forget. Here it is left out.",
    question: "What does the net lose?",
    options: ["Nothing: the next layer has a bias", "Where each channel is cut by the ReLU", "The multiplier γ"],
    answer:
      "Every channel enters the ReLU centered at 0, so that half of its values are cut, whatever would be best. The net still learns, and gets less far.",
  },
  learnable: {
    title: "Statistics as parameters",
    text: "Each BatchNorm has param { lr_mult: 1 } and param { lr_mult: 2 }, copied from a convolution's weights and bias.",
    question: "What does Caffe do?",
    options: ["It stops: these are no parameters", "It learns them, slowly", "It ignores the fields"],
    answer:
      "Caffe aborts when it builds the layer, and Moka refuses it with the place. Exactly three specs are taken for an old form, and set to 0. Versions before September 2016 took them as they were, and decayed the statistics.",
  },
  batchSize: {
    title: "A batch of one",
    text: "The training batch has one image. Each channel still has its pixels to average over.",
    question: "What becomes of the averages?",
    options: ["They are exact: less averaging, less error", "They do not fit: one image tells little", "They stay 0"],
    answer:
      "Mean and variance are those of a single digit, other for each. The net learns with noise in each layer, and its averages serve the test badly. Behind global pooling the variance would be 0.",
  },
  decay: {
    title: "Weight decay on the pair",
    text: "Scale has no param, so weight_decay acts on γ and β too.",
    question: "What does the decay do to them?",
    options: ["It keeps the net simple", "Nothing: BatchNorm undoes it", "It pulls γ and β to 0 for nothing"],
    answer:
      "The convolution in front is normalized, so its size does not matter; γ and β decide how strong a channel is. Decay only makes channels weaker. decay_mult: 0 on both is right.",
  },
};

export const zh: Readonly<Record<StepId, StepText>> = {
  pair: {
    title: "一个想法，两个层",
    text: "Caffe 中的批量归一化由一对层组成。BatchNorm 使每个通道的均值为 0、方差为 1；设置了 bias_term: true 的 Scale 再乘以 γ、加上 β。BatchNorm 有三个 blob：均值、方差，以及用来除它们的缩放因子。",
    question: "求解器学习的是这一对层中的哪些值？",
    options: ["全部五个 blob", "只有 Scale 的 γ 和 β", "BatchNorm 的均值和方差"],
    answer:
      "γ 和 β。BatchNorm 的三个 blob 是前向计算得到的平均值，其 lr_mult 为 0。走一步之后因子是 1：平均值中只有一个批次。",
  },
  phases: {
    title: "一个网络，两种统计量",
    text: "没有写 use_global_stats，所以由阶段决定：TRAIN 用批统计量归一化并更新滑动平均，TEST 用滑动平均归一化。",
    question: "30 次迭代之后，滑动平均用于测试是否和批统计量一样好？",
    options: ["不：0.999 需要几千次迭代", "不：滑动平均还接近 0", "几乎一样：它们要除以缩放因子"],
    answer: "几乎一样。滑动平均是约 30 个批次之和，再除以约为 30 的因子。权重还在快速变化，所以它们稍微落后。",
  },
  global: {
    title: "训练时 use_global_stats: true",
    text: "实际中的许多 prototxt 在两个阶段都设置了它。这里设置了它，并且从头开始训练。",
    question: "损失会怎样？",
    options: ["和之前一样下降", "爆炸：数值被几乎为 0 的数除", "下降，但更慢"],
    answer:
      "滑动平均是空的：均值和方差都算作 0，每个 BatchNorm 都除以 √eps。每一层的数值都变成 316 倍，没有批次会更新滑动平均，softmax 对错误的类别深信不疑。",
  },
  batchInTest: {
    title: "测试时 use_global_stats: false",
    text: "现在两个阶段都是 false，所以测试也用自己的批次来归一化。",
    question: "准确率看起来不错。问题在哪里？",
    options: ["没有问题：批统计量更好", "滑动平均不再计算了", "一张图像的结果取决于同批次的其他图像"],
    answer:
      "同一张图像单独输入，或与其他图像一起输入，结果会不同：只有一张图像时，1×1 的特征图会变成 β。用大而混合的批次测试时看不出来，部署时就会出错。",
  },
  fraction: {
    title: "忘得太快的滑动平均",
    text: "moving_average_fraction 为 0.5：滑动平均只相当于最后两个批次左右。",
    question: "测试会有什么变化？",
    options: ["噪声更大：它取决于最后几个批次", "没有变化：两个批次对任何网络都够了", "会失败：因子太小"],
    answer:
      "批次的均值在迭代之间跳动，滑动平均也跟着跳。批次小，或者最后一个批次特殊时，测试就会偏离。0.999 平均一千个批次。",
  },
  bias: {
    title: "BatchNorm 前面的偏置",
    text: "卷积层又有了 bias_term: true，这是它们的默认值。",
    question: "这个偏置学到什么？",
    options: ["每个通道的均值", "β 会学到的东西", "什么也学不到：BatchNorm 把它减掉了"],
    answer:
      "偏置移动通道的均值，而 BatchNorm 减去均值。除了舍入误差，它的梯度为 0。bias_term: false 可以省掉它；起作用的是 β。",
  },
  scaleBias: {
    title: "没有偏置的 Scale",
    text: "Scale 的 bias_term 不设置时为 false，很多人会忘记。这里没有写。",
    question: "网络失去了什么？",
    options: ["什么也没有：下一层有偏置", "每个通道在 ReLU 处的截断位置", "乘数 γ"],
    answer: "每个通道进入 ReLU 时都以 0 为中心，所以总有一半的值被截掉，不管怎样最合适。网络仍能学习，但走不了那么远。",
  },
  learnable: {
    title: "把统计量当作参数",
    text: "每个 BatchNorm 中写了 param { lr_mult: 1 } 和 param { lr_mult: 2 }，是从卷积层的权重和偏置复制来的。",
    question: "Caffe 会怎么做？",
    options: ["停止：它们不是参数", "慢慢地学习它们", "忽略这些字段"],
    answer:
      "Caffe 在建立该层时中止，Moka 会指出位置并拒绝。正好三个 param 会被当作旧格式，并设为 0。2016 年 9 月之前的版本会照原样使用它们，并衰减统计量。",
  },
  batchSize: {
    title: "批大小为一",
    text: "训练批次只有一张图像。每个通道仍有它的像素可以平均。",
    question: "滑动平均会怎样？",
    options: ["更精确：平均得少，误差也少", "不合适：一张图像说明不了什么", "保持为 0"],
    answer:
      "均值和方差来自单个数字，每次都不同。网络每一层都带着噪声学习，滑动平均用于测试效果不好。在全局池化之后，方差会是 0。",
  },
  decay: {
    title: "对这一对层使用权重衰减",
    text: "Scale 没有写 param，所以 weight_decay 也作用于 γ 和 β。",
    question: "衰减对它们做了什么？",
    options: ["使网络保持简单", "没有作用：BatchNorm 会抵消它", "白白地把 γ 和 β 拉向 0"],
    answer:
      "前面的卷积会被归一化，它的大小无关紧要；通道有多强由 γ 和 β 决定。衰减只会使通道变弱。对两者都写 decay_mult: 0 才对。",
  },
};
