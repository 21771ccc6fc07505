"""evenreg: regression that is even across the whole target range.

One object, fitted once on the training labels, answers "how many of you are there near this value?":

    LabelSpace ── weights (InverseFrequency, LDS) · priors (BNI, GAI) · regions (ShotRegions) · splits, folds

and the packages below use it, each knowing nothing of its siblings:

    labels      bins, densities, weights, regions, splits: NumPy in, NumPy out
    losses      (prediction, target, weight) -> scalar: L1, MSE, Huber, Focal-R, Balanced MSE
    features    acts on representations: FDS
    heads       features -> prediction: linear, group experts, classifier
    mixing      rows blended inside a batch: mixup, manifold mixup, C-Mixup
    resampling  tables before training: SMOTER, SMOGN, noise, random
    metrics     pure functions and torchmetrics classes
    models      encoders
    data        a person's own table; the embedded default ``digits-rotation``; the papers' data as prepared folders
    evaluation  predictions -> numbers by region, with intervals; paired comparison of runs
    training    Method (the words), RegressionTask, run folders
    plots       (data, ax) -> ax
    cli         diagnose, resample, compare, train, predict, evaluate, data, benchmark, recipes: on the command line,
                most as functions too

Importing this module loads nothing else; names arrive when they are first used (PEP 562).
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_PACKAGES = (
    "cli",
    "data",
    "errors",
    "evaluation",
    "features",
    "heads",
    "labels",
    "losses",
    "metrics",
    "mixing",
    "models",
    "plots",
    "resampling",
    "training",
)
_NAMES = {
    "Bins": "labels",
    "LabelSpace": "labels",
    "ShotRegions": "labels",
    "StratifiedKFold": "labels",
    "sample_weight": "labels",
    "evaluate": "evaluation",
    "Method": "training",
    "RegressionTask": "training",
    "load_model": "training",
    "benchmark": "cli",
    "compare": "cli",
    "diagnose": "cli",
    "predict": "cli",
    "recipes": "cli",
    "resample": "cli",
    "train": "cli",
}

__all__ = ["__version__", *_NAMES, *_PACKAGES]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name in _PACKAGES:
        return import_module(f"evenreg.{name}")
    if name in _NAMES:
        return getattr(import_module(f"evenreg.{_NAMES[name]}"), name)
    raise AttributeError(f"module 'evenreg' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
