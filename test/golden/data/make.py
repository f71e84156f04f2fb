"""Makes inputs/ and the tensors.safetensors of each case beside it. The nets and lists are written by hand.

Needs pycaffe and the tools of BVLC Caffe (in PATH, on a machine with OpenCV, LMDB and LevelDB), cv2, h5py, lmdb, PIL.
"""

import json
import os
import shutil
import struct
import subprocess
from concurrent.futures import ProcessPoolExecutor
from glob import glob
from multiprocessing import get_context

os.environ["GLOG_minloglevel"] = "2"

import caffe
import cv2
import h5py
import lmdb
import numpy as np
from PIL import Image

SEED = 1701
FORWARDS = 3
HERE = os.path.dirname(os.path.abspath(__file__))
RANDOM = np.random.default_rng(SEED)


def picture(height, width):
    """Waves, different in each channel, and noise."""
    y, x = np.mgrid[0:height, 0:width]
    waves = [np.sin(RANDOM.uniform(0.1, 0.4) * x + RANDOM.uniform(0.1, 0.4) * y + RANDOM.uniform(0, 6)) for _ in "bgr"]
    return (128 + 90 * np.stack(waves, -1) + RANDOM.normal(0, 40, (height, width, 3))).clip(0, 255).astype("uint8")


def gentle_picture(height, width):
    """Colors that change so slowly that it matters little how a decoder enlarges those stored at half the size."""
    y, x = np.mgrid[0:height, 0:width]
    brightness = 128 + 60 * np.sin(0.6 * x + 0.5 * y)
    return (brightness[..., None] + np.stack([50 - x, y - 30, x - y], -1)).clip(0, 255).astype("uint8")


def make_images():
    os.makedirs("images")
    for i in range(5):
        cv2.imwrite(f"images/{i}.png", picture(10, 12))
    for name, height, width in [("wide", 14, 20), ("small", 7, 9), ("tall", 15, 6)]:
        cv2.imwrite(f"images/{name}.png", picture(height, width))
    cv2.imwrite("images/gray.png", picture(10, 12)[..., 0])
    cv2.imwrite("images/alpha.png", np.concatenate([picture(10, 12), picture(10, 12)[..., :1]], -1))
    gentle = Image.fromarray(gentle_picture(14, 18))
    gentle.save("images/420.jpg", quality=90, subsampling="4:2:0")
    gentle.save("images/444.jpg", quality=90, subsampling="4:4:4")
    gentle.convert("L").save("images/gray.jpg", quality=90)


def convert(backend, names, *flags):
    """A database as Caffe's convert_imageset writes it; the labels are 0, 1, …."""
    lines = "".join(f"{name}.png {label}\n" for label, name in enumerate(names))
    with open("list.txt", "w") as file:
        file.write(lines)
    name = f"{'gray' if '--gray' in flags else 'encoded' if '--encoded' in flags else 'raw'}_{backend}"
    subprocess.run(["convert_imageset", f"--backend={backend}", *flags, "images/", "list.txt", name], check=True)
    os.remove("list.txt")
    return name


def make_databases():
    raw = convert("lmdb", "01234")
    subprocess.run(["compute_image_mean", "--backend=lmdb", raw, "mean.binaryproto"], check=True)
    convert("lmdb", ["0", "gray", "wide", "small", "1"], "--encoded")
    convert("leveldb", "01234", "--gray")
    with lmdb.open("floats_lmdb", map_size=1 << 20) as env, env.begin(write=True) as transaction:
        for i, label in enumerate([7, -1, 3]):
            datum = caffe.io.array_to_datum(RANDOM.normal(0, 1, (2, 14, 20)).astype("float32").astype("float64"), label)
            transaction.put(f"{i:08d}".encode(), datum.SerializeToString())


def make_hdf5():
    for name, rows in [("five", range(5)), ("four", range(10, 14))]:
        with h5py.File(f"{name}.h5", "w") as file:
            file["data"] = RANDOM.normal(0, 1, (len(rows), 2, 3)).astype("float32")
            file["label"] = np.array(rows, "int32")
            file["weight"] = RANDOM.uniform(0, 1, (len(rows), 1))


def forwards(case, phase):
    """The tops of the first forwards, in a process of its own: the C library's generator has no other seed."""
    os.chdir(os.path.join(HERE, case))
    caffe.set_mode_cpu()
    caffe.set_random_seed(SEED)
    net = caffe.Net("net.prototxt", getattr(caffe, phase))
    tops = {}
    for i in range(FORWARDS):
        net.forward()
        tops.update({f"{i}/{name}": blob.data.copy() for name, blob in net.blobs.items()})
    return tops


def write_safetensors(path, tensors):
    header, offset = {"__metadata__": {"seed": str(SEED)}}, 0
    for name, array in tensors.items():
        assert array.dtype == np.float32
        header[name] = {"dtype": "F32", "shape": array.shape, "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(array.tobytes() for array in tensors.values()))


def make_tensors(pool, case):
    train, test = pool.map(forwards, [case, case], ["TRAIN", "TEST"])
    tensors = {f"TRAIN/{name}": array for name, array in train.items()}
    if any(not np.array_equal(test[name], train[name]) for name in train):
        tensors.update({f"TEST/{name}": array for name, array in test.items()})
    write_safetensors(os.path.join(HERE, case, "tensors.safetensors"), tensors)


if __name__ == "__main__":
    shutil.rmtree(os.path.join(HERE, "inputs"), ignore_errors=True)
    os.makedirs(os.path.join(HERE, "inputs"))
    os.chdir(os.path.join(HERE, "inputs"))
    make_images()
    make_databases()
    make_hdf5()
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as pool:
        for net in sorted(glob(os.path.join(HERE, "*", "net.prototxt"))):
            make_tensors(pool, os.path.basename(os.path.dirname(net)))
    for left in glob("*_lmdb/lock.mdb") + glob("*_leveldb/LO*"):
        os.remove(left)
