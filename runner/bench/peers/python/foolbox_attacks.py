"""Foolbox's attacks. Each entry makes, of a model and a task, a function (x, y, target) -> adversarial images."""

import foolbox
from foolbox import attacks as fa
from load_torch import torch


def _fixed(make):
    return _runner(make, lambda task: task["epsilon"])


def _minimum(make):
    return _runner(make, lambda task: None)


def _runner(make, epsilon_of):
    def build(model, task):
        bounded = foolbox.PyTorchModel(model, bounds=(0, 1), device="cpu")
        attack = make(task["parameters"], task["norm"])

        def perturb(x, y, target):
            criterion = foolbox.Misclassification(y) if target is None else foolbox.TargetedMisclassification(target)
            _, found, _ = attack(bounded, x, criterion, epsilons=epsilon_of(task))
            # C&W and EAD give back black where they found nothing, and a net may call that by another class.
            nothing = found.flatten(1).abs().amax(1) == 0
            return torch.where(nothing.view(-1, 1, 1, 1), x, found)

        return perturb

    return build


def _fgsm(p, norm):
    return {"Linf": fa.LinfFastGradientAttack, "L2": fa.L2FastGradientAttack}[norm](random_start=False)


def _pgd(p, norm):
    attack = {"Linf": fa.LinfPGD, "L2": fa.L2PGD, "L1": fa.SparseL1DescentAttack}[norm]
    return attack(rel_stepsize=p["relativeStepSize"], steps=p["steps"], random_start=True)


def _bim(p, norm):
    return fa.LinfBasicIterativeAttack(rel_stepsize=p["relativeStepSize"], steps=p["steps"])


def _momentum(p, norm):
    attack = {
        "Linf": fa.LinfMomentumIterativeFastGradientMethod,
        "L2": fa.L2MomentumIterativeFastGradientMethod,
    }[norm]
    return attack(momentum=p["decay"], rel_stepsize=1 / p["steps"], steps=p["steps"])


def _deepfool(p, norm):
    attack = {"Linf": fa.LinfDeepFoolAttack, "L2": fa.L2DeepFoolAttack}[norm]
    return attack(steps=p["steps"], candidates=p["candidates"], overshoot=p["overshoot"])


def _cw(p, norm):
    return fa.L2CarliniWagnerAttack(
        binary_search_steps=p["binarySearchSteps"],
        steps=p["steps"],
        stepsize=p["learningRate"],
        initial_const=p["initialConstant"],
        abort_early=True,
    )


def _ead(p, norm):
    return fa.EADAttack(
        binary_search_steps=p["binarySearchSteps"],
        steps=p["steps"],
        initial_stepsize=p["learningRate"],
        initial_const=p["initialConstant"],
        regularization=p["beta"],
        decision_rule=p["decisionRule"],
        abort_early=True,
    )


def _fmn(p, norm):
    attack = {"L0": fa.L0FMNAttack, "L1": fa.L1FMNAttack, "L2": fa.L2FMNAttack, "Linf": fa.LInfFMNAttack}[norm]
    return attack(steps=p["steps"], max_stepsize=p["stepSize"], gamma=p["gamma"])


def _ddn(p, norm):
    return fa.DDNAttack(init_epsilon=p["initialNorm"], steps=p["steps"], gamma=p["gamma"])


def _boundary(p, norm):
    # A step asks about an image, every tenth of them about two; what it starts from takes the rest.
    start = fa.LinearSearchBlendedUniformNoiseAttack(steps=50)
    return fa.BoundaryAttack(init_attack=start, steps=int((p["queries"] - 60) / 1.1))


def _blended(p, norm):
    return fa.LinearSearchBlendedUniformNoiseAttack(
        distance=foolbox.distances.l2, directions=p["directions"], steps=p["steps"]
    )


def _contrast(p, norm):
    return fa.LinearSearchContrastReductionAttack(distance=foolbox.distances.l2, steps=p["steps"])


def _noise(p, norm):
    attack = {
        "Linf": fa.LinfRepeatedAdditiveUniformNoiseAttack,
        "L2": fa.L2ClippingAwareRepeatedAdditiveGaussianNoiseAttack,
    }[norm]
    return attack(repeats=p["draws"])


def _spatial(p, norm):
    return fa.SpatialAttack(
        max_translation=p["maxShift"],
        num_translations=p["shifts"],
        max_rotation=p["maxRotation"],
        num_rotations=p["rotations"],
    )


def _hop_skip_jump(p, norm):
    return fa.HopSkipJumpAttack(
        steps=p["steps"],
        initial_gradient_eval_steps=p["initialProbes"],
        max_gradient_eval_steps=p["maxProbes"],
        constraint={"L2": "l2", "Linf": "linf"}[norm],
    )


ATTACKS = {
    "fgsm": _fixed(_fgsm),
    "bim": _fixed(_bim),
    "mi-fgsm": _fixed(_momentum),
    "pgd": _fixed(_pgd),
    "deepfool": _minimum(_deepfool),
    "cw-l2": _minimum(_cw),
    "ead": _minimum(_ead),
    "fmn": _minimum(_fmn),
    "ddn": _minimum(_ddn),
    "hop-skip-jump": _minimum(_hop_skip_jump),
    "boundary": _minimum(_boundary),
    "blended-noise": _minimum(_blended),
    "contrast": _minimum(_contrast),
    "noise": _fixed(_noise),
    "spatial": _minimum(_spatial),
}
