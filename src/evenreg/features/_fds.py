"""FDS: feature distribution smoothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self, final

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor, nn

from evenreg import _check
from evenreg._torch import keep_precision
from evenreg.errors import InputError
from evenreg.features._bin_statistics import blend, smooth_over_bins
from evenreg.features._epoch_sums import EpochSums
from evenreg.features._eval_mode import eval_mode
from evenreg.features._full_spread import FullSpread
from evenreg.features._label_bins import LabelBins
from evenreg.features._spread import AbstractSpread, DiagonalSpread
from evenreg.labels import LDS, LabelSpace

STATISTICS = ("stream", "extra_pass")
COVARIANCES: Mapping[str, Callable[[], AbstractSpread]] = {"diagonal": DiagonalSpread, "full": FullSpread}
WIDEST_FULL = 512  # features; one bin's covariance is 2 MB there, and four of each are kept


@final
class FDS(nn.Module):
    """Feature distribution smoothing: features calibrated by statistics that neighbouring labels share.

    Features of nearby labels should be distributed alike; those of rare labels are not, for want of data. FDS
    keeps mean and variance of the features in each label bin b, smooths both over the bins, and moves each
    training feature from its bin's statistics to the smoothed ones, with gradient:

        z̃ = √(ṽ_b / v_b) · (z − μ_b) + μ̃_b

    One epoch is `observe` (uncalibrated features) and a call for each batch, then `end_epoch`. Statistics
    blend over epochs: a bin's first estimate replaces, later ones count 1 − momentum, an unseen bin keeps its
    own. Smoothing averages over the bins that have statistics. A bin of one row has a mean and no variance:
    its features are shifted, not scaled; so is a feature without variance. Labels outside the bins count as
    in the edge bins, and rows (pixels) whose label is NaN are neither observed nor changed: give NaN to
    invalid pixels, and to mixed or synthetic rows in `observe`. In eval mode a call returns the features as
    they are and needs no labels. Features are never written to.

    With several processes each observes its own rows; `end_epoch` adds up their sums, so that all hold the
    statistics of the joined data.

    Args:
        feature_dim: Number of features; None takes it from the first batch.
        kernel: ``gaussian``, ``folded_gaussian`` (the authors' code), ``laplacian`` or ``triangular``, as in
            `LDS`.
        size: Bins under the kernel, odd.
        sigma: Width of the kernel in bins, above 0.
        momentum: Share of the running statistics in each update, 0 to 1.
        start_update: First epoch, from 0, whose features are observed. In the first epoch of a training run
            features drift, which inflates variances.
        start_smooth: First epoch in which features are calibrated, after ``start_update``.
        variance_ratio: ``(low, high)`` between which the ratio ṽ/v is clamped, around 1.
        statistics: ``"stream"``, from the batches of training as they come, or ``"extra_pass"``, from a pass
            over the training data at the end of each epoch (`extra_pass`), for which the published results
            use start_update 0 and start_smooth 1.
        covariance: ``"diagonal"``, or ``"full"``: whitening and re-colouring with whole covariances, for at
            most 512 features; then ``running_covariance`` and ``smoothed_covariance`` are kept too.

    Attributes:
        running_mean: ``(bins, features)`` float64, likewise ``running_var``, ``smoothed_mean``,
            ``smoothed_var``.
        counts: ``(bins,)`` most rows a bin had in one epoch: 0 has no statistics, 1 a mean only.
        epoch: Epochs ended.

    Shapes: features ``(batch, features)`` with labels ``(batch,)``, ``(batch, 1)`` or, where the space has a
    coordinate, ``(batch, d)``; or ``(batch, features, *pixels)`` with labels ``(batch, *pixels)`` or
    ``(batch, 1, *pixels)``. The result has the features' shape and dtype; sums are float64. A coordinate, a
    NumPy function, is computed on the host; all else stays on the device without waiting for it.

    Raises:
        NotFittedError: Use before `fit` or a state dict.
        ShapeError: Features and labels that do not go together, or features of another width.
        InputError: An option out of range; an epoch without rows; NaN features, found at its end.
        UnknownNameError: An unknown kernel, statistics or covariance; the nearest is offered.

    Example:
        >>> import torch
        >>> from evenreg.labels import LabelSpace
        >>> y = torch.arange(12) % 4 + 0.0
        >>> fds = FDS(start_update=0, start_smooth=1).fit(LabelSpace.fit(y))
        >>> z = torch.randn(12, 8, generator=torch.Generator().manual_seed(0)) + y.unsqueeze(1)
        >>> for epoch in range(2):
        ...     fds.observe(z, y)
        ...     calibrated = fds(z, y)
        ...     fds.end_epoch()
        >>> calibrated.shape, torch.equal(calibrated, z), torch.equal(fds.eval()(z), z)
        (torch.Size([12, 8]), False, True)

    Paper: papers/000 section 3.2, Algorithm 2 (whose exponents hold, not those of Eq. 6), appendix C.1 for
    the diagonal. The released code smooths the statistics of the epoch before, takes them from calibrated
    features of a pass in train mode, lets bins never seen (mean 0, variance 1) into the average, reflects at
    the ends, and writes into the features.
    """

    def __init__(
        self,
        feature_dim: int | None = None,
        kernel: str = "gaussian",
        size: int = 5,
        sigma: float = 2.0,
        momentum: float = 0.9,
        start_update: int = 1,
        start_smooth: int = 2,
        variance_ratio: Sequence[float] = (0.1, 10.0),
        statistics: str = "stream",
        covariance: str = "diagonal",
    ) -> None:
        super().__init__()
        self.feature_dim = None if feature_dim is None else _check.integer(feature_dim, "feature_dim", 1)
        self.smoothing = LDS(kernel, size, sigma)
        self.momentum = _check.in_range(momentum, "momentum", 0, 1)
        self.start_update = _check.integer(start_update, "start_update", 0)
        self.start_smooth = _check.integer(start_smooth, "start_smooth", self.start_update + 1)
        self.variance_ratio = _check.around_one(variance_ratio, "variance_ratio")
        self.statistics = _check.known(statistics, STATISTICS, "statistics of FDS")
        self.covariance = _check.known(covariance, COVARIANCES, "covariance of FDS")
        self._spread = COVARIANCES[covariance]()
        self._check_width(self.feature_dim or 1)
        self.labels = LabelBins()
        self.running_mean: Tensor
        self.running_var: Tensor
        self.smoothed_mean: Tensor
        self.smoothed_var: Tensor
        self.counts: Tensor
        self.epoch: Tensor
        self.register_buffer("epoch", torch.zeros((), dtype=torch.int64))
        self._fitted: bool | None = None
        self._in_extra_pass = False
        self._reset(0, 0)
        self._look_up_epoch()

    def fit(self, space: LabelSpace) -> Self:
        """Take the bins of ``space`` (and its coordinate), and forget all statistics."""
        self.labels.fit(space)
        self._fitted = True
        self.epoch = torch.zeros_like(self.epoch)
        self._reset(len(space.bins), self.feature_dim or 0)
        self._look_up_epoch()
        return self

    @torch.no_grad()
    def observe(self, features: Float[Tensor, "..."], target: Shaped[Tensor, "..."]) -> None:
        """Take uncalibrated features of a batch into the epoch's statistics.

        It acts from epoch ``start_update`` on: with ``"stream"`` in training mode, with ``"extra_pass"``
        inside `extra_pass`.

        Args:
            features: ``(batch, features)`` or ``(batch, features, *pixels)``.
            target: Their labels; NaN leaves a row (pixel) out.
        """
        index = self._bins_of(features, target).reshape(-1)
        if not (self._in_extra_pass if self.statistics == "extra_pass" else self.training):
            return
        if not self._updates:
            return
        self._sums.add(index, features.movedim(1, -1).reshape(len(index), self.width))

    def forward(
        self, features: Float[Tensor, "..."], target: Shaped[Tensor, "..."] | None = None
    ) -> Float[Tensor, "..."]:
        """Calibrated features in training mode from epoch ``start_smooth`` on; before, and in eval mode, as given.

        Args:
            features: ``(batch, features)`` or ``(batch, features, *pixels)``.
            target: Their labels, in training mode; NaN leaves a row (pixel) as it is.
        """
        if not self.training or self._in_extra_pass:
            return features
        index = self._bins_of(features, target)
        if not self._smooths:
            return features
        calibrated = self._spread.calibrate(features, index, self._scale, self._shift)
        return calibrated.to(features.dtype)

    @torch.no_grad()
    def end_epoch(self) -> None:
        """Blend the epoch's statistics into the running ones, smooth these, and count the epoch.

        All processes must call it together.

        Raises:
            InputError: NaN or infinite features, or no rows, in an epoch that is observed.
        """
        _check.fitted(self, "_fitted")
        with torch.inference_mode(False):  # what it makes is written to later
            if self._updates:
                self._update()
                self._prepare()
            self.epoch = self.epoch + 1
            self._look_up_epoch()

    @contextmanager
    def extra_pass(self, *models: nn.Module) -> Iterator[None]:
        """A pass over the training data at the end of an epoch, before `end_epoch`, for ``"extra_pass"``.

        Inside, models are in eval mode and nothing has a gradient, `observe` acts and a call changes nothing;
        what the epoch had observed before is forgotten. `wants_extra_pass` says whether one is due:

            if fds.wants_extra_pass:
                with fds.extra_pass(encoder):
                    for x, y in training_batches:
                        fds.observe(encoder(x), y)
            fds.end_epoch()

        Args:
            *models: Modules to put in eval mode; they get their modes back.

        Raises:
            InputError: ``statistics="stream"``.
        """
        _check.fitted(self, "_fitted")
        if self.statistics != "extra_pass":
            raise InputError(
                f"statistics: expected 'extra_pass' for a pass of its own, got {self.statistics!r}; "
                "make it with FDS(statistics='extra_pass')."
            )
        self._sums.clear()
        self._in_extra_pass = True
        try:
            with eval_mode(*models), torch.no_grad():
                yield
        finally:
            self._in_extra_pass = False

    @property
    def wants_extra_pass(self) -> bool:
        """Whether `end_epoch` needs an `extra_pass` before it now."""
        return self.statistics == "extra_pass" and self._updates

    @torch.no_grad()
    def join_processes(self) -> None:
        """Bring what all processes have observed in this epoch together in the first one.

        All processes must call it together, before the first one writes a state dict in the middle of an
        epoch; without it the state dict holds that process's rows of the epoch only. A state dict is loaded
        by all processes, and the first one alone keeps the epoch's sums.
        """
        self._sums.join_processes()

    def extra_repr(self) -> str:
        """The arguments, for ``print``."""
        window = self.smoothing
        return (
            f"kernel={window.kernel!r}, size={window.size}, sigma={window.sigma:g}, "
            f"momentum={self.momentum:g}, start_update={self.start_update}, "
            f"start_smooth={self.start_smooth}, variance_ratio={self.variance_ratio}, "
            f"statistics={self.statistics!r}, covariance={self.covariance!r}"
        )

    @property
    def width(self) -> int:
        """Number of features; 0 before it is known."""
        return self.running_mean.shape[1]

    def _check_width(self, width: int) -> None:
        if self.covariance == "full" and width > WIDEST_FULL:
            raise InputError(
                f"covariance: expected 'diagonal' for more than {WIDEST_FULL} features, got 'full' for "
                f"{width}; give a narrower layer or covariance='diagonal'."
            )

    def _reset(self, bins: int, width: int) -> None:
        """Fresh statistics of so many bins and features."""
        self._check_width(width)
        with torch.inference_mode(False):  # what it makes is written to later
            device = self.epoch.device
            zero = keep_precision(lambda t: t.to(device), torch.zeros((), dtype=torch.float64))
            spread = self._spread.shape(width)
            shapes = {"running_mean": (width,), "smoothed_mean": (width,)}
            shapes |= {"running_var": (width,), "smoothed_var": (width,)}
            shapes |= dict.fromkeys(self._spread.names, spread)
            for name, shape in shapes.items():
                self.register_buffer(name, zero.new_zeros(bins, *shape))
            self.register_buffer("counts", torch.zeros(bins, dtype=torch.int64, device=device))
            self._sums = EpochSums(bins, width, self._spread, zero)
            self._scale = self._shift = zero.float()  # looked up once an epoch has been observed

    def _bins_of(self, features: Tensor, target: Tensor | None) -> Int[Tensor, "batch *pixels"]:
        """The bin of each row or pixel; the first features give the width."""
        _check.fitted(self, "_fitted")
        if target is None:
            raise InputError("target: expected labels in training mode, got None; eval mode needs none.")
        places, width = ["pixels"] * (features.ndim - 2), self.width or self.feature_dim or "features"
        way_out = "FDS takes (batch, features) or (batch, features, *pixels), of one width throughout"
        _check.shape(features, "features", ("batch", width, *places), way_out)
        if not self.width:
            self._reset(len(self.labels), features.shape[1])
        return self.labels(target, (len(features), *features.shape[2:]))

    def _update(self) -> None:
        """Running and smoothed statistics from the epoch's sums; only here the host waits for the device."""
        count, total, products = self._sums.of_all_processes()
        self._check_sums(count, products)
        mean = total / count.clamp(min=1).unsqueeze(1)
        spread = self._spread.estimate(count, mean, products)
        running, smoothed = self._spread.names
        self.running_mean = blend(self.running_mean, mean, self.counts > 0, count > 0, self.momentum)
        own = blend(getattr(self, running), spread, self.counts > 1, count > 1, self.momentum)
        self.counts = torch.maximum(self.counts, count)
        window = self.smoothing.window()
        self.smoothed_mean = smooth_over_bins(self.running_mean, self.counts > 0, window)
        near = smooth_over_bins(own, self.counts > 1, window)
        for name, value in ((running, own), (smoothed, near)):
            setattr(self, name, value)
        self.running_var, self.smoothed_var = self._spread.variances(own), self._spread.variances(near)
        self._sums.clear()

    def _check_sums(self, count: Tensor, products: Tensor) -> None:
        if not count.any():
            raise InputError(
                f"FDS: expected rows in every epoch from epoch {self.start_update} on, got none; call "
                "observe(features, target) in training mode, or inside extra_pass where it is used."
            )
        finite = products.flatten(1).sum(1).isfinite()
        if not finite.all():
            bad = (~finite).nonzero().flatten().tolist()
            low, high = self.labels.limits(bad[0])
            raise InputError(
                f"features: expected finite numbers, got NaN or infinity in {len(bad)} of {len(finite)} bins "
                f"this epoch, first at labels from {low:g} to {high:g}; look for what diverges in the layer "
                "before, or lower the learning rate."
            )

    def _prepare(self) -> None:
        """What a call looks up: scale and shift of each bin, with a last row that changes nothing."""
        own, smoothed = (getattr(self, name) for name in self._spread.names)
        scale = self._spread.scale(own, smoothed, self.variance_ratio)
        shift = self.smoothed_mean - self._spread.scaled(scale, self.running_mean)
        shift.mul_((self.counts > 0).unsqueeze(1))
        nothing = torch.zeros_like(own[:1])
        neutral = self._spread.scale(nothing, nothing, self.variance_ratio)
        self._scale = torch.cat([scale.float(), neutral.float()])
        self._shift = torch.cat([shift.float(), torch.zeros_like(shift[:1], dtype=torch.float32)])

    def _look_up_epoch(self) -> None:
        """Plain bools: a compiled step is compiled anew when one changes, and not in every epoch."""
        epoch = int(self.epoch)
        self._updates = epoch >= self.start_update
        self._smooths = epoch >= self.start_smooth

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        destination |= {prefix + name: tensor for name, tensor in self._sums.state().items()}

    def _load_from_state_dict(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, state_dict: dict[str, Any], prefix: str, *rest: Any
    ) -> None:
        # A state fills an instance that was never fitted, or has seen no batch, or other bins.
        mean = state_dict.get(prefix + "running_mean")
        if mean is not None and len(mean):
            self._fitted = True
            self._reset(*mean.shape)
        names = {prefix + name: name for name in self._sums.state()}
        others = {key: value for key, value in state_dict.items() if key not in names}
        super()._load_from_state_dict(others, prefix, *rest)
        if all(key in state_dict for key in names):
            self._sums.load({name: state_dict[key] for key, name in names.items()})
        if self.counts.any():
            self._prepare()
        self._look_up_epoch()

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        module = super()._apply(lambda tensor: keep_precision(fn, tensor), recurse)
        self._sums.move(fn)
        self._scale, self._shift = keep_precision(fn, self._scale), keep_precision(fn, self._shift)
        return module
