"""Exports classifiers of scikit-learn, fitted to its digits (8×8, in [0, 1]), as export.py does nets: x, weights, gradient and logits; and
the probabilities or scores that ONNX Runtime gives.

    pip install scikit-learn skl2onnx onnxruntime safetensors && python export_sklearn.py FOLDER
"""

import sys
from pathlib import Path

import numpy as np
import onnxruntime
from safetensors.numpy import save_file
from skl2onnx import to_onnx
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
digits, labels = load_digits(return_X_y=True)
digits = (digits / 16).astype(np.float32)
x = digits[1000:1002] * 0.9 + 0.05


def mlp_logits(model, rows):
    for i, (weights, bias) in enumerate(zip(model.coefs_, model.intercepts_)):
        rows = rows @ weights + bias
        if i < len(model.coefs_) - 1:
            rows = np.maximum(rows, 0)
    return rows


mlp = MLPClassifier((16,), max_iter=200, random_state=0)
svc = SVC(gamma=0.02, decision_function_shape="ovr")
logistic = make_pipeline(StandardScaler(), LogisticRegression(max_iter=300))
cases = {
    "sklearn-logistic": (logistic, lambda rows: logistic.decision_function(rows)),
    "sklearn-mlp": (mlp, lambda rows: mlp_logits(mlp, rows)),
    "sklearn-svc": (svc, lambda rows: svc.decision_function(rows)),
}
for name, (model, logits) in cases.items():
    count = 120 if name == "sklearn-svc" else 1000
    model.fit(digits[:count], labels[:count])
    path = folder / f"{name}.onnx"
    path.write_bytes(to_onnx(model, x[:1], options={id(model): {"zipmap": False}}, target_opset=18).SerializeToString())
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    weights = np.random.default_rng(3).standard_normal(10).astype(np.float32)
    wide = x.astype(np.float64)
    gradient = np.zeros_like(wide)
    for i in range(64):  # central differences in float64
        step = np.zeros(64)
        step[i] = 1e-5
        gradient[:, i] = (logits(wide + step) - logits(wide - step)) @ weights / 2e-5
    stored = {
        "x": x.reshape(2, 8, 8, 1),
        "weights": weights,
        "logits": logits(wide).astype(np.float32),
        "gradient": gradient.astype(np.float32).reshape(2, 8, 8, 1),
        "answers": session.run(None, {session.get_inputs()[0].name: x})[1].astype(np.float32),
    }
    save_file({key: np.ascontiguousarray(value) for key, value in stored.items()}, str(path.with_suffix(".safetensors")))
    print(path.name, path.stat().st_size)
