"""
torchattacks' attacks. Each entry makes, of a model and a task, a function (x, y, target) -> adversarial images.

Its APGD, APGDT, FAB and Square are AutoAttack's code. They are built one by one with the standard's numbers of steps, because
`torchattacks.AutoAttack` leaves them at 10, and Square's schedule at the rescaled one.
"""

import torchattacks as ta


def _entry(make):
    def build(model, task):
        height, width, channels = task["inputShape"]
        parameters = {**task["parameters"], "values": height * width * channels}
        attack = make(model, parameters, task["norm"], task["epsilon"], task["seed"])

        def perturb(x, y, target):
            if target is None:
                return attack(x, y)
            attack.set_mode_targeted_by_label(quiet=True)
            return attack(x, target)

        return perturb

    return build


def _pgd(model, p, norm, epsilon, seed):
    attack = {"Linf": ta.PGD, "L2": ta.PGDL2}[norm]
    return attack(model, eps=epsilon, alpha=epsilon * p["relativeStepSize"], steps=p["steps"], random_start=True)


def _bim(model, p, norm, epsilon, seed):
    return ta.BIM(model, eps=epsilon, alpha=epsilon * p["relativeStepSize"], steps=p["steps"])


def _momentum(model, p, norm, epsilon, seed):
    return ta.MIFGSM(model, eps=epsilon, alpha=epsilon / p["steps"], steps=p["steps"], decay=p["decay"])


def _random_step(model, p, norm, epsilon, seed):
    # Both of its steps have one length.
    assert p["randomShare"] == 0.5
    return ta.RFGSM(model, eps=epsilon, alpha=epsilon / 2, steps=1)


def _spsa(model, p, norm, epsilon, seed):
    # It counts pairs of samples.
    common = {"eps": epsilon, "delta": p["radius"], "lr": p["learningRate"], "nb_iter": p["steps"]}
    return ta.SPSA(model, nb_sample=p["samples"] // 2, max_batch_size=p["samples"] // 2, **common)


def _one_pixel(model, p, norm, epsilon, seed):
    return ta.OnePixel(model, pixels=p["pixels"], steps=p["generations"], popsize=p["population"])


def _apgd(model, p, norm, epsilon, seed):
    common = {"norm": norm, "eps": epsilon, "steps": p["steps"], "n_restarts": 1, "seed": seed, "rho": 0.75, "eot_iter": 1}
    return ta.APGD(model, loss=p["loss"], **common)


def _apgd_targeted(model, p, norm, epsilon, seed):
    common = {"norm": norm, "eps": epsilon, "steps": p["steps"], "n_restarts": 1, "seed": seed, "rho": 0.75, "eot_iter": 1}
    return ta.APGDT(model, n_classes=p["targets"] + 1, **common)


def _fab(targeted):
    def make(model, p, norm, epsilon, seed):
        common = {"norm": norm, "eps": epsilon, "steps": p["steps"], "n_restarts": 1, "seed": seed}
        classes = p["targets"] + 1 if targeted else 10
        return ta.FAB(model, alpha_max=0.1, eta=1.05, beta=0.9, multi_targeted=targeted, n_classes=classes, **common)

    return make


def _square(model, p, norm, epsilon, seed):
    search = {"n_queries": p["queries"], "n_restarts": 1, "p_init": p["initialShare"], "resc_schedule": False}
    return ta.Square(model, norm=norm, eps=epsilon, loss="margin", seed=seed, **search)


def _autoattack(model, p, norm, epsilon, seed):
    parts = [
        _apgd(model, {"steps": p["steps"], "loss": "ce"}, norm, epsilon, seed),
        _apgd_targeted(model, p, norm, epsilon, seed),
        _fab(True)(model, p, norm, epsilon, seed),
        _square(model, p, norm, epsilon, seed),
    ]
    return ta.MultiAttack(parts)


def _ead(model, p, norm, epsilon, seed):
    attack = {"EN": ta.EADEN, "L1": ta.EADL1}[p["decisionRule"]]
    search = {"binary_search_steps": p["binarySearchSteps"], "max_iterations": p["steps"], "initial_const": p["initialConstant"]}
    return attack(model, lr=p["learningRate"], beta=p["beta"], abort_early=True, **search)


def _jsma(model, p, norm, epsilon, seed):
    # Just under the limit, because the number of pairs is rounded up.
    return ta.JSMA(model, theta=1.0, gamma=(p["maxFeatures"] - 0.5) / p["values"])


ATTACKS = {
    "fgsm": _entry(lambda model, p, norm, epsilon, seed: ta.FGSM(model, eps=epsilon)),
    "r-fgsm": _entry(_random_step),
    "bim": _entry(_bim),
    "mi-fgsm": _entry(_momentum),
    "pgd": _entry(_pgd),
    "apgd": _entry(_apgd),
    "apgd-t": _entry(_apgd_targeted),
    "fab": _entry(_fab(False)),
    "fab-t": _entry(_fab(True)),
    "square": _entry(_square),
    "autoattack": _entry(_autoattack),
    "deepfool": _entry(lambda model, p, norm, e, s: ta.DeepFool(model, steps=p["steps"], overshoot=p["overshoot"])),
    "cw-l2": _entry(
        lambda model, p, norm, e, s: ta.CW(model, c=1, steps=p["binarySearchSteps"] * p["steps"], lr=p["learningRate"])
    ),
    "ead": _entry(_ead),
    "jsma": _entry(_jsma),
    "spsa": _entry(_spsa),
    "one-pixel": _entry(_one_pixel),
}
