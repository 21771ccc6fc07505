"""What routing costs: against a loop, through JSON, and as one sentence."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenreg.errors import InputError
from evenreg.evaluation import GroupRouting, routing_sentence
from reference.heads import confusion, distance, group_of

EDGES = [0.0, 10.0, 25.0, 40.0]


def example(n=40, seed=0, groups=(0, 1, 2)):
    rng = np.random.default_rng(seed)
    true = rng.choice(groups, n)
    y = np.array([rng.uniform(EDGES[g], EDGES[g + 1]) for g in true])
    return {
        "target": y,
        "edges": EDGES,
        "true": true,
        "told": rng.integers(0, 3, n),
        "prediction": y + rng.normal(0, 3, n),
        "by_true_group": y + rng.normal(0, 1, n),
        "constants": [5.0, 15.0, 30.0],
    }


def of(given):
    return GroupRouting.of(given["target"], **{k: v for k, v in given.items() if k != "target"})


def by_loop(given):
    """The same numbers, row by row."""
    errors = [[], [], []]
    by_group = [[[], [], []] for _ in range(3)]
    for y, g, p, t in zip(
        given["target"], given["true"], given["prediction"], given["by_true_group"], strict=True
    ):
        assert group_of(y, EDGES) == g
        for i, value in enumerate((p, t, given["constants"][g])):
            errors[i].append(abs(value - y))
            by_group[g][i].append(abs(value - y))
    means = [sum(e) / len(e) for e in errors]
    hits = [a == b for a, b in zip(given["true"], given["told"], strict=True)]
    return (
        means,
        [None if not group[0] else [sum(e) / len(e) for e in group] for group in by_group],
        sum(hits) / len(hits),
        distance(given["true"], given["told"]),
        confusion(given["true"], given["told"], 3),
    )


@pytest.mark.parametrize("groups", [(0, 1, 2), (0, 2), (1,)])
def test_against_a_loop(groups):
    given = example(groups=groups)
    found = of(given)
    means, by_group, accuracy, off, counts = by_loop(given)
    assert [found.mae, found.mae_true_group, found.mae_constant] == pytest.approx(means)
    assert len(found.mae_by_group) == 3
    for g, (told, expected) in enumerate(zip(found.mae_by_group, by_group, strict=True)):
        assert (told is None) == (expected is None) == (g not in groups)
        assert told is None or list(told) == pytest.approx(expected)
    assert found.accuracy == pytest.approx(accuracy)
    assert found.distance == pytest.approx(off)
    assert found.confusion == counts
    assert found.edges == EDGES


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), n=st.integers(1, 60))
def test_through_json_and_back(seed, n):
    found = of(example(n, seed))
    again = GroupRouting.from_dict(json.loads(json.dumps(found.to_dict())))
    assert again == found
    assert all(isinstance(errors, tuple) for errors in again.mae_by_group if errors is not None)


def test_the_mean_of_the_groups_is_the_mean_of_the_rows():
    given = example()
    found, counts = of(given), np.bincount(given["true"], minlength=3)
    means = np.array(found.mae_by_group) * counts[:, None]
    np.testing.assert_allclose(
        means.sum(0) / counts.sum(), [found.mae, found.mae_true_group, found.mae_constant]
    )


def test_other_numbers_of_rows_are_refused():
    with pytest.raises(InputError, match="target"):
        of({**example(), "true": [0, 1]})


def test_the_sentence_takes_the_mean_of_the_seeds():
    first, second = of(example(seed=1)), of(example(seed=2))
    said = routing_sentence("group(n=3)", [first, second])
    mae, true = ((getattr(first, k) + getattr(second, k)) / 2 for k in ("mae", "mae_true_group"))
    assert said == (
        f"group(n=3): told the group of {(first.accuracy + second.accuracy) / 2:.0%} of the test rows, "
        f"{(first.distance + second.distance) / 2:.2f} groups off (mean over groups). MAE {mae:.4g}, with true groups "
        f"{true:.4g}: routing costs {mae - true:.3g}; a constant a group, true groups: "
        f"{(first.mae_constant + second.mae_constant) / 2:.4g}."
    )
