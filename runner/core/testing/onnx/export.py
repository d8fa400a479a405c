"""Exports small nets of every kind that the ONNX reader has to understand, with the scores that ONNX Runtime and the gradients that
PyTorch gives them: NET-EXPORTER-OPSET.onnx, and NET.safetensors with x [2, height, width, channels], weights [classes], gradient (of the
weighted sum of logits, of x's shape), and of each export "logits EXPORTER-OPSET" [2, classes].

    pip install torch==2.15.0 onnx onnxscript onnxruntime safetensors && python export.py FOLDER [NAME…]

With --full the nets have the widths of their papers, for a test by hand.
"""

import argparse
import os
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from safetensors.numpy import save_file
from torch import nn
from torch.nn import functional as F

CLASSES = 10


class Papernot(nn.Sequential):
    def __init__(self, channels=1, side=28, width=32, hidden=200):
        flat = ((side - 4) // 2 - 4) // 2
        super().__init__(
            nn.Conv2d(channels, width, 3), nn.ReLU(), nn.Conv2d(width, width, 3), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(width, 2 * width, 3), nn.ReLU(), nn.Conv2d(2 * width, 2 * width, 3), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(2 * width * flat * flat, hidden), nn.ReLU(), nn.Dropout(0.5),
            nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(0.5), nn.Linear(hidden, CLASSES),
        )  # fmt: skip


class LeNet(nn.Module):
    def __init__(self, filters=(6, 16), hidden=(120, 84)):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, filters[0], 5, padding=2), nn.Conv2d(*filters, 5)
        self.fc1, self.fc2 = nn.Linear(25 * filters[1], hidden[0]), nn.Linear(*hidden)
        self.fc3 = nn.Linear(hidden[1], CLASSES)

    def forward(self, x):
        x = F.avg_pool2d(torch.tanh(self.conv1(x)), 2)
        x = F.avg_pool2d(torch.tanh(self.conv2(x)), 2)
        x = x.view(x.size(0), -1)
        return F.softmax(self.fc3(torch.tanh(self.fc2(torch.tanh(self.fc1(x))))), dim=1)


class Block(nn.Module):
    """A residual block; `before` normalises and activates before each convolution (He et al. 2016b)."""

    def __init__(self, inputs, outputs, stride, before):
        super().__init__()
        self.before = before
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm1, self.norm2 = nn.BatchNorm2d(inputs if before else outputs), nn.BatchNorm2d(outputs)
        changed = stride != 1 or inputs != outputs
        self.short = nn.Conv2d(inputs, outputs, 1, stride, bias=False) if changed else nn.Identity()

    def forward(self, x):
        if self.before:
            y = F.relu(self.norm1(x))
            short = self.short(y) if isinstance(self.short, nn.Conv2d) else x
            return self.conv2(F.relu(self.norm2(self.conv1(y)))) + short
        return F.relu(self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x))))) + self.short(x))


class ResNet18(nn.Module):
    def __init__(self, width=64, before=False, large=False):
        super().__init__()
        stem = [nn.Conv2d(3, width, 7, 2, 3, bias=False) if large else nn.Conv2d(3, width, 3, 1, 1, bias=False)]
        if not before:
            stem += [nn.BatchNorm2d(width), nn.ReLU()]
        if large:
            stem += [nn.MaxPool2d(3, 2, 1)]
        blocks, inputs = [], width
        for stage in range(4):
            for i in range(2):
                outputs = width << stage
                blocks.append(Block(inputs, outputs, 2 if stage > 0 and i == 0 else 1, before))
                inputs = outputs
        tail = [nn.BatchNorm2d(inputs), nn.ReLU()] if before else []
        self.body = nn.Sequential(*stem, *blocks, *tail)
        self.head = nn.Linear(inputs, CLASSES)

    def forward(self, x):
        return self.head(F.adaptive_avg_pool2d(self.body(x), 1).flatten(1))


class MobileNet(nn.Module):
    def __init__(self, width=16):
        super().__init__()

        def inverted(inputs, outputs, stride):
            wide = 4 * inputs
            return nn.Sequential(
                nn.Conv2d(inputs, wide, 1, bias=False), nn.BatchNorm2d(wide), nn.ReLU6(),
                nn.Conv2d(wide, wide, 3, stride, 1, groups=wide, bias=False), nn.BatchNorm2d(wide), nn.Hardswish(),
                nn.Conv2d(wide, outputs, 1, bias=False), nn.BatchNorm2d(outputs),
            )  # fmt: skip

        self.stem = nn.Sequential(nn.Conv2d(3, width, 3, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU6())
        self.same, self.down = inverted(width, width, 1), inverted(width, 2 * width, 2)
        self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(2 * width, 2 * width, 1), nn.Hardsigmoid())
        self.head = nn.Linear(2 * width, CLASSES)

    def forward(self, x):
        x = self.stem(x)
        x = self.down(x + self.same(x))
        return self.head((x * self.gate(x)).mean([2, 3]))


class ConvNeXt(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 4, 4)
        self.norm = nn.LayerNorm(width)
        self.blocks = nn.ModuleList()
        for _ in range(2):
            self.blocks.append(
                nn.ModuleDict(
                    {
                        "depth": nn.Conv2d(width, width, 7, padding=3, groups=width),
                        "norm": nn.LayerNorm(width),
                        "up": nn.Linear(width, 4 * width),
                        "down": nn.Linear(4 * width, width),
                    }
                )
            )
        self.scale = nn.Parameter(torch.full((width,), 0.1))
        self.head = nn.Linear(width, CLASSES)

    def forward(self, x):
        x = self.norm(self.stem(x).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        for block in self.blocks:
            y = block["norm"](block["depth"](x).permute(0, 2, 3, 1))
            y = self.scale * block["down"](F.gelu(block["up"](y)))
            x = x + y.permute(0, 3, 1, 2)
        return self.head(x.mean([-2, -1]))


class ViT(nn.Module):
    def __init__(self, width=32, heads=4, depth=2, side=32, patch=8):
        super().__init__()
        self.heads = heads
        self.embed = nn.Conv2d(3, width, patch, patch)
        self.cls = nn.Parameter(torch.randn(1, 1, width) * 0.1)
        self.place = nn.Parameter(torch.randn(1, (side // patch) ** 2 + 1, width) * 0.1)
        self.layers = nn.ModuleList()
        for _ in range(depth):
            self.layers.append(
                nn.ModuleDict(
                    {
                        "n1": nn.LayerNorm(width), "qkv": nn.Linear(width, 3 * width), "out": nn.Linear(width, width),
                        "n2": nn.LayerNorm(width), "up": nn.Linear(width, 2 * width), "down": nn.Linear(2 * width, width),
                    }
                )
            )  # fmt: skip
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, CLASSES)

    def forward(self, x):
        x = self.embed(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(x.shape[0], -1, -1), x], 1) + self.place
        for layer in self.layers:
            batch, length, width = x.shape
            qkv = layer["qkv"](layer["n1"](x)).view(batch, length, 3, self.heads, width // self.heads)
            q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
            y = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, length, width)
            x = x + layer["out"](y)
            x = x + layer["down"](F.gelu(layer["up"](layer["n2"](x)), approximate="tanh"))
        return self.head(self.norm(x)[:, 0])


class Others(nn.Module):
    """What the others leave out: grouped and dilated filters, group and instance normalisation, resizing, ceil, other activations."""

    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 8, 3, padding=2, dilation=2)
        self.b = nn.Conv2d(8, 12, 3, stride=2, padding=1, groups=4)
        self.c = nn.ConvTranspose2d(12, 8, 3, stride=2, padding=1, output_padding=1)
        self.gn, self.inn, self.pr = nn.GroupNorm(2, 8), nn.InstanceNorm2d(12, affine=True), nn.PReLU(12)
        self.head = nn.Linear(8 * 9, CLASSES)

    def forward(self, x):
        x = F.elu(self.gn(self.a(x)))
        x = self.pr(self.inn(self.b(F.pad(x, (1, 1, 1, 1), mode="reflect"))))
        x = F.mish(self.c(x))
        x = F.interpolate(x, scale_factor=0.5, mode="bilinear", align_corners=False)
        x = F.max_pool2d(F.avg_pool2d(x, 3, 2, 1, ceil_mode=True), 2, 2, ceil_mode=True)
        x = torch.clamp(x, -1, 2) * torch.sigmoid(x[:, :, ::1])
        return F.log_softmax(self.head(x.flatten(1)), -1)


def nets(full):
    """By name: a net, and the shape of an image, channels first."""
    width = 64 if full else 2
    return {
        "papernot": (Papernot(width=32 if full else 6, hidden=200 if full else 24), (1, 28, 28)),
        "papernot-cifar10": (Papernot(3, 32, 64 if full else 6, 256 if full else 24), (3, 32, 32)),
        "lenet": (LeNet() if full else LeNet((4, 6), (24, 16)), (1, 28, 28)),
        "resnet18": (ResNet18(width), (3, 32, 32)),
        "preactresnet18": (ResNet18(width, before=True), (3, 32, 32)),
        "mobilenet": (MobileNet(32 if full else 8), (3, 32, 32)),
        "convnext": (ConvNeXt(96 if full else 16), (3, 32, 32)),
        "vit": (ViT(192, 3, 12) if full else ViT(), (3, 32, 32)),
        "others": (Others(), (3, 20, 20)),
        **({"resnet18-224": (ResNet18(64, large=True), (3, 224, 224))} if full else {}),
    }


EXPORTERS = [("script", 13), ("script", 17), ("script", 20), ("dynamo", 18), ("dynamo", 20), ("dynamo", 23)]


def trained(net):
    """Statistics that are not those of a fresh net, so that a forgotten normalisation shows."""
    generator = torch.Generator().manual_seed(1)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.copy_(torch.randn(module.num_features, generator=generator) * 0.2)
            module.running_var.copy_(torch.rand(module.num_features, generator=generator) + 0.5)
            module.weight.data.copy_(torch.rand(module.num_features, generator=generator) + 0.5)
            module.bias.data.copy_(torch.randn(module.num_features, generator=generator) * 0.2)
    return net.eval()


def export(net, x, how, opset, path):
    if how == "script":
        torch.onnx.export(
            net, (x,), str(path), opset_version=opset, dynamo=False, input_names=["x"], output_names=["y"],
            dynamic_axes={"x": {0: "batch"}, "y": {0: "batch"}},
        )  # fmt: skip
        return
    batch = torch.export.Dim("batch", min=1, max=4096)
    torch.onnx.export(
        net, (x,), str(path), opset_version=opset, dynamo=True, input_names=["x"], output_names=["y"],
        dynamic_shapes=({0: batch},), external_data=False, verbose=False,
    )  # fmt: skip


def plain(path):
    """Without the stack traces and notes of the exporter, which name files of the machine that it ran on."""
    model = onnx.load(path)
    for message in [model, model.graph, *model.graph.node, *model.graph.value_info, *model.graph.input, *model.graph.output]:
        message.doc_string = ""
        del message.metadata_props[:]
    for tensor in model.graph.initializer:
        tensor.doc_string = ""
        del tensor.metadata_props[:]
    onnx.save(model, path)


def reference(net, x, path, export_name):
    """What ONNX Runtime makes of the file, and what PyTorch makes of the net. Where the last operator is a softmax, scores are its input."""
    model = onnx.load(path)
    makers = {name: node for node in model.graph.node for name in node.output}
    last = makers[model.graph.output[0].name]
    output = model.graph.output[0].name
    softmax = last.op_type in ("Softmax", "LogSoftmax")
    if softmax:
        output = last.input[0]
        model.graph.output.append(onnx.helper.make_tensor_value_info(output, onnx.TensorProto.FLOAT, None))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    kind = session.get_inputs()[0].type
    given = x.numpy().astype(np.float16 if "16" in kind else np.float32)
    logits = session.run([output], {session.get_inputs()[0].name: given})[0].astype(np.float32)
    weights = np.random.default_rng(3).standard_normal(logits.shape[1]).astype(np.float32)
    scores = []
    hook = None
    if softmax:  # the scores are what the last linear layer gives
        linear = [module for module in net.modules() if isinstance(module, nn.Linear)][-1]
        hook = linear.register_forward_hook(lambda _module, _given, result: scores.append(result))
    z = x.clone().requires_grad_(True)
    result = net(z)
    ((scores[0] if softmax else result) @ torch.from_numpy(weights)).sum().backward()
    if hook:
        hook.remove()
    return {
        "x": np.ascontiguousarray(x.permute(0, 2, 3, 1).numpy()),
        "weights": weights,
        f"logits {export_name}": np.ascontiguousarray(logits),
        "gradient": np.ascontiguousarray(z.grad.permute(0, 2, 3, 1).numpy()),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--full", action="store_true")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    for name, (net, shape) in nets(options.full).items():
        if options.names and name not in options.names:
            continue
        trained(net)
        x = torch.rand(2, *shape, generator=torch.Generator().manual_seed(2))
        stored = {}
        for how, opset in EXPORTERS:
            path = options.folder / f"{name}-{how}-{opset}.onnx"
            try:
                export(net, x, how, opset, path)
                plain(path)
                stored |= reference(net, x, path, f"{how}-{opset}")
                print(path.name, os.path.getsize(path), flush=True)
            except Exception as error:  # An exporter that does not know an operator at an opset says so.
                print(path.name, "NOT EXPORTED:", str(error).strip().splitlines()[0][:200], flush=True)
        if name == "resnet18":
            stored |= half(options.folder, f"{name}-script-17", x)
        save_file(stored, str(options.folder / f"{name}.safetensors"))


def half(folder, source, x):
    """The same net with its weights in half precision, cast within the graph to float32 for what is computed."""
    model = onnx.load(folder / f"{source}.onnx")
    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type != onnx.TensorProto.FLOAT:
            continue
        values = onnx.numpy_helper.to_array(tensor).astype(np.float16)
        name = tensor.name
        tensor.CopyFrom(onnx.numpy_helper.from_array(values, f"{name}.half"))
        casts.append(onnx.helper.make_node("Cast", [f"{name}.half"], [name], to=onnx.TensorProto.FLOAT))
    rest = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(casts + rest)
    path = folder / f"{source}-fp16.onnx"
    onnx.save(model, path)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    print(path.name, os.path.getsize(path))
    return {"logits script-17-fp16": session.run(None, {session.get_inputs()[0].name: x.numpy()})[0]}


if __name__ == "__main__":
    main()
