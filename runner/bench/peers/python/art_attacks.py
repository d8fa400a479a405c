"""ART's attacks. Each entry makes, of a model and a task, a function (x, y, target) -> adversarial images."""

import numpy as np
from art.attacks import evasion
from art.estimators.classification import PyTorchClassifier
from load_torch import torch

NORMS = {"Linf": "inf", "L1": 1, "L2": 2}


def _entry(make):
    def build(model, task):
        shape, classes = task["inputShape"], task["classes"]
        classifier = PyTorchClassifier(
            model=model,
            loss=torch.nn.CrossEntropyLoss(),
            input_shape=(shape[2], shape[0], shape[1]),
            nb_classes=classes,
            clip_values=(0.0, 1.0),
            device_type="cpu",
        )

        def perturb(x, y, target):
            attack = make(classifier, task["parameters"], task["norm"], task["epsilon"], min(len(x), 256))
            return torch.from_numpy(attack.generate(x.numpy(), (y if target is None else target).numpy()))

        return perturb

    return build


def _pgd(classifier, p, norm, epsilon, batch):
    step = epsilon * p["relativeStepSize"]
    common = {"eps": epsilon, "eps_step": step, "max_iter": p["steps"], "num_random_init": 1, "verbose": False}
    return evasion.ProjectedGradientDescentPyTorch(classifier, norm=NORMS[norm], batch_size=batch, **common)


def _bim(classifier, p, norm, epsilon, batch):
    step = epsilon * p["relativeStepSize"]
    return evasion.BasicIterativeMethod(
        classifier, eps=epsilon, eps_step=step, max_iter=p["steps"], batch_size=batch, verbose=False
    )


def _momentum(classifier, p, norm, epsilon, batch):
    common = {"eps": epsilon, "eps_step": epsilon / p["steps"], "max_iter": p["steps"], "decay": p["decay"]}
    return evasion.MomentumIterativeMethod(classifier, norm=NORMS[norm], batch_size=batch, verbose=False, **common)


def _apgd(classifier, p, norm, epsilon, batch):
    loss = {"ce": "cross_entropy", "dlr": "difference_logits_ratio"}[p["loss"]]
    common = {"eps": epsilon, "eps_step": 2 * epsilon, "max_iter": p["steps"], "nb_random_init": 1, "verbose": False}
    return evasion.AutoProjectedGradientDescent(
        classifier, norm=NORMS[norm], loss_type=loss, batch_size=batch, **common
    )


def _square(classifier, p, norm, epsilon, batch):
    common = {"eps": epsilon, "max_iter": p["queries"], "p_init": p["initialShare"], "verbose": False}
    return evasion.SquareAttack(classifier, norm=NORMS[norm], nb_restarts=1, batch_size=batch, **common)


def _deepfool(classifier, p, norm, epsilon, batch):
    common = {"max_iter": p["steps"], "epsilon": p["overshoot"], "nb_grads": p["candidates"], "verbose": False}
    return evasion.DeepFool(classifier, batch_size=batch, **common)


def _cw(classifier, p, norm, epsilon, batch):
    search = {"binary_search_steps": p["binarySearchSteps"], "max_iter": p["steps"], "initial_const": p["initialConstant"]}
    return evasion.CarliniL2Method(
        classifier, learning_rate=p["learningRate"], batch_size=batch, verbose=False, **search
    )


def _cw_linf(classifier, p, norm, epsilon, batch):
    search = {"max_iter": p["steps"], "initial_const": p["initialConstant"], "largest_const": p["largestConstant"]}
    return evasion.CarliniLInfMethod(
        classifier, learning_rate=p["learningRate"], batch_size=batch, verbose=False, **search
    )


def _cw_l0(classifier, p, norm, epsilon, batch):
    search = {"max_iter": p["steps"], "initial_const": p["initialConstant"], "learning_rate": p["learningRate"]}
    return evasion.CarliniL0Method(classifier, batch_size=batch, verbose=False, **search)


def _ead(classifier, p, norm, epsilon, batch):
    search = {"binary_search_steps": p["binarySearchSteps"], "max_iter": p["steps"], "initial_const": p["initialConstant"]}
    rule = {"beta": p["beta"], "decision_rule": p["decisionRule"], "learning_rate": p["learningRate"]}
    return evasion.ElasticNet(classifier, batch_size=batch, verbose=False, **search, **rule)


def _hop_skip_jump(classifier, p, norm, epsilon, batch):
    budget = {"max_iter": p["steps"], "init_eval": p["initialProbes"], "max_eval": p["maxProbes"]}
    return evasion.HopSkipJump(classifier, norm=NORMS[norm], batch_size=batch, verbose=False, **budget)


def _geoda(classifier, p, norm, epsilon, batch):
    np.mat = np.asmatrix  # it uses the name that NumPy 2 has no longer
    return evasion.GeoDA(classifier, norm=NORMS[norm], max_iter=p["queries"], batch_size=batch, verbose=False)


def _spatial(classifier, p, norm, epsilon, batch):
    # Shifts are in percent of the side.
    side = classifier.input_shape[1]
    grid = {"num_translations": p["shifts"], "max_rotation": p["maxRotation"], "num_rotations": p["rotations"]}
    return evasion.SpatialTransformation(
        classifier, max_translation=100 * p["maxShift"] / side, verbose=False, **grid
    )


def _jsma(classifier, p, norm, epsilon, batch):
    height, width, channels = classifier.input_shape
    gamma = p["maxFeatures"] / (height * width * channels)
    return evasion.SaliencyMapMethod(classifier, theta=1.0, gamma=gamma, batch_size=batch, verbose=False)


ATTACKS = {
    "fgsm": _entry(
        lambda c, p, norm, epsilon, batch: evasion.FastGradientMethod(c, norm=NORMS[norm], eps=epsilon, batch_size=batch)
    ),
    "bim": _entry(_bim),
    "mi-fgsm": _entry(_momentum),
    "pgd": _entry(_pgd),
    "apgd": _entry(_apgd),
    "square": _entry(_square),
    "deepfool": _entry(_deepfool),
    "cw-l2": _entry(_cw),
    "cw-linf": _entry(_cw_linf),
    "cw-l0": _entry(_cw_l0),
    "ead": _entry(_ead),
    "hop-skip-jump": _entry(_hop_skip_jump),
    "geoda": _entry(_geoda),
    "spatial": _entry(_spatial),
    "jsma": _entry(_jsma),
}
