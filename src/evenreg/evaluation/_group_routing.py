"""GroupRouting: how well a head of group experts tells groups, and what its mistakes cost."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenreg import _check
from evenreg.metrics import group_accuracy, group_confusion, group_distance


@final
@dataclass(frozen=True)
class GroupRouting:
    """Predictions of group experts with the groups that were told, and with the true ones.

    The gap of the two errors is what telling the group wrongly costs; beside them stands the error of no expert at
    all, one constant a group.

    Attributes:
        edges: Where groups begin and end, in label units.
        accuracy: Share of rows whose group was told.
        distance: How many groups the told one is off, mean over true groups.
        confusion: Rows by true group (rows) and told group (columns).
        mae: Mean absolute error as predicted.
        mae_true_group: That of the true group's expert.
        mae_constant: That of the median training label of the true group.
        mae_by_group: Per true group ``(mae, mae_true_group, mae_constant)``; None where the group has no row.

    Papers: papers/001 Table 4 (errors with both routings), Table 5 and Figures 2, 4, 5 and 7.
    """

    edges: list[float]
    accuracy: float
    distance: float
    confusion: list[list[int]]
    mae: float
    mae_true_group: float
    mae_constant: float
    mae_by_group: list[tuple[float, float, float] | None]

    @classmethod
    def of(
        cls,
        target: ArrayLike,
        *,
        edges: ArrayLike,
        true: ArrayLike,
        told: ArrayLike,
        prediction: ArrayLike,
        by_true_group: ArrayLike,
        constants: ArrayLike,
    ) -> Self:
        """Compare predictions of test rows.

        Args:
            target: ``(n,)`` labels.
            edges: ``(groups + 1,)`` in label units.
            true: ``(n,)`` true groups.
            told: ``(n,)`` groups that the classifier tells.
            prediction: ``(n,)`` as routed.
            by_true_group: ``(n,)`` predictions of the true groups' experts.
            constants: ``(groups,)`` one prediction a group.
        """
        y, group = np.asarray(target, dtype=np.float64), np.asarray(true)
        _check.same_length(target=y, true=group)
        constant = np.asarray(constants)[group]
        errors = np.abs(np.stack([np.asarray(p) for p in (prediction, by_true_group, constant)]) - y)
        n = len(np.asarray(edges)) - 1
        mae, mae_true, mae_constant = errors.mean(1).tolist()
        return cls(
            edges=np.asarray(edges, dtype=float).tolist(),
            accuracy=group_accuracy(true, told),
            distance=group_distance(true, told),
            confusion=group_confusion(true, told, n).tolist(),
            mae=mae,
            mae_true_group=mae_true,
            mae_constant=mae_constant,
            mae_by_group=[_means(errors[:, group == g]) for g in range(n)],
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, which `from_dict` takes back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Self:
        """What `to_dict` described."""
        by_group = [None if errors is None else tuple(errors) for errors in state["mae_by_group"]]
        return cls(**{**state, "mae_by_group": by_group})


def _means(errors: NDArray[np.float64]) -> tuple[float, float, float] | None:
    if not errors.size:
        return None
    predicted, true_group, constant = errors.mean(1).tolist()
    return predicted, true_group, constant


def routing_sentence(row: str, seeds: Sequence[GroupRouting]) -> str:
    """What routing costs a row, mean over its seeds."""

    def mean(name: str) -> float:
        return float(np.mean([getattr(routing, name) for routing in seeds]))

    mae, mae_true = mean("mae"), mean("mae_true_group")
    return (
        f"{row}: told the group of {mean('accuracy'):.0%} of the test rows, {mean('distance'):.2f} groups off (mean "
        f"over groups). MAE {mae:.4g}, with true groups {mae_true:.4g}: routing costs {mae - mae_true:.3g}; a constant "
        f"a group, true groups: {mean('mae_constant'):.4g}."
    )
