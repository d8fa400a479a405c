"""
Runs attacks of one peer, one after the other: `run.py TASK.json…`, which runner/bench/peers/task.ts writes.

Each writes safetensors with the adversarial images (channels last, as they came), what the net says of them afterwards, and
its logits of the clean images, and prints one line of JSON: what it took, or why it failed. Nothing is judged here.
"""

import importlib
import importlib.metadata
import json
import random
import resource
import sys
import time

import numpy as np
from load_torch import torch
from net import Counted, load_net, scale_logits
from safetensors.numpy import load_file, save_file

PACKAGES = {"foolbox": "foolbox", "torchattacks": "torchattacks", "art": "adversarial-robustness-toolbox"}


def run(path):
    with open(path, encoding="utf8") as file:
        task = json.load(file)
    torch.set_num_threads(task["threads"])
    torch.set_flush_denormal(task["flushDenormals"])
    for seed in (random.seed, np.random.seed, torch.manual_seed):
        seed(task["seed"])
    given = load_file(task["images"])
    x = torch.from_numpy(np.ascontiguousarray(given["x"].transpose(0, 3, 1, 2)))
    y = torch.from_numpy(given["y"]).long()
    target = torch.from_numpy(given["target"]).long() if "target" in given else None
    net = load_net(task["architecture"], task["weights"])
    scale_logits(net, task["parameters"].get("logitScale", 1))
    model = Counted(net).eval()
    tool = importlib.import_module(f"{task['tool']}_attacks")
    perturb = tool.ATTACKS[task["attack"]](model, task)
    # The first passes of a shape are slow; they are the same in every tool and not what is compared.
    for _ in range(2):
        model(x.clone().requires_grad_()).sum().backward()
    with torch.no_grad():
        clean = model(x)
    model.forward_calls = model.gradient_calls = 0
    seconds, cpu = time.perf_counter(), time.process_time()
    found = perturb(x.clone(), y.clone(), None if target is None else target.clone())
    seconds, cpu = time.perf_counter() - seconds, time.process_time() - cpu
    calls = {"forwardCalls": model.forward_calls, "gradientCalls": model.gradient_calls}
    found = torch.as_tensor(found).detach().float()
    with torch.no_grad():
        logits = model(found)
    save_file(
        {
            "xAdv": np.ascontiguousarray(found.numpy().transpose(0, 2, 3, 1)),
            "logits": logits.numpy(),
            "cleanLogits": clean.numpy(),
        },
        task["out"],
    )
    versions = {"python": sys.version.split()[0], "torch": torch.__version__}
    versions[PACKAGES[task["tool"]]] = importlib.metadata.version(PACKAGES[task["tool"]])
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"seconds": seconds, "cpuSeconds": cpu, "memoryBytes": memory, **calls, "versions": versions}


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        try:
            line = run(argument)
        except Exception as error:  # whatever a peer throws is its outcome
            line = {"failed": f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"}
        print(json.dumps(line), flush=True)
