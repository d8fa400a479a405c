"""Foolbox's attacks. Each entry makes, of a model and a task, a function (x, y, target) -> adversarial images."""

import foolbox
from foolbox import attacks as fa


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
            return found

        return perturb

    return build


def _fgsm(p, norm):
    return {"Linf": fa.LinfFastGradientAttack, "L2": fa.L2FastGradientAttack}[norm](random_start=False)


def _pgd(p, norm):
    attack = {"Linf": fa.LinfPGD, "L2": fa.L2PGD}[norm]
    return attack(rel_stepsize=p["relativeStepSize"], steps=p["steps"], random_start=True)


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


def _hop_skip_jump(p, norm):
    return fa.HopSkipJumpAttack(
        steps=p["steps"],
        initial_gradient_eval_steps=p["initialProbes"],
        max_gradient_eval_steps=p["maxProbes"],
        constraint={"L2": "l2", "Linf": "linf"}[norm],
    )


ATTACKS = {
    "fgsm": _fixed(_fgsm),
    "pgd": _fixed(_pgd),
    "deepfool": _minimum(_deepfool),
    "cw-l2": _minimum(_cw),
    "ead": _minimum(_ead),
    "fmn": _minimum(_fmn),
    "hop-skip-jump": _minimum(_hop_skip_jump),
}
