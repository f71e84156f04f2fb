import { createFiles, loadImage, Net } from "moka-caffe";

/** Reads pictures, a net and its weights from the web, runs the net, and saves it. */
export async function work(folder) {
  try {
    const pictures = [];
    for (const name of ["picture.jpg", "picture.png"]) {
      const { shape, data } = await loadImage(`${folder}${name}`);
      pictures.push({ shape, sum: data.reduce((sum, value, i) => sum + value * ((i % 7) + 1), 0) });
    }
    const damaged = await fetch(`${folder}picture.jpg`).then(async (response) =>
      (await response.arrayBuffer()).slice(0, 400),
    );
    const reason = await loadImage(new Uint8Array(damaged)).then(
      () => "read",
      ({ code }) => code,
    );
    const files = createFiles();
    const net = await Net.load(`${folder}net.prototxt`, { files, threads: 2, weights: `${folder}net.caffemodel.h5` });
    const { prob } = await net.forward({ data: new Float32Array(3 * 8 * 8).map((_, i) => Math.sin(i * i)) });
    const { description } = net.engine;
    await net.save("copy.caffemodel");
    await net.dispose();
    return { pictures, reason, prob: [...prob], description, saved: (await files.read("copy.caffemodel")).length };
  } catch (error) {
    return { error: String(error.stack ?? error) };
  }
}
