"""OpenCV's dnn: net.prototxt and net.caffemodel beside the description, which it reads by itself, see peer.mjs.
Usage: opencv_net.py description.json threads"""
import json
import os
import sys
import time

import cv2
import numpy as np

with open(sys.argv[1]) as file:
    inputs = json.load(file)["inputs"]
base = os.path.splitext(sys.argv[1])[0]
cv2.setNumThreads(int(sys.argv[2]))
net = cv2.dnn.readNetFromCaffe(base + ".prototxt", base + ".caffemodel")
net.setPreferableBackend(cv2.dnn.DNN_BACKEND_OPENCV)
net.setPreferableTarget(cv2.dnn.DNN_TARGET_CPU)
random = np.random.default_rng(1)
for entry in inputs:
    net.setInput(random.uniform(-1, 1, entry["shape"]).astype(np.float32), entry["name"])
names = net.getUnconnectedOutLayersNames()
net.forward(names)
print(cv2.__version__, flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    net.forward(names)
    print((time.perf_counter() - start) * 1000, flush=True)
