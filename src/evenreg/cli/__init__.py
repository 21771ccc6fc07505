"""The verbs of evenreg, on the command line and as functions of the same names.

A verb is one private module ``_<verb>.py`` that holds its function and its arguments; it is imported when its
name is first used (PEP 562), so that ``evenreg --help`` loads no library at all.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evenreg.cli._benchmark import benchmark as benchmark
    from evenreg.cli._benchmark_result import BenchmarkResult as BenchmarkResult
    from evenreg.cli._benchmark_table import BenchmarkTable as BenchmarkTable
    from evenreg.cli._compare import compare as compare
    from evenreg.cli._compare_result import CompareResult as CompareResult
    from evenreg.cli._diagnose import diagnose as diagnose
    from evenreg.cli._diagnosis import Diagnosis as Diagnosis
    from evenreg.cli._evaluate import evaluate_table as evaluate_table
    from evenreg.cli._evaluation_text import EvaluatedTable as EvaluatedTable
    from evenreg.cli._main import main as main
    from evenreg.cli._predict import predict as predict
    from evenreg.cli._recipes import Recipe as Recipe
    from evenreg.cli._recipes import recipes as recipes
    from evenreg.cli._resample import resample as resample
    from evenreg.cli._resampled import Resampled as Resampled
    from evenreg.cli._synthetic_result import SyntheticResult as SyntheticResult
    from evenreg.cli._train import train as train
    from evenreg.cli._train_result import TrainResult as TrainResult

_NAMES = {
    "BenchmarkResult": "_benchmark_result",
    "BenchmarkTable": "_benchmark_table",
    "CompareResult": "_compare_result",
    "Diagnosis": "_diagnosis",
    "EvaluatedTable": "_evaluation_text",
    "Recipe": "_recipes",
    "Resampled": "_resampled",
    "SyntheticResult": "_synthetic_result",
    "TrainResult": "_train_result",
    "benchmark": "_benchmark",
    "compare": "_compare",
    "diagnose": "_diagnose",
    "evaluate_table": "_evaluate",
    "main": "_main",
    "predict": "_predict",
    "recipes": "_recipes",
    "resample": "_resample",
    "train": "_train",
}

__all__ = [
    "BenchmarkResult",
    "BenchmarkTable",
    "CompareResult",
    "Diagnosis",
    "EvaluatedTable",
    "Recipe",
    "Resampled",
    "SyntheticResult",
    "TrainResult",
    "benchmark",
    "compare",
    "diagnose",
    "evaluate_table",
    "main",
    "predict",
    "recipes",
    "resample",
    "train",
]


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(import_module(f"evenreg.cli.{_NAMES[name]}"), name)
    raise AttributeError(f"module 'evenreg.cli' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
