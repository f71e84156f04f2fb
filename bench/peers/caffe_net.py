"""BVLC Caffe: the net of net.prototxt beside the description, see peer.mjs. Usage: caffe_net.py description.json threads"""
import json
import os
import sys
import time

os.environ["GLOG_minloglevel"] = "2"
# Only OpenBLAS uses more threads; Caffe's own loops run on one. OpenBLAS reads the variable when it is loaded.
os.environ["OPENBLAS_NUM_THREADS"] = sys.argv[2]
import caffe
import numpy as np

with open(sys.argv[1]) as file:
    trains = json.load(file)["trains"]
base = os.path.splitext(sys.argv[1])[0]
caffe.set_mode_cpu()
if trains:
    net = caffe.Net(base + ".prototxt", caffe.TRAIN)
else:
    net = caffe.Net(base + ".prototxt", caffe.TEST, weights=base + ".caffemodel")
random = np.random.default_rng(1)
for name in net.inputs:
    blob = net.blobs[name].data
    blob[...] = random.integers(0, 10, blob.shape) if name == "label" else random.uniform(-1, 1, blob.shape)
# The gradient that backward starts from; a loss sets it itself.
for name in net.outputs if trains else []:
    if net.blob_loss_weights[name] == 0:
        net.blobs[name].diff[...] = 0.01


def once():
    net.forward()
    if trains:
        net.backward()


once()
print(caffe.__version__, flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    once()
    print((time.perf_counter() - start) * 1000, flush=True)
