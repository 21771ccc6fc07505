"""Words to parts: every word changes what is built."""

import numpy as np
import pytest
import torch

from evenreg.features import GroupContrast, RankNContrast
from evenreg.heads import ClassifierHead, GroupHead, LinearHead
from evenreg.labels import Bins, LabelSpace
from evenreg.losses import BMCLoss, BNILoss, FocalRLoss, GAILoss, HuberLoss, L1Loss, MSELoss
from evenreg.training import Method

Y = np.concatenate([np.zeros(80), np.ones(15), np.full(5, 2.0)])


@pytest.mark.parametrize(
    ("text", "loss"),
    [
        ("vanilla", L1Loss),
        ("vanilla(mse)", MSELoss),
        ("vanilla(huber)", HuberLoss),
        ("mse", MSELoss),
        ("huber(beta=2)", HuberLoss),
        ("focal-r", FocalRLoss),
        ("sqinv + lds", L1Loss),
        ("bmc", BMCLoss),
        ("gai", GAILoss),
        ("bni + lds", BNILoss),
    ],
)
def test_the_loss_of_each_word(text, loss):
    assert type(Method.parse(text).loss()) is loss


def test_the_common_cost_serves_rows_that_name_none():
    assert type(Method.parse("sqinv").loss("mse")) is MSELoss
    assert type(Method.parse("sqinv + l1").loss("mse")) is L1Loss


def test_arguments_reach_the_parts():
    prediction, target = torch.zeros(4, 1), torch.full((4, 1), 3.0)
    losses = [Method.parse(f"focal-r(beta={beta})").loss()(prediction, target) for beta in (0.1, 2.0)]
    assert losses[0] < losses[1]
    gentle, strict = (Method.parse(f"huber(beta={beta})").loss()(prediction, target) for beta in (5.0, 0.1))
    assert gentle < strict
    assert Method.parse("bmc(noise_sigma=0.25)").loss().noise_sigma.item() == pytest.approx(0.25)
    assert Method.parse("bmc").loss(noise_sigma=0.7).noise_sigma.item() == pytest.approx(0.7)
    assert not list(Method.parse("bmc(learn_noise=false)").loss().parameters())


def test_weightings_differ_and_balanced_losses_have_none():
    space = LabelSpace.fit(Y, Bins.uniform(-0.5, 2.5, 1.0))
    tables = {}
    for text in ("inv", "sqinv", "sqinv + lds", "inv + lds", "lds", "dense", "cb", "cb + lds"):
        weighting = Method.parse(text).weighting()
        assert weighting is not None
        tables[text] = weighting.fit(space).table_
    assert tables["inv"][2] > tables["sqinv"][2] > tables["sqinv + lds"][2]
    np.testing.assert_allclose(tables["lds"], tables["inv + lds"])
    for text in ("dense", "cb", "cb + lds"):
        assert [other for other in tables if np.allclose(tables[other], tables[text])] == [text]
    for text in ("vanilla", "bmc", "gai", "bni + lds", "hgb"):
        assert Method.parse(text).weighting() is None


def test_lds_changes_the_prior_of_bni():
    space = LabelSpace.fit(Y, Bins.uniform(-0.5, 2.5, 1.0))
    prediction = torch.linspace(-1, 3, 9)[:, None]
    plain, smooth = (Method.parse(t).loss().fit(space)(prediction, prediction) for t in ("bni", "bni + lds"))
    assert (plain - smooth).abs().item() > 1e-3


def test_written_back():
    assert str(Method.parse("LDS(size=7)+SQINV")) == "sqinv + lds(size=7)"
    assert Method.parse("hgb").trees
    assert Method.parse("log").log
    assert Method.parse("bmc").balanced


@pytest.mark.parametrize(
    ("text", "head", "config"),
    [
        ("vanilla", LinearHead, {"in_features": 7, "out": 1}),
        ("rrt + sqinv", LinearHead, {"in_features": 7, "out": 1}),
        ("cls + cb", ClassifierHead, {"in_features": 7, "bins": 3, "decode": "argmax"}),
        ("cls(expectation)", ClassifierHead, {"in_features": 7, "bins": 3, "decode": "expectation"}),
        (
            "group(2, soft, false, la, 2, equal_mass, lambda1=3, lambda2=0) + inv",
            GroupHead,
            {
                "in_features": 7, "n": 2, "routing": "soft", "bounded": False, "target": "la", "beta": 2.0,
                "grouping": "equal_mass", "lambda1": 3.0, "lambda2": 0.0,
            },
        ),
    ],
)  # fmt: skip
def test_the_head_of_each_word(text, head, config):
    made = Method.parse(text).head(7, 3)
    assert type(made) is head
    assert made.config == config


def test_the_defaults_of_a_word_are_those_of_its_head():
    assert Method.parse("group").head(7, 3).config == GroupHead(7).config
    assert Method.parse("cls").head(7, 3).config == ClassifierHead(7, 3).config


def test_stage_and_views_of_a_contrast_are_not_its_own():
    for text, part in (
        ("rnc(stage=first, views=2)", RankNContrast),
        ("group-contrast(3, views=2)", GroupContrast),
    ):
        method = Method.parse(text)
        (made,) = method.regularizers()
        assert type(made) is part
        assert method.views == 2
    for text in ("rnc", "group-contrast", "conr", "vanilla"):
        assert Method.parse(text).views == 1


def test_classes_and_groups_take_weights_and_second_stages_too():
    for text in ("cls + cb", "group + sqinv + lds", "rrt + inv", "rnc(stage=first) + lds"):
        assert Method.parse(text).weighting() is not None
    for text in ("cls", "group", "cls + crt", "rrt + bmc", "rnc(stage=first)"):
        assert Method.parse(text).weighting() is None
