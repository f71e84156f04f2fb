import { graphTexts } from "./graph.js";
import { readerTexts, upgradeTexts } from "./reader.js";
import type { ChineseRule } from "./template.js";

export const caffeRefuses: ChineseRule = {
  summary: "文本中有 Caffe 的解析器或它对旧网络的升级不接受的内容",
  texts: [
    [
      "Caffe's reader gives up here, and loads nothing of the file. Moka reads on, since what is meant is plain.",
      "Caffe 的解析器到这里就放弃，整个文件都不会加载。意思很清楚，所以 Moka 会继续读下去。",
    ],
    [
      "Caffe's reader gives up here, and loads nothing of the file. Moka reads on, but what it cannot make sense of is missing from the net: a default may stand in its place.",
      "Caffe 的解析器到这里就放弃，整个文件都不会加载。Moka 会继续读下去，但无法理解的内容不会进入网络：它可能被默认值取代。",
    ],
    [
      "Moka does not load the file. Caffe does, and computes nothing.",
      "Moka 不加载这个文件。Caffe 会加载，但什么也不计算。",
    ],
    [
      "Caffe stops here, and so does Moka: neither loads the file. The rest of the file is checked as far as it can be read without this.",
      "Caffe 到这里停止，Moka 也一样：两者都不加载这个文件。文件的其余部分，只要没有这一处也能读，仍会检查。",
    ],
    ...graphTexts,
    ...readerTexts,
    ...upgradeTexts,
  ],
};
