import { work } from "./work.js";

addEventListener("message", async ({ data: folder }) => postMessage(await work(folder)));
