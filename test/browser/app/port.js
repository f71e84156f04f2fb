import { connect, createFiles, Net } from "moka-caffe/worker";

/** A net behind a port: in a worker of the page's, and, where the bundler makes one, in the worker that the package starts. */
export async function overPort(folder, bundler) {
  try {
    const moka = connect(new Worker(new URL("./moka.js", import.meta.url), { type: "module" }));
    const own = await work(moka.Net, folder);
    moka.terminate();
    return { own, started: ["vite", "webpack"].includes(bundler) ? await work(Net, folder) : await failure(folder) };
  } catch (error) {
    return { error: String(error.stack ?? error) };
  }
}

async function work(Net, folder) {
  const files = createFiles();
  const net = await Net.load(`${folder}net.prototxt`, { files, threads: 2, weights: `${folder}net.caffemodel.h5` });
  const { prob } = await net.forward({ data: new Float32Array(3 * 8 * 8).map((_, i) => Math.sin(i * i)) });
  await net.save("copy.caffemodel");
  await net.dispose();
  return { prob: [...prob], saved: (await files.read("copy.caffemodel")).length };
}

/** Why the package starts no worker. */
function failure(folder) {
  return work(Net, folder).catch(({ code, message }) => ({ code, message }));
}
