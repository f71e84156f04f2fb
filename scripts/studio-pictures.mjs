// `node scripts/studio-pictures.mjs`, after `npm run build:studio`: opens Moka Studio in Chromium, uses it, and takes the pictures of
// docs/studio/. `--out FOLDER` takes all views, light and dark, wide and narrow, in both languages, to be looked at.
import { mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import sharp from "sharp";

const root = fileURLToPath(new URL("..", import.meta.url));
const { values } = parseArgs({ options: { out: { type: "string" } } });
const folder = values.out ?? join(root, "docs", "studio");
mkdirSync(folder, { recursive: true });

const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, "http://localhost");
  const path = normalize(pathname === "/" ? "/index.html" : pathname);
  response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
  response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
  try {
    const content = await readFile(join(root, "studio", "dist", path));
    response.writeHead(200, { "Content-Type": types[extname(path)] ?? "application/octet-stream" }).end(content);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const browser = await chromium.launch({
  executablePath: process.env.CHROME_PATH ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});

const wide = { width: 1280, height: 860 };
const narrow = { width: 400, height: 860 };
if (values.out === undefined) {
  await take("overview", { viewport: wide });
  await take("overview-dark", { viewport: wide, colorScheme: "dark" });
  await take("batch-norm", { viewport: wide, view: "norm" });
  await take("try", { viewport: wide, view: "try", colorScheme: "dark" });
  await take("tour-zh", { viewport: wide, locale: "zh-CN", tour: true });
  await take("narrow", { viewport: narrow, view: "graph" });
} else {
  for (const viewport of [wide, narrow])
    for (const colorScheme of ["light", "dark"])
      for (const locale of ["en-US", "zh-CN"])
        for (const view of [undefined, "graph", "train", "norm", "try", "weights"])
          await take(`${viewport.width}-${colorScheme}-${locale}-${view ?? "top"}`, {
            viewport,
            colorScheme,
            locale,
            view,
          });
}
await browser.close();
server.close();

/** Trains a little, draws a seven, and takes a picture of a view, or of the top of the page. */
async function take(name, { viewport, colorScheme = "light", locale = "en-US", view, tour = false }) {
  const context = await browser.newContext({ viewport, colorScheme, locale });
  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.getByTestId("graph").locator("[data-layer=bn1]").first().waitFor();
  if (tour) {
    for (let i = 0; i < 3; i++) await page.getByTestId("tour-next").click();
    await page.getByTestId("tour-option-1").click();
    await page.getByTestId("tour-answer").locator("strong").waitFor();
  } else if (view !== undefined) {
    await page.getByTestId("train-start").click();
    for (let n = 0; n < 110; n = Number(await page.getByTestId("iteration").textContent()))
      await page.waitForTimeout(200);
    await page.getByTestId("train-pause").click();
    if (view === "try") await drawSeven(page);
    if (view === "weights") await page.locator("#weights button").first().click();
    await page.waitForTimeout(1500);
    await page.locator(`#${view}`).evaluate((element) => element.scrollIntoView({ behavior: "instant" }));
  }
  for (const close of await page.locator(".message button").all()) await close.click();
  await page.waitForTimeout(600);
  const picture = await page.screenshot();
  // A palette is enough for a page, and a third of the size.
  await sharp(picture)
    .png({ palette: true, quality: 80, compressionLevel: 9 })
    .toFile(join(folder, `${name}.png`));
  await context.close();
}

async function drawSeven(page) {
  const canvas = page.getByTestId("digit-canvas");
  await canvas.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await canvas.boundingBox();
  await page.mouse.move(x + 0.3 * width, y + 0.25 * height);
  await page.mouse.down();
  await page.mouse.move(x + 0.7 * width, y + 0.25 * height, { steps: 5 });
  await page.mouse.move(x + 0.45 * width, y + 0.8 * height, { steps: 8 });
  await page.mouse.up();
  for (const blob of (await page.locator(".tiles summary").all()).slice(1, 3)) await blob.click();
}
