import { expect, test } from "vitest";
import { loadOnce } from "../images/load.js";
import { createImages, imagesBy } from "./images.js";

test("a decoder that cannot be loaded does not make the picture damaged, and is loaded again for the next", async () => {
  const picture = await createImages().encode({ width: 2, height: 2, channels: 3, data: new Uint8Array(12) }, "jpg");
  let tries = 0;
  const decoder = loadOnce("the JPEG decoder", async () => {
    tries += 1;
    throw new TypeError("Failed to fetch dynamically imported module: decode.js");
  });
  const images = imagesBy(decoder);
  for (let wanted = 1; wanted <= 2; wanted++) {
    await expect(images.decode(picture, { color: true })).rejects.toMatchObject({
      code: "MOKA_UNSUPPORTED",
      message: "the JPEG decoder could not be loaded: Failed to fetch dynamically imported module: decode.js",
    });
    expect(tries).toBe(wanted);
  }
  const { width, height } = await createImages().decode(picture, { color: true });
  expect([width, height]).toEqual([2, 2]);
  await expect(createImages().decode(picture.slice(0, 160), { color: true })).rejects.toMatchObject({
    code: "MOKA_DATA",
    message: expect.stringMatching(/damaged/),
  });
});
