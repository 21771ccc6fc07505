"""What group experts do with the test rows: agrees with the predictions of the model, and with a loop."""

import numpy as np
import pandas as pd
import pytest
import torch

from evenreg.data import table_from_frame
from evenreg.training import Budget, Draw, Method, TableSource, train_cell
from evenreg.training._routing import routing_of

BUDGET = Budget(3, 3, trainer={"accelerator": "cpu", "devices": 1})


@pytest.fixture(scope="module")
def draw():
    rng = np.random.default_rng(0)
    size = rng.gamma(2.0, 2.0, 160)
    frame = pd.DataFrame({"price": 3 + 5 * size, "size": size, "noise": rng.normal(size=160)})
    source = TableSource(table_from_frame(frame, "price"), bin_width=5.0)
    source.batch_size = 48
    return Draw(source, 0)


def cell(words, draw, folder):
    return train_cell(Method.parse(words), draw, folder, budget=BUDGET)


@pytest.mark.parametrize(
    "words", ["group(3)", "group(3, routing=soft) + inv", "log + group(3, grouping=equal_mass)"]
)
def test_against_the_models_own_predictions(words, draw, tmp_path):
    found = cell(words, draw, tmp_path)
    routing, source, task = found.routing, draw.source, found.model.task
    y, test = source.y, source.test
    assert routing.mae == pytest.approx(np.abs(found.prediction - y[test]).mean(), rel=1e-6)
    assert len(routing.edges) == 4
    assert np.diff(routing.edges).min() > 0
    # In label units they are edges of bins, of which a logarithm moves the lowest alone.
    for edge in routing.edges[1:]:
        assert np.abs(source.bins.edges - edge).min() < 1e-6
    groups = np.clip(np.searchsorted(np.array(routing.edges) * (1 - 1e-9), y, side="right") - 1, 0, 2)
    assert np.array(routing.confusion).sum(1).tolist() == np.bincount(groups[test], minlength=3).tolist()
    errors = {"true": [], "constant": []}
    hits = []
    for row in test:
        inputs = (tensor[row : row + 1] for tensor in draw.prepared.inputs)
        with torch.no_grad():
            prediction = task.predicted(task.encoder(*inputs))
        expert = prediction.extras["experts"][:, groups[row] : groups[row] + 1]
        errors["true"].append(abs(task.scaler.inverse(expert).item() - y[row]))
        own = [y[other] for other in draw.train if groups[other] == groups[row]]
        errors["constant"].append(abs(np.median(own) - y[row]))
        hits.append(prediction.extras["logits"].argmax().item() == groups[row])
    assert routing.mae_true_group == pytest.approx(np.mean(errors["true"]), rel=1e-4)
    assert routing.mae_constant == pytest.approx(np.mean(errors["constant"]), rel=1e-6)
    assert routing.accuracy == pytest.approx(np.mean(hits))


def test_of_the_rows_it_is_given(draw, tmp_path):
    found = cell("group(3)", draw, tmp_path)
    task, y = found.model.task, draw.source.y
    some = draw.val[:7]
    routing = routing_of(task.train(), draw.prepared, y, draw.train, some)
    assert np.sum(routing.confusion) == 7
    with torch.no_grad():
        told = task.eval()(*(tensor[some] for tensor in draw.prepared.inputs))[:, 0].numpy()
    assert routing.mae == pytest.approx(np.abs(told - y[some]).mean(), rel=1e-6)


def test_with_one_group_true_and_told_agree(draw, tmp_path):
    routing = cell("group(1)", draw, tmp_path).routing
    assert (routing.accuracy, routing.distance, routing.confusion) == (1, 0, [[len(draw.source.test)]])
    assert routing.mae == routing.mae_true_group
    y = draw.source.y
    constant = np.abs(np.median(y[draw.train]) - y[draw.source.test]).mean()
    assert routing.mae_constant == pytest.approx(constant)


@pytest.mark.parametrize("words", ["vanilla", "cls", "rrt", "hgb"])
def test_other_heads_have_none(words, draw, tmp_path):
    assert cell(words, draw, tmp_path).routing is None
