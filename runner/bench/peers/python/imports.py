"""
`npm run bench:imports` in PyTorch: with `export NETS` writes each net as ONNX by the default exporter, with `time NETS THREADS` times one
pass for each line that comes. NETS is what runner/bench/imports/nets.ts calls `NetFiles[]`, as JSON.
"""

import importlib.util
import json
import sys
import time
from pathlib import Path

import numpy as np
from load_torch import torch
from net import by_channel, filled, load_net
from safetensors.numpy import load_file
from torch.nn import functional as F

CORE = Path(__file__).parents[3] / "core"
SAMPLE = 40


def zoo():
    """The zoo's nets as PyTorch has them, under the names of its weights."""
    spec = importlib.util.spec_from_file_location("zoo", CORE / "testing" / "zoo" / "export.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.nets()


def lenet(path):
    """LeNet, whose weights lie as TensorFlow has them."""
    weights = load_file(path)
    layers = []
    for name in ("conv1", "conv2"):
        kernel = weights[f"{name}.weight"].transpose(3, 2, 0, 1)
        layers += [filled(torch.nn.Conv2d(kernel.shape[1], kernel.shape[0], 5), kernel, weights[f"{name}.bias"])]
        layers += [torch.nn.ReLU(), torch.nn.MaxPool2d(2)]
    layers += [torch.nn.Flatten()]
    for name in ("fc1", "fc2", "fc3"):
        matrix = weights[f"{name}.weight"]
        if name == "fc1":
            channels = weights["conv2.bias"].shape[0]
            matrix = by_channel(matrix, int((matrix.shape[0] / channels) ** 0.5), channels)
        layers += [filled(torch.nn.Linear(*matrix.shape), matrix.T, weights[f"{name}.bias"])]
        layers += [torch.nn.ReLU()] if name != "fc3" else []
    return torch.nn.Sequential(*layers)


def net_of(files):
    name, path = files["architecture"], files["weights"]
    if name.startswith("papernot-"):
        net = load_net(name, path)
    elif name.startswith("lenet-"):
        net = lenet(path)
    else:
        net = zoo()[name][0]()
        state = {key: torch.from_numpy(value) for key, value in load_file(path).items()}
        net.load_state_dict(state, strict=False)
        missing = set(dict(net.named_parameters())) - set(state)
        assert not missing, f"{name}: no {', '.join(missing)}"
    return net.eval().requires_grad_(False)


def images_of(files):
    given = load_file(files["images"])
    return torch.from_numpy(np.ascontiguousarray(given["x"].transpose(0, 3, 1, 2))), torch.from_numpy(given["y"]).long()


def export(files):
    x, _ = images_of(files)
    batch = torch.export.Dim("batch")
    program = torch.onnx.export(
        net_of(files), (x[:2],), files["onnx"], dynamic_shapes=({0: batch},), external_data=False, verbose=False
    )
    # Code such as len(x) fixes the batch, and the exporter goes on without a word: the net would be run two images at a time.
    taken = program.model.graph.inputs[0].shape
    assert not isinstance(taken[0], int), f"{files['architecture']}: exported for {taken} alone"


def timed(net, x, y, gradient):
    start, cpu = time.perf_counter(), time.process_time()
    if gradient:
        x = x.clone().requires_grad_(True)
        F.cross_entropy(net(x), y, reduction="sum").backward()
        result = x.grad.permute(0, 2, 3, 1)
    else:
        with torch.no_grad():
            result = net(x)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    return {"milliseconds": seconds * 1000, "coreMilliseconds": cpu * 1000, "sample": result.reshape(-1)[:SAMPLE].tolist()}


def main():
    command, nets = sys.argv[1], json.loads(sys.argv[2])
    if command == "export":
        for files in nets:
            export(files)
        return
    torch.set_num_threads(int(sys.argv[3]))
    loaded = {files["architecture"]: (net_of(files), *images_of(files)) for files in nets}
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(timed(*loaded[request["architecture"]], request["pass"] == "gradient")), flush=True)


if __name__ == "__main__":
    main()
