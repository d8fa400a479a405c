"""Exports two nets of JAX (Flax), images with their channels last, as export.py does those of PyTorch.

    pip install jax flax jax2onnx onnxruntime safetensors && python export_jax.py FOLDER
"""

import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import onnx
import onnxruntime
from flax import nnx
from jax2onnx import to_onnx
from safetensors.numpy import save_file

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)


class Convolutional(nnx.Module):
    def __init__(self, rngs):
        self.conv1, self.conv2 = nnx.Conv(1, 6, (3, 3), rngs=rngs), nnx.Conv(6, 8, (3, 3), strides=2, rngs=rngs)
        self.norm = nnx.LayerNorm(8, rngs=rngs)
        self.head = nnx.Linear(7 * 7 * 8, 10, rngs=rngs)

    def __call__(self, x):
        x = nnx.max_pool(nnx.relu(self.conv1(x)), window_shape=(2, 2), strides=(2, 2))
        x = nnx.gelu(self.norm(self.conv2(x)))
        return self.head(x.reshape(x.shape[0], -1))


class Dense(nnx.Module):
    def __init__(self, rngs):
        self.up, self.head = nnx.Linear(784, 16, rngs=rngs), nnx.Linear(16, 10, rngs=rngs)

    def __call__(self, x):
        return self.head(nnx.silu(self.up(x.reshape(x.shape[0], -1))))


for name, make in {"jax-conv": Convolutional, "jax-dense": Dense}.items():
    net = make(nnx.Rngs(0))
    x = np.asarray(jax.random.uniform(jax.random.key(1), (2, 28, 28, 1)), np.float32)
    model = to_onnx(net, inputs=[("B", 28, 28, 1)], opset=21)
    for message in [model, model.graph, *model.graph.node, *model.graph.value_info]:
        message.doc_string = ""
        del message.metadata_props[:]
    path = folder / f"{name}.onnx"
    onnx.save(model, path)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    weights = np.random.default_rng(3).standard_normal(10).astype(np.float32)
    stored = {
        "x": x,
        "weights": weights,
        "logits": session.run(None, {session.get_inputs()[0].name: x})[0],
        "gradient": np.asarray(jax.grad(lambda z: jnp.sum(net(z) @ weights))(jnp.asarray(x))),
    }
    save_file({key: np.ascontiguousarray(value) for key, value in stored.items()}, str(path.with_suffix(".safetensors")))
    print(path.name, path.stat().st_size)
