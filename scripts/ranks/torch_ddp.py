"""PyTorch: trains a described net on one process, or as a rank of several over gloo, see efficiency.mjs.
Usage: torch_ddp.py description.json threads port rank ranks meeting-file"""
import json
import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../bench/peers"))
import torch
import torch.distributed as dist
from torch_net import Net, draw

iterations = 2
description, threads, port, rank, ranks, meeting = sys.argv[1:7]
with open(description) as file:
    net = json.load(file)
torch.set_num_threads(int(threads))
torch.manual_seed(1)
model = Net(net)
model.train()
isOne = int(ranks) == 1
if not isOne:
    dist.init_process_group("gloo", init_method="file://" + meeting, rank=int(rank), world_size=int(ranks))
    model = torch.nn.parallel.DistributedDataParallel(model)
blobs = draw(net)
solver = torch.optim.SGD(model.parameters(), lr=0.001, momentum=0.9)


def go_on(is_more):
    """Whether another turn comes: rank 0 hears of it, and tells the others."""
    turn = torch.tensor([1.0 if is_more else 0.0])
    if not isOne:
        dist.broadcast(turn, 0)
    return turn.item() == 1


def step():
    start = time.perf_counter()
    for _ in range(iterations):
        solver.zero_grad()
        model(blobs).backward()
        solver.step()
    return (time.perf_counter() - start) * 1000 / iterations


if int(rank) == 0:
    with socket.create_connection(("127.0.0.1", int(port))) as connection:
        for _ in connection.makefile("r"):
            go_on(True)
            connection.sendall(f"{step()}\n".encode())
    go_on(False)
else:
    while go_on(False):
        step()
