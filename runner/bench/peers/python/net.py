"""Our nets in PyTorch, from the same safetensors files."""

import numpy as np
from load_torch import torch
from safetensors.numpy import load_file

# Sides of the maps after the last convolution, by architecture: they decide how the first dense layer's rows are numbered.
PAPERNOT = {"papernot-mnist": ((28, 28, 1), 4), "papernot-cifar10": ((32, 32, 3), 5)}


def load_net(architecture, path):
    """The net of a safetensors file; images [n, channels, height, width] in, logits [n, classes] out."""
    if architecture not in PAPERNOT:
        raise SystemExit(f"net.py knows no architecture '{architecture}'; it knows {', '.join(PAPERNOT)}")
    (_, _, channels), side = PAPERNOT[architecture]
    weights = load_file(path)
    layers = []
    for i in range(1, 5):
        kernel = weights[f"conv{i}.weight"].transpose(3, 2, 0, 1)  # [h, w, in, out] -> [out, in, h, w]
        assert kernel.shape[1] == channels, f"conv{i} takes {kernel.shape[1]} channels, not {channels}"
        channels = kernel.shape[0]
        layers += [filled(torch.nn.Conv2d(kernel.shape[1], channels, 3), kernel, weights[f"conv{i}.bias"])]
        layers += [torch.nn.ReLU()]
        if i % 2 == 0:
            layers += [torch.nn.MaxPool2d(2)]
    layers += [torch.nn.Flatten()]
    for i in range(1, 4):
        matrix = weights[f"fc{i}.weight"]
        if i == 1:  # its rows go by [h, w, channel], PyTorch's flattened maps by [channel, h, w]
            matrix = by_channel(matrix, side, channels)
        layers += [filled(torch.nn.Linear(*matrix.shape), matrix.T, weights[f"fc{i}.bias"])]
        if i < 3:
            layers += [torch.nn.ReLU()]
    return torch.nn.Sequential(*layers).eval().requires_grad_(False)


def scale_logits(net, factor):
    """Multiplies what a net says by a factor."""
    with torch.no_grad():
        net[-1].weight.mul_(factor)
        net[-1].bias.mul_(factor)


def by_channel(matrix, side, channels):
    maps = matrix.reshape(side, side, channels, -1)
    return maps.transpose(2, 0, 1, 3).reshape(matrix.shape)


def filled(layer, weight, bias):
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(np.ascontiguousarray(weight)))
        layer.bias.copy_(torch.from_numpy(bias))
    return layer


class Counted(torch.nn.Module):
    """A net that counts, in images, how often it is asked and differentiated."""

    def __init__(self, net):
        super().__init__()
        self.net = net
        self.forward_calls = 0
        self.gradient_calls = 0

    def forward(self, x):
        x = x.float()  # ART's HopSkipJump sends float64
        self.forward_calls += len(x)
        if x.requires_grad and torch.is_grad_enabled():
            x = _CountBackward.apply(x, self)
        return self.net(x)


class _CountBackward(torch.autograd.Function):
    @staticmethod
    def forward(context, x, counted):
        context.counted = counted
        return x.view_as(x)

    @staticmethod
    def backward(context, gradient):
        context.counted.gradient_calls += len(gradient)
        return gradient, None
