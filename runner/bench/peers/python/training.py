"""
`npm run bench:training` in PyTorch: takes steps of training for each line that comes, always from the same weights. The task, its only
argument, is JSON that runner/bench/training/main.ts writes.
"""

import json
import sys
import time

from imports import images_of, net_of
from load_torch import torch
from torch.nn import functional as F


def attacked(net, x, y, epsilon, task):
    """PGD from a random point of the ball, as Madry et al. have it."""
    moved = (x + epsilon * (2 * torch.rand_like(x) - 1)).clamp(0, 1)
    for _ in range(task["attackSteps"]):
        moved.requires_grad_(True)
        (slope,) = torch.autograd.grad(F.cross_entropy(net(moved), y, reduction="sum"), moved)
        stepped = moved.detach() + task["relativeStepSize"] * epsilon * slope.sign()
        moved = torch.min(torch.max(stepped, x - epsilon), x + epsilon).clamp(0, 1)
    return moved


def timed(files, kind, task):
    net = net_of(files).train().requires_grad_(True)
    x, y = images_of(files)
    optimiser = torch.optim.SGD(net.parameters(), lr=task["learningRate"], momentum=task["momentum"])
    steps, losses = task["steps"][kind], 0.0
    start, cpu = time.perf_counter(), time.process_time()
    for _ in range(steps):
        images = x
        if kind != "standard":
            # The attack needs the slope of the images alone.
            net.requires_grad_(False)
            images = attacked(net, x, y, files["epsilon"], task)
            net.requires_grad_(True)
        optimiser.zero_grad()
        loss = F.cross_entropy(net(images), y)
        loss.backward()
        optimiser.step()
        losses += loss.item()
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    return {
        "milliseconds": seconds * 1000 / steps,
        "coreMilliseconds": cpu * 1000 / steps,
        "loss": losses / steps,
    }


def main():
    task = json.loads(sys.argv[1])
    torch.set_num_threads(task["threads"])
    torch.manual_seed(0)
    nets = {files["architecture"]: files for files in task["nets"]}
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(timed(nets[request["architecture"]], request["kind"], task)), flush=True)


if __name__ == "__main__":
    main()
