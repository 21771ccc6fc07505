"""What a recipe says of a training beside its method: units, selection, a second stage, rows that come augmented."""

import numpy as np
import pandas as pd
import pytest
import torch

from evenreg.data import table_from_frame
from evenreg.training import Budget, Draw, Method, Rows, TableSource, TargetScaler, train_cell

CPU = {"accelerator": "cpu", "devices": 1}


def source_of(**settings):
    rng = np.random.default_rng(0)
    size = rng.gamma(2.0, 2.0, 200)
    frame = pd.DataFrame({"price": 100 + 50 * size + rng.normal(0, 20, 200), "size": size})
    source = TableSource(table_from_frame(frame, "price"), bin_width=50.0)
    source.batch_size = 48
    for name, value in settings.items():
        setattr(source, name, value)
    return source


def trained(folder, words="vanilla", epochs=3, draw=None, **settings):
    draw = draw or Draw(source_of(**settings), 0)
    return train_cell(Method.parse(words), draw, folder, budget=Budget(epochs, epochs, trainer=CPU))


def test_a_unit_takes_the_place_of_one_sd():
    y = np.array([10.0, 30.0, 80.0])
    scaler = TargetScaler(unit=5.0).fit(y)
    assert scaler(torch.from_numpy(y)[:, None]).flatten().tolist() == [2, 6, 16]
    assert scaler.inverse(torch.tensor([[2.0]])).item() == 10
    again = TargetScaler()
    again.load_state_dict(scaler.state_dict())
    assert again.inverse(torch.tensor([[2.0]])).item() == 10
    assert TargetScaler(log=True, unit=2.0).fit(y)(torch.tensor([[np.e**4]])).item() == pytest.approx(2)


def test_units_change_what_is_trained_and_predictions_stay_in_label_units(tmp_path):
    standard, unit = trained(tmp_path / "sd"), trained(tmp_path / "unit", unit=100.0)
    assert not np.array_equal(standard.prediction, unit.prediction)
    assert unit.model.task.scaler.std == [100.0]
    assert 50 < np.median(unit.prediction) < 1000


@pytest.mark.parametrize("select", ["mae", "mse", "bmae"])
def test_the_best_epoch_is_that_of_the_error_asked_for(select, tmp_path):
    result = trained(tmp_path, epochs=6, select=select, optimizer={"learning_rate": 0.05})
    logged = [row[f"val_{select}"] for row in result.curves]
    found = {"mae": result.val_mae, "mse": result.val_rmse**2, "bmae": result.val_bmae}[select]
    assert found == pytest.approx(min(logged), rel=1e-4)
    assert len(set(logged)) > 1


def test_group_experts_log_the_error_they_are_selected_by_once(tmp_path):
    result = trained(tmp_path, "group(3)", select="mae", epochs=2)
    assert {"val_mae", "val_mae_true_group"} <= set(result.curves[0])


def test_a_second_stage_has_settings_of_its_own(tmp_path):
    rate = {"optimizer": "adam", "learning_rate": 0.01, "schedule": "steps", "milestones": (1,)}
    still = {"epochs": 1, "learning_rate": 1e-12, "schedule": "constant"}
    result = trained(tmp_path / "a", "rrt", epochs=3, optimizer=rate, second_stage=still)
    assert [(row["stage"], row["epoch"]) for row in result.curves] == [(1, 1), (1, 2), (1, 3), (2, 1)]
    other = trained(tmp_path / "b", "rrt", epochs=3, optimizer=rate)
    assert [row["stage"] for row in other.curves] == [1, 1, 1, 2, 2, 2]
    assert not np.array_equal(result.prediction, other.prediction)


def test_training_rows_come_augmented_and_no_others_do(tmp_path):
    seen = []

    def augment(inputs):
        seen.append(len(inputs[0]))
        return (inputs[0] + 3.0, *inputs[1:])

    draw = Draw(source_of(), 0)
    draw.prepared.augment = augment
    shifted, plain = trained(tmp_path / "a", draw=draw), trained(tmp_path / "b")
    assert sum(seen) == 3 * len(draw.train)
    assert not np.allclose(shifted.prediction, plain.prediction)


def test_rows_may_point_into_inputs_that_hold_more():
    x, y = torch.arange(10.0)[:, None], torch.arange(3.0)[:, None]
    rows = Rows((x,), y, torch.ones(3), torch.zeros(3, dtype=torch.long), rows=torch.tensor([9, 0, 4]))
    batch = rows[torch.tensor([2, 0])]
    assert batch.inputs[0].flatten().tolist() == [4, 9]
    assert batch.target.flatten().tolist() == [2, 0]
    assert len(rows) == 3


def test_labels_in_their_own_units_are_not_rounded_in_mixed_precision(tmp_path):
    task = trained(tmp_path, epochs=1, unit=1.0).model.task
    task.head.linear.bias.data.fill_(600.0)
    features = torch.rand(64, task.encoder.out_features)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = task.predicted(features.bfloat16()).value
    assert torch.equal(inside, task.predicted(features.bfloat16().float()).value)
    assert len(inside.unique()) > 32


@pytest.mark.parametrize(("words", "unit"), [("bmc", None), ("bmc", 7.0), ("log + bmc", 0.5)])
def test_a_learned_noise_scale_starts_at_one_sd_of_the_labels_in_any_units(
    words, unit, tmp_path, monkeypatch
):
    started = []
    loss = Method.loss
    monkeypatch.setattr(
        Method, "loss", lambda self, cost, sigma: started.append(sigma) or loss(self, cost, sigma)
    )
    draw = Draw(source_of(unit=unit), 0)
    trained(tmp_path, words, epochs=1, draw=draw)
    y = draw.source.y[draw.train]
    y = np.log(y) if "log" in words else y
    assert started == [pytest.approx(1.0 if unit is None else y.std() / unit)]


def test_the_head_of_a_second_stage_learns_at_its_own_rate(tmp_path):
    rates = {"learning_rate": 0.01, "head_learning_rate": 0.02}
    plain = trained(
        tmp_path / "a", "rrt", optimizer={"learning_rate": 0.02}, second_stage={"learning_rate": 1e-12}
    )
    kept = trained(tmp_path / "b", "rrt", optimizer=rates, second_stage={"learning_rate": 1e-12})
    moved = trained(tmp_path / "c", "rrt", optimizer=rates)
    for result, still in ((plain, True), (kept, True), (moved, False)):
        logged = {row["val_bmae"] for row in result.curves if row["stage"] == 2}
        assert (len(logged) == 1) == still


def test_a_source_without_patience_waits_for_all_epochs():
    source = source_of(epochs=7, patience=None)
    assert source.budget() == (7, 7)
    assert source.budget(epochs=200) == (200, 200)
    assert source.budget(200, 3) == (200, 3)
