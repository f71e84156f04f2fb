"""PyTorch: a described net, see describe.mjs and peer.mjs. Usage: torch_net.py description.json threads"""
import json
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn


def make(layer):
    kind = layer["type"]
    if kind == "Convolution":
        args = {"stride": layer["stride"], "padding": layer["pad"], "groups": layer["group"], "bias": layer["bias"]}
        return nn.Conv2d(layer["in"][1], layer["outputs"], layer["kernel"], **args)
    if kind == "BatchNorm":
        return nn.BatchNorm2d(layer["in"][1])
    if kind == "ReLU":
        return nn.ReLU(inplace=layer["inPlace"])
    if kind == "InnerProduct":
        count = 1
        for size in layer["in"][1:]:
            count *= size
        return nn.Sequential(nn.Flatten(), nn.Linear(count, layer["outputs"]))
    if kind == "Pooling":
        if layer["global"]:
            return nn.AdaptiveAvgPool2d(1) if layer["average"] else nn.AdaptiveMaxPool2d(1)
        pool = nn.AvgPool2d if layer["average"] else nn.MaxPool2d
        return pool(layer["kernel"], layer["stride"], layer["pad"], ceil_mode=True)
    if kind == "Eltwise":
        return None
    if kind == "Softmax":
        return nn.Softmax(dim=1)
    if kind == "SoftmaxWithLoss":
        return nn.CrossEntropyLoss()
    raise ValueError("no PyTorch for " + kind)


class Net(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.layers = net["layers"]
        self.steps = nn.ModuleList(make(layer) or nn.Identity() for layer in self.layers)

    def forward(self, blobs):
        blobs = dict(blobs)
        for layer, step in zip(self.layers, self.steps):
            bottom = [blobs[name] for name in layer["bottom"]]
            blobs[layer["top"]] = bottom[0] + bottom[1] if layer["type"] == "Eltwise" else step(*bottom)
        return blobs[self.layers[-1]["top"]]


def draw(net):
    """The inputs: noise, and random labels."""
    blobs = {}
    for entry in net["inputs"]:
        if entry["name"] == "label":
            blobs["label"] = torch.randint(0, 10, (entry["shape"][0],))
        else:
            blobs[entry["name"]] = torch.rand(entry["shape"]) * 2 - 1
    return blobs


def main():
    with open(sys.argv[1]) as file:
        net = json.load(file)
    torch.set_num_threads(int(sys.argv[2]))
    torch.manual_seed(1)
    trains = net["trains"]
    model = Net(net)
    model.train(trains)
    blobs = draw(net)
    only = len([layer for layer in net["layers"] if layer["type"] in ("Convolution", "InnerProduct")]) == 0
    if only or net["layers"][-1]["type"] != "SoftmaxWithLoss":
        for value in blobs.values():
            value.requires_grad_(trains)

    def once():
        if not trains:
            with torch.no_grad():
                model(blobs)
            return
        for parameter in [*model.parameters(), *blobs.values()]:
            parameter.grad = None
        out = model(blobs)
        if out.dim() == 0:
            out.backward()
        else:
            out.backward(torch.full_like(out, 0.01))

    once()
    print(torch.__version__, flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        once()
        print((time.perf_counter() - start) * 1000, flush=True)


if __name__ == "__main__":
    main()
