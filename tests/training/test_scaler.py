"""Label units to training units and back."""

import numpy as np
import pytest
import torch

from evenreg.errors import InputError
from evenreg.training import TargetScaler


def test_standardises_per_dimension_and_back():
    y = np.random.default_rng(0).normal([5.0, -300.0], [2.0, 50.0], (200, 2))
    scaler = TargetScaler(dim=2).fit(y)
    z = scaler(torch.from_numpy(y))
    assert z.dtype == torch.float32
    np.testing.assert_allclose(z.mean(dim=0), 0, atol=1e-5)
    np.testing.assert_allclose(z.std(dim=0, unbiased=False), 1, rtol=1e-5)
    np.testing.assert_allclose(scaler.inverse(z), y, rtol=1e-5)
    np.testing.assert_allclose(scaler.standardize(y), z, atol=1e-5)


def test_large_offsets_survive_float32_features():
    y = 1.7e9 + np.arange(100.0)  # time stamps: float32 keeps only every 128th second
    scaler = TargetScaler().fit(y)
    z = scaler(torch.from_numpy(y)[:, None])
    assert len(torch.unique(z)) == 100
    np.testing.assert_allclose(scaler.inverse(z)[:, 0].numpy() - y, 0, atol=1e-4)


def test_log_is_undone_by_exp_and_never_overflows():
    y = np.array([0.1, 1.0, 50.0])
    scaler = TargetScaler(log=True).fit(y)
    np.testing.assert_allclose(scaler.inverse(scaler(torch.from_numpy(y)[:, None]))[:, 0], y, rtol=1e-5)
    assert torch.isfinite(scaler.inverse(torch.tensor([[1e6]]))).all()


def test_log_refuses_labels_that_have_none():
    with pytest.raises(
        InputError, match="log: expected a target above 0, got -1; leave the method 'log' out"
    ):
        TargetScaler(log=True).fit(np.array([-1.0, 2.0]))


def test_a_constant_dimension_is_only_centred():
    assert TargetScaler().fit(np.full(5, 3.0)).std == [1.0]


def test_state_dict_carries_everything():
    scaler, fresh = TargetScaler(log=True).fit(np.array([1.0, 9.0])), TargetScaler()
    fresh.load_state_dict(scaler.state_dict())
    assert (fresh.mean, fresh.std, fresh.log) == (scaler.mean, scaler.std, True)
