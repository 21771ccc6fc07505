"""FDS against the loop over bins, what must hold for any features, and what it does where that is known."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from evenreg.errors import InputError, NotFittedError, ShapeError, UnknownNameError
from evenreg.features import FDS
from evenreg.labels import Bins, LabelSpace
from reference.fds import LoopFDS

BINS = Bins.uniform(0, 10, 1)
SPACE = LabelSpace.fit([0.5, 3.5, 9.5], BINS)
FROM_START = {"start_update": 0, "start_smooth": 1}


def make(space=SPACE, **options):
    return FDS(**(FROM_START | options)).fit(space)


def epoch_of(seed, n=40, d=3, dtype=torch.float64):
    """Features that follow a skewed label, with labels beyond both ends, in bins of 0, 1 and many rows."""
    rng = np.random.default_rng(seed)
    y = np.concatenate([rng.gamma(2.0, size=n - 4), [6.5, 8.5, -3.0, 12.0]])
    z = rng.normal(size=(n, d)) * (1 + 0.2 * y[:, None]) + y[:, None] * np.arange(1, d + 1)
    return torch.tensor(z, dtype=dtype), torch.tensor(y)


def run_epoch(fds, z, y, batches=3):
    for rows, labels in zip(z.tensor_split(batches), y.tensor_split(batches), strict=True):
        fds.observe(rows, labels)
    fds.end_epoch()


def learned(z, y, **options):
    fds = make(**options)
    run_epoch(fds, z, y)
    return fds


def state(fds):
    return {name: tensor.clone() for name, tensor in fds.state_dict().items()}


def same_state(one, other, rel=0.0):
    assert one.keys() == other.keys()
    for name, tensor in one.items():
        torch.testing.assert_close(tensor, other[name], rtol=rel, atol=rel, msg=lambda m, n=name: f"{n}: {m}")


# against the loop


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"kernel": "laplacian", "size": 3, "sigma": 0.7, "momentum": 0.5},
        {"kernel": "triangular", "size": 25, "variance_ratio": (0.9, 1.1)},
        {"size": 1},
        {"covariance": "full"},
        {"covariance": "full", "variance_ratio": (0.8, 1.2), "momentum": 0.0},
    ],
)
def test_it_equals_the_loop(options):
    fds = make(**options)
    loop = LoopFDS(
        BINS.edges.tolist(),
        name=options.get("kernel", "gaussian"),
        size=options.get("size", 5),
        sigma=options.get("sigma", 2.0),
        momentum=options.get("momentum", 0.9),
        limits=options.get("variance_ratio", (0.1, 10.0)),
        full="covariance" in options,
    )
    shrunk = False
    for epoch in range(4):
        # Bins get their second row late, lose rows, and one stays empty throughout.
        z, y = epoch_of(epoch, n=25 + 20 * (epoch % 2), d=4)
        expected = [loop.calibrate(row, label) for row, label in zip(z.tolist(), y.tolist(), strict=True)]
        if epoch:
            assert fds(z, y).numpy() == pytest.approx(np.array(expected), rel=1e-5, abs=1e-5)
            assert torch.allclose(fds(z, y), z, atol=1e-4) == (options.get("size") == 1)
        run_epoch(fds, z, y)
        loop.epoch(z.tolist(), y.tolist())
        shrunk |= bool(((fds.counts > 1) & (fds.counts <= 4)).any())
        for b in range(len(BINS)):
            assert (fds.counts[b] > 0) == (b in loop.mean)
            for name, table in (
                ("running_mean", loop.mean),
                ("smoothed_mean", loop.smoothed_mean),
                ("running_var", loop.spread),
                ("smoothed_var", loop.smoothed_spread),
            ):
                if b in table:
                    value = np.diag(table[b]) if table[b].ndim == 2 else table[b]
                    assert getattr(fds, name)[b].numpy() == pytest.approx(value, rel=1e-9, abs=1e-9), name
    assert shrunk
    assert {0, 1, 2} <= set(fds.counts.clamp(max=2).tolist())


def test_full_covariances_that_are_diagonal_do_what_variances_do():
    # Corners of a box: no correlation, and another variance a feature and a bin.
    corners = torch.tensor([[i, j, k] for i in (-1.0, 1.0) for j in (-1.0, 1.0) for k in (-1.0, 1.0)])
    size = torch.tensor([[1.0, 2.0, 0.5], [3.0, 0.1, 0.0], [1.5, 1.0, 4.0]])
    z = torch.cat([corners * size[b] + b for b in range(3)]).double()
    y = torch.arange(3).repeat_interleave(8) + 0.5
    one, other = (learned(z, y, covariance=kind) for kind in ("diagonal", "full"))
    assert torch.allclose(one(z, y), other(z, y), atol=1e-5)
    assert torch.allclose(one.smoothed_var, other.smoothed_var)
    assert torch.equal(other.running_var, other.running_covariance.diagonal(dim1=1, dim2=2))


def test_full_covariances_carry_correlation_over():
    # A bin whose features are uncorrelated gets its neighbours' correlation once smoothed.
    rng = np.random.default_rng(0)
    mixed = rng.multivariate_normal([0, 0], [[1, 0.9], [0.9, 1]], 400)
    z = torch.tensor(np.concatenate([mixed, rng.normal(size=(20, 2)), mixed]))
    y = torch.cat([torch.full((400,), 4.5), torch.full((20,), 5.5), torch.full((400,), 6.5)])
    fds = learned(z, y, covariance="full", size=3)
    before, after = (np.corrcoef(rows.numpy().T)[0, 1] for rows in (z[400:420], fds(z, y)[400:420]))
    wanted = fds.smoothed_covariance[5]
    assert after == pytest.approx((wanted[0, 1] / (wanted[0, 0] * wanted[1, 1]).sqrt()).item(), abs=1e-5)
    assert after - abs(before) > 0.2


# what must hold for any features


@settings(max_examples=15, deadline=None)
@given(
    st.integers(0, 10**6), st.floats(-1e3, 1e3), st.floats(0.01, 100), st.sampled_from(["diagonal", "full"])
)
def test_shifted_and_scaled_features_come_out_shifted_and_scaled(seed, shift, factor, covariance):
    z, y = epoch_of(seed)
    plain = learned(z, y, covariance=covariance)(z, y)
    moved = learned(factor * z + shift, y, covariance=covariance)(factor * z + shift, y)
    scale = factor * z.abs().max().item() + abs(shift)
    assert moved.numpy() == pytest.approx((factor * plain + shift).numpy(), rel=1e-5, abs=1e-5 * scale)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 9), st.sampled_from(["diagonal", "full"]))
def test_neither_order_nor_batches_change_the_statistics(seed, batches, covariance):
    z, y = epoch_of(seed)
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(seed))
    one, other = make(covariance=covariance), make(covariance=covariance)
    run_epoch(one, z, y, 1)
    run_epoch(other, z[order], y[order], batches)
    same_state(state(one), state(other), rel=1e-10)
    assert torch.allclose(one(z, y)[order], other(z[order], y[order]))


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.floats(allow_nan=True, width=32), min_size=1, max_size=12),
    st.integers(0, 10**6),
    st.sampled_from(["diagonal", "full"]),
)
def test_no_label_makes_a_number_that_is_none(labels, seed, covariance):
    y = torch.tensor(labels)
    z = torch.randn(len(y), 2, generator=torch.Generator().manual_seed(seed)).relu()
    fds = make(covariance=covariance)
    for _ in range(2):
        fds.observe(z, y)
        fds.observe(z[:1], torch.zeros(1))
        assert fds(z, y).isfinite().all()
        fds.end_epoch()
    assert all(tensor.isfinite().all() for tensor in fds.state_dict().values())


def test_features_are_neither_written_to_nor_shared():
    z, y = epoch_of(0)
    before = z.clone()
    fds = learned(z, y)
    out = fds(z, y)
    assert torch.equal(z, before)
    assert out.data_ptr() != z.data_ptr()
    buffers = [fds.running_mean, fds.running_var, fds.smoothed_mean, fds.smoothed_var]
    assert len({buffer.data_ptr() for buffer in buffers}) == 4
    kept = [buffer.clone() for buffer in buffers]
    run_epoch(fds, 3 * z, y)
    assert all(torch.equal(buffer, copied) for buffer, copied in zip(buffers, kept, strict=True))
    assert torch.equal(fds(z[:0], y[:0]), z[:0])


# what it does where that is known


def test_a_lone_bin_is_not_polluted_by_empty_ones():
    y = torch.full((6,), 4.5)
    z = 8 + 0.1 * torch.randn(6, 2, generator=torch.Generator().manual_seed(0))
    fds = learned(z, y)
    assert torch.equal(fds.smoothed_mean[4], fds.running_mean[4])
    assert torch.allclose(fds(z, y), z, atol=1e-6)
    assert fds.smoothed_mean[:2].eq(0).all()  # beyond the window
    assert torch.allclose(fds.smoothed_mean[2], fds.running_mean[4])


def test_means_on_a_line_stay_and_a_rare_bin_off_it_moves_back():
    y = torch.arange(10).repeat_interleave(50) + 0.5
    noise = torch.randn(500, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    noise -= noise.view(10, 50, 1).mean(1).repeat_interleave(50, 0)
    z = 2 * y.unsqueeze(1) + noise
    fds = learned(z, y)
    inner = slice(2, 8)
    assert torch.allclose(fds.smoothed_mean[inner], fds.running_mean[inner])
    z[250:252] = torch.tensor([[-20.0], [-22.0]])  # bin 5, of which only these two are left
    kept = torch.cat([torch.arange(252), torch.arange(300, 500)])
    fds = learned(z[kept], y[kept])
    off, mended = (z[250:252].mean() - 11).abs(), (fds(z[250:252], y[250:252]).mean() - 11).abs()
    assert mended < 0.3 * off


def test_one_row_shifts_the_mean_and_leaves_the_variance_to_its_neighbours():
    z = torch.tensor([[0.0], [2.0], [10.0], [4.0], [6.0]])
    y = torch.tensor([3.5, 3.5, 4.5, 5.5, 5.5])
    fds = learned(z, y, kernel="triangular", size=3)
    assert fds.counts[3:6].tolist() == [2, 1, 2]
    assert fds.smoothed_mean[4].item() == pytest.approx((0.5 * 1 + 10 + 0.5 * 5) / 2)
    assert fds.smoothed_var[4].item() == pytest.approx(2.0)  # of 2 and 2: its own does not count
    shift = fds.smoothed_mean[4].item() - 10
    assert fds(torch.tensor([[10.0], [13.0]]), torch.tensor([4.5, 4.5])).flatten().tolist() == pytest.approx(
        [10 + shift, 13 + shift]
    )


@pytest.mark.parametrize("covariance", ["diagonal", "full"])
def test_a_feature_without_variance_is_shifted_and_not_scaled(covariance):
    rng = torch.Generator().manual_seed(0)
    z = torch.randn(1400, 2, generator=rng, dtype=torch.float64)
    z[:700, 1] = 1000.1  # its squares leave rounding noise in the sums
    y = torch.tensor([3.5, 4.5]).repeat_interleave(700)
    fds = learned(z, y, covariance=covariance)
    if covariance == "diagonal":
        assert fds.running_var[3, 1] == 0
    apart = fds(torch.tensor([[0.0, 5.0], [0.0, 7.0]]), torch.tensor([3.5, 3.5]))
    assert (apart[1] - apart[0]).tolist() == pytest.approx([0, 2], abs=1e-3)


def test_an_unseen_bin_keeps_its_own_and_a_new_one_replaces():
    y = torch.tensor([3.5, 3.5, 4.5, 4.5])
    z = torch.tensor([[0.0], [2.0], [10.0], [14.0]])
    fds = learned(z[:2], y[:2])
    untouched = fds(torch.ones(1, 1), torch.tensor([4.5]))
    assert untouched.item() == 1  # no statistics of its own: as it is
    run_epoch(fds, z[2:], y[2:])
    assert fds.running_mean[3:5].flatten().tolist() == [1, 12]
    assert fds.running_var[3:5].flatten().tolist() == [2, 8]
    run_epoch(fds, z + 10, y)
    assert fds.running_mean[3:5].flatten().tolist() == pytest.approx(
        [0.9 * 1 + 0.1 * 11, 0.9 * 12 + 0.1 * 22]
    )


def test_the_ratio_of_variances_is_clamped():
    noise = torch.randn(60, 1, generator=torch.Generator().manual_seed(0))
    z = torch.cat([noise[:20], 100 * noise[20:40], noise[40:]])
    y = torch.tensor([3.5, 4.5, 5.5]).repeat_interleave(20)
    scales = {}
    for ratio in ((0.1, 10.0), [0.5, 2]):
        fds = learned(z, y, variance_ratio=ratio)
        pair = torch.tensor([[0.0], [1.0]])
        scales[ratio[1]] = [fds(pair, torch.full((2,), at)).diff(dim=0).item() ** 2 for at in (3.5, 4.5)]
    assert scales[10.0] == pytest.approx(
        [10, fds.smoothed_var[4].item() / fds.running_var[4].item()], rel=1e-4
    )
    assert scales[2][0] == pytest.approx(2, rel=1e-4)


# schedule and modes


def test_epochs_decide_what_is_observed_and_what_is_calibrated():
    z, y = epoch_of(0, dtype=torch.float32)
    fds = FDS().fit(SPACE)
    for epoch in range(4):
        assert fds.epoch.item() == epoch
        out = fds(z, y)
        assert (out is z) == (epoch < 2)
        run_epoch(fds, z + (1000 if epoch == 0 else epoch), y)
        assert bool(fds.counts.any()) == (epoch >= 1)
    assert fds.running_mean.abs().max() < 100  # the first epoch left no trace
    assert torch.equal(out, out.clone())


def test_in_eval_mode_it_needs_nothing_and_does_nothing():
    z, y = epoch_of(0)
    fds = learned(z, y).eval()
    before = state(fds)
    fds.observe(z, y)
    assert fds(z) is z
    same_state(state(fds), before)
    assert FDS().eval()(z) is z
    with pytest.raises(InputError, match="target: expected labels in training mode, got None"):
        fds.train()(z)


@pytest.mark.parametrize("squash", [torch.relu, torch.sigmoid, torch.tanh])
@pytest.mark.parametrize("covariance", ["diagonal", "full"])
def test_features_straight_out_of_an_activation_train(squash, covariance):
    def train(fds):
        torch.manual_seed(0)
        encoder, head = torch.nn.Linear(4, 8), torch.nn.Linear(8, 1)
        optimizer = torch.optim.SGD([*encoder.parameters(), *head.parameters()], lr=0.05)
        losses, gradients = [], []
        for _ in range(4):
            for rows, labels in zip(x.split(16), y.split(16), strict=True):
                features = squash(encoder(rows))
                fds.observe(features, labels)
                loss = (head(fds(features, labels))[:, 0] - labels).square().mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
                gradients.append(encoder.weight.grad.clone())
            fds.end_epoch()
        return losses, gradients

    x = torch.randn(64, 4, generator=torch.Generator().manual_seed(1))
    y = (x.sum(1).abs() * 2).clamp(max=9.9)
    plain, plain_gradients = train(FDS(start_smooth=99).fit(SPACE))
    losses, gradients = train(FDS(covariance=covariance).fit(SPACE))
    assert losses[:8] == plain[:8]  # two epochs of four batches before it acts
    assert all(a != b for a, b in zip(losses[8:], plain[8:], strict=True))
    assert all(gradient.isfinite().all() and gradient.any() for gradient in gradients)
    assert not torch.allclose(gradients[8], plain_gradients[8], rtol=1e-3)


@pytest.mark.parametrize("covariance", ["diagonal", "full"])
def test_the_gradient_is_that_of_an_affine_map(covariance):
    z, y = epoch_of(0)
    fds = learned(z, y, covariance=covariance)
    assert torch.autograd.gradcheck(lambda rows: fds(rows, y[:6]), z[:6].requires_grad_(), atol=1e-4)


def test_large_batches_are_worked_on_in_parts(monkeypatch):
    z, y = epoch_of(0)
    whole = [learned(z, y, covariance=kind) for kind in ("diagonal", "full")]
    monkeypatch.setattr("evenreg.features._epoch_sums._CELLS", 20)
    monkeypatch.setattr("evenreg.features._full_spread._CELLS", 20)
    for fds in whole:
        parts = learned(z, y, covariance=fds.covariance)
        same_state(state(parts), state(fds), rel=1e-12)
        gradients = []
        for part in (fds, parts):
            rows = z.clone().requires_grad_()
            part(rows, y).square().sum().backward()
            gradients.append(rows.grad)
        assert torch.allclose(*gradients)


# shapes


@pytest.mark.parametrize("covariance", ["diagonal", "full"])
@pytest.mark.parametrize("pixels", [(2, 3), (5,)])
def test_maps_are_their_pixels(covariance, pixels):
    n, places = 6, int(np.prod(pixels))
    z, y = epoch_of(0, n=n * places)
    maps, labels = z.view(n, *pixels, 3).movedim(-1, 1).contiguous(), y.view(n, *pixels)
    rows, dense = make(covariance=covariance), make(covariance=covariance)
    run_epoch(rows, z, y)
    run_epoch(dense, maps, labels)
    same_state(state(rows), state(dense), rel=1e-12)
    out = dense(maps, labels)
    assert out.is_contiguous()
    assert torch.allclose(out.movedim(1, -1).reshape(-1, 3), rows(z, y))
    assert torch.equal(out, dense(maps, labels.unsqueeze(1)))
    if len(pixels) == 2:
        last = maps.to(memory_format=torch.channels_last)
        assert torch.equal(dense(last, labels), out)


def test_pixels_and_rows_without_a_label_are_left_out():
    z, y = epoch_of(0)
    valid = torch.arange(len(y)) % 3 > 0
    holes = y.where(valid, torch.nan)
    fds, fewer = learned(z, holes), learned(z[valid], y[valid])
    same_state(
        {k: v for k, v in state(fds).items() if not k.startswith("epoch")},
        {k: v for k, v in state(fewer).items() if not k.startswith("epoch")},
        rel=1e-12,
    )
    out = fds(z, holes)
    assert torch.equal(out[~valid], z[~valid])
    assert torch.allclose(out[valid], fewer(z, y)[valid])


def test_labels_of_several_dimensions_go_through_the_coordinate():
    z, y = epoch_of(0)
    labels = torch.stack([y, torch.zeros_like(y)], 1)
    space = LabelSpace(BINS, coordinate=lambda rows: rows[:, 0] + rows[:, 1])
    fds = learned(z, labels, space=space)
    plain = learned(z, y)
    assert torch.equal(fds(z, labels), plain(z, y))
    labels[3, 1] = torch.nan
    assert torch.equal(fds(z, labels)[3], z[3])
    maps = z.view(8, 5, 3).movedim(-1, 1)
    vectors = torch.stack([y, torch.zeros_like(y)], 0).view(2, 8, 5).movedim(0, 1)
    assert torch.allclose(fds(maps, vectors).movedim(1, -1).reshape(-1, 3), plain(z, y))
    with pytest.raises(ShapeError, match=r"target: expected shape \(40,\), got \(40, 2\); .*coordinate="):
        plain(z, labels)


@pytest.mark.parametrize("n", [0, 1, 2])
@pytest.mark.parametrize("covariance", ["diagonal", "full"])
def test_batches_of_few(n, covariance):
    z, y = epoch_of(0, dtype=torch.float32)
    fds = learned(z, y, covariance=covariance)
    fds.observe(z[:n], y[:n])
    rows = z[:n].clone().requires_grad_()
    out = fds(rows, y[:n].unsqueeze(1))
    assert out.shape == (n, 3)
    out.sum().backward()
    assert rows.grad is not None


# precision


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("covariance", ["diagonal", "full"])
def test_half_precision_is_computed_in_float32(dtype, covariance):
    z, y = epoch_of(0, dtype=dtype)
    fds = learned(z, y, covariance=covariance)
    exact = learned(z.float(), y, covariance=covariance)
    same_state(state(fds), state(exact))
    out = fds(z, y)
    assert out.dtype == dtype
    assert torch.equal(out, exact(z.float(), y).to(dtype))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        fds.observe(z, y)
        assert torch.equal(fds(z, y), out)
        assert torch.equal(exact(z.float(), y), exact(z.float(), y).float())


def test_training_under_autocast_with_a_scaler():
    torch.manual_seed(0)
    encoder, head = torch.nn.Linear(4, 8), torch.nn.Linear(8, 1)
    fds, scaler = make(), torch.amp.GradScaler("cpu")
    optimizer = torch.optim.SGD([*encoder.parameters(), *head.parameters()], lr=0.01)
    x, y = torch.randn(32, 4), torch.rand(32) * 10
    for _ in range(3):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            features = encoder(x).relu()
            assert features.dtype == torch.bfloat16
            fds.observe(features, y)
            calibrated = fds(features, y)
            assert calibrated.dtype == torch.bfloat16
            loss = (head(calibrated)[:, 0].float() - y).square().mean()
        optimizer.zero_grad()
        scaler.scale(loss).backward()
        assert encoder.weight.grad.any()
        scaler.step(optimizer)
        scaler.update()
        fds.end_epoch()
    assert not torch.equal(calibrated, features)
    assert fds.running_mean.dtype == torch.float64


def test_statistics_keep_their_precision():
    z, y = epoch_of(0)
    fds = make()
    fds.observe(z, y)
    before = state(fds)
    for cast in ("half", "bfloat16", "float", "double"):
        getattr(fds, cast)()
        same_state(state(fds), before)
    fds.end_epoch()
    assert torch.equal(fds.half()(z, y), learned(z, y)(z, y))


def test_far_from_zero_variances_keep_their_digits():
    z, y = epoch_of(0)
    fds, far = learned(z, y), learned(z + 1e5, y)
    assert torch.allclose(fds.running_var, far.running_var, rtol=1e-4)


@pytest.mark.parametrize("covariance", ["diagonal", "full"])
@pytest.mark.parametrize("pixels", [(), (2, 4)])
def test_a_step_stays_on_the_device(covariance, pixels):
    # Tensors on "meta" have no numbers: whatever waits for one fails.
    z, y = epoch_of(0, dtype=torch.float32)
    fds = learned(z, y, covariance=covariance).to("meta")
    assert {tensor.device.type for tensor in fds.state_dict().values()} == {"meta"}
    features = torch.empty(5, 3, *pixels, device="meta", requires_grad=True)
    target = torch.empty(5, 1, *pixels, device="meta")
    fds.observe(features, target)
    out = fds(features, target)
    out.sum().backward()
    assert (out.shape, out.device.type) == (features.shape, "meta")


# state


@pytest.mark.parametrize("covariance", ["diagonal", "full"])
@pytest.mark.parametrize("seen", [0, 1, 2, 3, 5])
@pytest.mark.parametrize("fresh", ["unfitted", "fitted", "other bins", "in use"])
def test_a_state_taken_at_any_time_continues_the_run(covariance, seen, fresh, tmp_path):
    def batch(i):
        z, y = epoch_of(i // 2, dtype=torch.float32)
        return z.tensor_split(2)[i % 2], y.tensor_split(2)[i % 2]

    def proceed(fds, start, stop):
        outs = []
        for i in range(start, stop):
            z, y = batch(i)
            fds.observe(z, y)
            outs.append(fds(z, y))
            if i % 2:
                fds.end_epoch()
        return outs

    fds = make(covariance=covariance)
    proceed(fds, 0, seen)
    torch.save(fds.state_dict(), tmp_path / "state.pt")
    resumed = FDS(**FROM_START, covariance=covariance)
    if fresh != "unfitted":
        resumed.fit(LabelSpace.fit([1, 2], Bins.uniform(0, 3, 1)) if fresh == "other bins" else SPACE)
    if fresh == "in use":
        proceed(resumed, 3, 6)
    # The whole state goes through a file as a tensor-only checkpoint does.
    resumed.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    same_state(state(resumed), state(fds))
    for one, other in zip(proceed(fds, seen, 8), proceed(resumed, seen, 8), strict=True):
        assert torch.equal(one, other)
    same_state(state(resumed), state(fds))


def test_loading_does_not_share_the_state():
    z, y = epoch_of(0)
    fds = make()
    fds.observe(z, y)
    taken, kept = fds.state_dict(), state(fds)
    resumed = make()
    resumed.load_state_dict(taken)
    resumed.observe(z, y)
    same_state(taken, kept)


def test_a_copy_is_its_own():
    z, y = epoch_of(0)
    fds = learned(z, y)
    before = state(fds)
    other = copy.deepcopy(fds)
    run_epoch(other, 2 * z, y)
    same_state(state(fds), before)


def test_fit_forgets():
    z, y = epoch_of(0)
    fds = learned(z, y)
    assert fds.fit(SPACE) is fds
    same_state(state(fds), state(make()))
    assert fds(z, y) is z


@pytest.mark.parametrize("covariance", ["diagonal", "full"])
def test_what_inference_mode_made_can_be_written_to_and_trained_with(covariance):
    z, y = epoch_of(0, dtype=torch.float32)
    fds = make(covariance=covariance)
    with torch.inference_mode():
        fds.observe(z, y)
        fds.end_epoch()
    rows = z.clone().requires_grad_()
    fds(rows, y).sum().backward()
    run_epoch(fds, z, y)
    assert rows.grad is not None


# a pass of its own


def test_an_extra_pass_sees_one_encoder_in_eval_mode():
    torch.manual_seed(0)
    encoder = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.BatchNorm1d(5), torch.nn.Dropout(0.5))
    encoder[2].eval()  # a mode that must come back
    x, y = epoch_of(0, dtype=torch.float32)
    fds = FDS(start_update=1, start_smooth=2, statistics="extra_pass").fit(SPACE)
    for epoch in range(2):
        z = encoder(x)
        fds.observe(z, y)  # a hook may give it every batch: it takes none of them
        assert fds(z, y) is z
        assert fds.wants_extra_pass == (epoch >= 1)
        if fds.wants_extra_pass:
            fds.observe(1000 * z, y)
            with fds.extra_pass(encoder):
                for rows, labels in zip(x.split(7), y.split(7), strict=True):
                    features = encoder(rows)
                    assert not features.requires_grad
                    fds.observe(features, labels)
                    assert fds(features, labels) is features
        fds.end_epoch()
        assert [module.training for module in encoder] == [True, True, False]
    with torch.no_grad():
        expected = learned(encoder.eval()(x), y)
    for name in ("running_mean", "running_var", "smoothed_mean", "smoothed_var"):
        torch.testing.assert_close(getattr(fds, name), getattr(expected, name), rtol=1e-5, atol=1e-5)
    assert torch.equal(fds.counts, expected.counts)
    encoder.train()
    z = encoder(x)
    assert not torch.allclose(fds(z, y), z)


def test_a_broken_pass_gives_the_modes_back_and_leaves_no_rows():
    z, y = epoch_of(0)
    encoder, fds = torch.nn.Dropout(), make(statistics="extra_pass")
    with pytest.raises(ShapeError), fds.extra_pass(encoder):
        fds.observe(100 * z, y) or fds.observe(z, y[:3])
    assert encoder.training
    with fds.extra_pass(encoder):
        fds.observe(z, y)
    fds.end_epoch()
    same_state(state(fds), state(learned(z, y)))
    with fds.extra_pass():
        assert fds(z, y) is z
    assert fds(z, y) is not z


# bad input


def test_use_before_fit():
    z, y = epoch_of(0)
    for use in (lambda f: f(z, y), lambda f: f.observe(z, y), lambda f: f.end_epoch()):
        with pytest.raises(NotFittedError, match=r"FDS has learned no labels yet; call fit\(space\) first"):
            use(FDS())
    with pytest.raises(NotFittedError, match="FDS has learned no labels"), FDS().extra_pass():
        pass


@pytest.mark.parametrize("statistics", ["observe", "forward"])
def test_shapes_that_do_not_go_together(statistics):
    use = getattr(make(), statistics)
    z, y = epoch_of(0)
    use(z, y)
    way_out = "FDS takes (batch, features) or (batch, features, *pixels), of one width throughout"
    for features, target, text in (
        (z[:9], y[:8], r"target: expected shape (9,), got (8,); give each row of features one label"),
        (z[:, :2], y, f"features: expected shape (batch, 3), got (40, 2); {way_out}."),
        (z[:, 0], y, f"features: expected shape (batch, 3), got (40,); {way_out}."),
        (z[:, :, None], y, "target: expected shape (40, 1), got (40,)"),
        (z[0], y[0], f"features: expected shape (batch, 3), got (3,); {way_out}."),
    ):
        with pytest.raises(ShapeError) as told:
            use(features, target)
        assert text in str(told.value)
    named = FDS(7).fit(SPACE)
    with pytest.raises(ShapeError, match=r"features: expected shape \(batch, 7\), got \(40, 3\)"):
        named.observe(z, y)
    space = LabelSpace(BINS, coordinate=lambda rows: rows)
    with pytest.raises(ShapeError, match=r"target: expected shape \(40, d\), got \(3, 2\)"):
        getattr(make(space), statistics)(z, torch.zeros(3, 2))


@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
def test_features_that_are_no_numbers_are_named(bad):
    z, y = epoch_of(0)
    z[y.argmin(), 1] = bad
    fds = make()
    fds.observe(z, y)
    with pytest.raises(
        InputError,
        match="features: expected finite numbers, got NaN or infinity in 1 of 10 bins "
        "this epoch, first at labels from 0 to 1; look for what diverges",
    ):
        fds.end_epoch()


def test_an_epoch_without_rows_is_no_silent_nothing():
    fds = FDS().fit(SPACE)
    fds.end_epoch()
    z, y = epoch_of(0)
    fds.eval().observe(z, y)
    with pytest.raises(
        InputError, match="FDS: expected rows in every epoch from epoch 1 on, got none; call observe"
    ):
        fds.end_epoch()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"kernel": "gausian"}, "no kernel named 'gausian'; did you mean 'gaussian'"),
        ({"statistics": "streaming"}, "no statistics of FDS named 'streaming'; did you mean 'stream'?"),
        ({"covariance": "diag"}, "no covariance of FDS named 'diag'; did you mean 'diagonal'?"),
        ({"size": 4}, "size: expected an odd number of bins, so that the window has a centre, got 4."),
        ({"sigma": 0}, "sigma: expected a number above 0, got 0."),
        ({"momentum": 1.5}, "momentum: expected a number from 0 to 1, got 1.5."),
        ({"feature_dim": 0}, "feature_dim: expected a whole number of at least 1, got 0."),
        ({"start_update": -1}, "start_update: expected a whole number of at least 0, got -1."),
        ({"start_update": 3}, "start_smooth: expected a whole number of at least 4, got 2."),
        (
            {"variance_ratio": (2, 1)},
            "variance_ratio: expected (low, high) with 0 < low <= 1 <= high, got (2, 1).",
        ),
        ({"variance_ratio": [1]}, "variance_ratio: expected (low, high) with 0 < low <= 1 <= high, got [1]."),
        (
            {"covariance": "full", "feature_dim": 513},
            "covariance: expected 'diagonal' for more than 512 features, got 'full' for 513; give a narrower "
            "layer or covariance='diagonal'.",
        ),
    ],
)
def test_options_out_of_range(options, text):
    with pytest.raises(InputError) as told:
        FDS(**options)
    assert text in str(told.value)
    assert isinstance(told.value, UnknownNameError) == text.startswith("no ")


def test_full_covariances_of_wide_features_are_refused_at_the_first_batch():
    fds = FDS(covariance="full").fit(SPACE)
    with pytest.raises(
        InputError, match="expected 'diagonal' for more than 512 features, got 'full' for 600"
    ):
        fds.observe(torch.zeros(2, 600), torch.zeros(2))


def test_a_pass_needs_the_option():
    with (
        pytest.raises(
            InputError, match="statistics: expected 'extra_pass' for a pass of its own, got 'stream'"
        ),
        make().extra_pass(),
    ):
        pass


def test_it_shows_its_arguments():
    assert repr(FDS()).startswith("FDS(\n  kernel='gaussian', size=5, sigma=2, momentum=0.9, start_update=1")
