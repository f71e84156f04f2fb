/** The head of the page: where the views are, and what holds for all of them. */
import { Icon } from "./parts/icons.js";
import { scrollToView } from "./parts/scroll.js";
import { choose, language, texts, theme } from "./settings.js";
import { share } from "./state/link.js";

const t = texts(
  {
    views: "Views",
    graph: "Graph",
    train: "Train",
    norm: "Batch norm",
    try: "Try it",
    weights: "Weights",
    share: "Share",
    language: "Language",
    dark: "Dark theme",
  },
  {
    views: "视图",
    graph: "网络图",
    train: "训练",
    norm: "批量归一化",
    try: "试一试",
    weights: "权重",
    share: "分享",
    language: "语言",
    dark: "深色主题",
  },
);

export function Head() {
  const isDark = theme.value === "dark";
  return (
    <header class="head">
      <h1 class="brand">
        <img src="./icon.svg" alt="" />
        <span>Moka Studio</span>
      </h1>
      <nav aria-label={t().views}>
        {(["graph", "train", "norm", "try", "weights"] as const).map((id) => (
          <a key={id} href={`#${id}`} onClick={(event) => scrollToView(event, id)}>
            {t()[id]}
          </a>
        ))}
      </nav>
      <div class="end">
        <button type="button" data-testid="share" onClick={() => void share()}>
          <Icon name="share" />
          <span class="wide">{t().share}</span>
        </button>
        <select
          data-testid="language"
          aria-label={t().language}
          value={language.value}
          onChange={({ currentTarget }) => choose({ language: currentTarget.value === "zh" ? "zh" : "en" })}
        >
          <option value="en">English</option>
          <option value="zh">中文</option>
        </select>
        <button
          type="button"
          class="plain"
          data-testid="theme"
          aria-pressed={isDark}
          aria-label={t().dark}
          title={t().dark}
          onClick={() => choose({ theme: isDark ? "light" : "dark" })}
        >
          <Icon name={isDark ? "light" : "dark"} />
        </button>
      </div>
    </header>
  );
}
