"""Plots: what is drawn is what was counted, and files are whole."""

import builtins

import numpy as np
import pytest

from evenreg.errors import InputError, MissingDependencyError, RunFolderError, UnknownNameError
from evenreg.evaluation import evaluate
from evenreg.labels import LDS, Bins, InverseFrequency, LabelSpace, ShotRegions
from evenreg.plots import check_figure_path, error_by_bin, label_histogram, new_axes, save_figure


@pytest.fixture
def space():
    rng = np.random.default_rng(0)
    return LabelSpace.fit(np.r_[rng.exponential(10, 3000), 140.0])


def heights(ax):
    """Rows per bin by the label of their colour, as drawn."""
    return {patch.get_label(): patch.get_data().values for patch in ax.patches if hasattr(patch, "get_data")}


def test_every_bin_is_drawn_once_at_its_count(space):
    regions = ShotRegions.relative()
    ax = label_histogram(space, regions, ax=new_axes())
    drawn = heights(ax)
    assert [label.split()[0] for label in drawn] == ["many", "medium", "few"]
    total = np.maximum.reduce(list(drawn.values()))
    assert np.array_equal(np.where(space.counts > 0, total, 0), space.counts)
    many, _ = regions.thresholds(space)
    assert f"many (over {many:.0f})" in drawn
    assert ax.get_yscale() == "log"


def test_gaps_are_shaded_and_weights_stop_there(space):
    weights = InverseFrequency(0.5, smoothing=LDS()).fit(space)
    ax = label_histogram(space, weights=weights, ax=new_axes())
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels[-2:] == ["zero (no rows)", "weight (right axis)"]
    (twin,) = [other for other in ax.figure.axes if other is not ax]
    assert twin.get_ylabel() == "sqinv + lds weight (mean 1 over rows)"
    x, y = twin.lines[0].get_data()
    seen = ~np.isnan(y)
    assert np.array_equal(x[seen], space.bins.centers[space.counts > 0])
    assert np.array_equal(y[seen], weights.table_[space.counts > 0])
    assert np.isnan(y).any()


def test_even_labels_are_drawn_linearly():
    space = LabelSpace.fit(np.repeat(np.arange(20), 10))
    ax = label_histogram(space, ax=new_axes())
    assert ax.get_yscale() == "linear"
    assert ax.get_ylim()[0] == 0


def test_legend_covers_nothing_and_stays_on_the_figure(space):
    ax = label_histogram(space, weights=InverseFrequency().fit(space), ax=new_axes())
    ax.figure.draw_without_rendering()
    legend, axes, figure = ax.get_legend().get_window_extent(), ax.get_window_extent(), ax.figure.bbox
    assert legend.y0 >= axes.y1
    assert legend.x0 >= figure.x0
    assert legend.x1 <= figure.x1
    assert legend.y1 <= figure.y1


def test_axes_of_a_notebook_come_from_pyplot(space, monkeypatch):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    monkeypatch.setattr(pyplot, "show", lambda *a: pytest.fail("show was called"))
    pyplot.switch_backend("agg")
    ax = label_histogram(space)
    assert pyplot.gcf() is ax.figure
    pyplot.close(ax.figure)


def test_weights_of_other_bins_are_refused(space):
    other = InverseFrequency().fit(LabelSpace.fit([1, 2, 3]))
    with pytest.raises(InputError, match=r"expected a weighting fitted to this space of .* bins, got 3 bins"):
        label_histogram(space, weights=other, ax=new_axes())
    with pytest.raises(InputError, match=r"got none fitted; call weights\.fit"):
        label_histogram(space, weights=InverseFrequency(), ax=new_axes())


def test_error_by_bin_draws_error_and_bias(space):
    rng = np.random.default_rng(1)
    target = rng.uniform(0, 100, 500)
    ev = evaluate(target, 20 + 0.5 * (target - 20) + rng.normal(size=500), space)
    ax = error_by_bin(ev, ax=new_axes())
    mae, bias = ax.lines[:2]
    held = ev.bins.n > 0
    assert np.array_equal(mae.get_ydata(), ev.bins.mae[held])
    assert np.array_equal(bias.get_ydata(), ev.bins.bias[held])
    assert np.array_equal(mae.get_xdata(), ev.bins.center[held])


@pytest.mark.parametrize("suffix", [".png", ".pdf", ".svg", ".PNG"])
def test_files(suffix, space, tmp_path):
    file = save_figure(label_histogram(space, ax=new_axes()), tmp_path / f"new/labels{suffix}", dpi=50)
    assert file.stat().st_size > 1000
    assert [p.name for p in file.parent.iterdir()] == [file.name]
    with pytest.raises(RunFolderError, match="exists; expected a new file"):
        save_figure(new_axes(), file)
    save_figure(new_axes(), file, overwrite=True, dpi=50)


def test_no_half_file(tmp_path):
    ax = new_axes()

    def broken(*args, **kwargs):
        tmp_path.joinpath("a.png.part").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    ax.figure.savefig = broken
    with pytest.raises(OSError, match="No space left on device") as caught:
        save_figure(ax, tmp_path / "a.png")
    assert caught.value.filename == str(tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "offer"), [("a.pgn", "did you mean '.png'?"), ("a", "known are: .pdf, .png, .svg.")]
)
def test_unknown_formats_are_refused(name, offer):
    with pytest.raises(UnknownNameError) as caught:
        check_figure_path(name)
    assert offer in str(caught.value)


def test_without_matplotlib_the_way_out_is_told(space, monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.split(".")[0] == "matplotlib":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    for draw in (lambda: label_histogram(space), new_axes, lambda: check_figure_path("a.png")):
        with pytest.raises(MissingDependencyError, match=r"run pip install 'evenreg\[all\]'"):
            draw()


def test_bins_of_unequal_width_have_no_width_to_name():
    space = LabelSpace.fit([1, 2, 30], Bins([0, 1.5, 10, 100]))
    assert label_histogram(space, ax=new_axes()).get_ylabel() == "rows per bin"
