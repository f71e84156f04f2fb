"""OpenCV's dnn for opencv.mjs, see peers/peer.mjs. Usage: opencv_forward.py NET WEIGHTS INPUT ANSWERS THREADS NAME...
INPUT has one JSON line {"name", "shape"}, then float32 values. The values of the blobs NAME... are written to ANSWERS once."""
import json
import sys
import time

import cv2
import numpy as np

net_path, weights, input_path, answers, threads, *names = sys.argv[1:]
with open(input_path, "rb") as file:
    description = json.loads(file.readline())
    values = np.frombuffer(file.read(), np.float32).reshape(description["shape"])
cv2.setNumThreads(int(threads))
net = cv2.dnn.readNetFromCaffe(net_path, weights)
net.setPreferableBackend(cv2.dnn.DNN_BACKEND_OPENCV)
net.setPreferableTarget(cv2.dnn.DNN_TARGET_CPU)
net.setInput(values, description["name"])
blobs = net.forward(names)
with open(answers, "wb") as file:
    for blob in blobs:
        file.write(np.ascontiguousarray(blob, np.float32).tobytes())
print(cv2.__version__, flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    net.forward(names)
    print((time.perf_counter() - start) * 1000, flush=True)
