"""Plots: what is drawn is what was counted, and files are whole."""

import builtins

import numpy as np
import pytest

from evenreg.errors import InputError, MissingDependencyError, RunFolderError, UnknownNameError
from evenreg.evaluation import compare_to_reference, evaluate
from evenreg.labels import LDS, Bins, InverseFrequency, LabelSpace, ShotRegions
from evenreg.plots import (
    check_figure_path,
    error_by_bin,
    error_by_region,
    inline_figure,
    label_histogram,
    new_axes,
    save_figure,
)


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


@pytest.fixture
def comparison():
    """A row that is twice as good on few and no other on many, one that is no other anywhere, 4 seeds."""
    rng = np.random.default_rng(0)
    regions = np.repeat(["many", "few"], [60, 40])
    base = np.where(regions == "few", 4.0, 1.0) * rng.gamma(20, 0.05, (4, 100))
    noise = rng.normal(0, 0.01, (2, 4, 100))
    errors = {
        "hgb": base,
        "better": base * np.where(regions == "few", 0.5, 1.0) + noise[0],
        "same": base + noise[1],
    }
    return compare_to_reference(errors, regions, "hgb")


def test_error_by_region_draws_changes_and_intervals_in_percent(comparison):
    ax = error_by_region(comparison, ax=new_axes())
    assert ax.get_xlabel().startswith("MAE against hgb in %")
    assert [label.get_text() for label in ax.get_yticklabels()] == ["better", "same"]
    lines, dots = ax.collections[::2], ax.collections[1::2]
    for region, bars, points in zip(comparison.regions, lines, dots, strict=True):
        for row, segment, (x, y), face in zip(
            comparison.rows, bars.get_segments(), points.get_offsets(), points.get_facecolor(), strict=True
        ):
            d = comparison[row, region]
            assert x == pytest.approx(100 * d.difference / d.reference_mean)
            assert segment[:, 0] == pytest.approx([100 * v / d.reference_mean for v in (d.low, d.high)])
            assert np.allclose(segment[:, 1], y)
            assert abs(y - comparison.rows.index(row)) < 0.5
            assert bool(d.verdict) == (not np.allclose(face, 1))
    assert comparison["better", "few"].verdict == "better"
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["All", "Many", "Few"]


def test_error_by_region_keeps_all_dots_in_sight(comparison):
    ax = error_by_region(comparison, ax=new_axes())
    changes = [100 * d.difference / d.reference_mean for d in comparison.differences]
    low, high = ax.get_xlim()
    assert low < min(changes)
    assert high > max(0, *changes)
    assert low > -110  # bars are cut where they would push the dots together


def test_error_by_region_of_one_seed_has_no_bars():
    one = compare_to_reference(
        {"vanilla": [[1.0, 2.0, 0.0]], "a": [[1.0, 1.0, 1.0]]}, ["many", "few", "medium"]
    )
    ax = error_by_region(one, ax=new_axes())
    ax.figure.draw_without_rendering()
    assert not any(np.size(segment) for bars in ax.collections[::2] for segment in bars.get_segments())
    # No percentage of an error of 0.
    assert np.isnan(np.ma.filled(ax.collections[5].get_offsets(), np.nan)).any()


def test_error_by_region_needs_two_rows():
    alone = compare_to_reference({"vanilla": [[1.0]]}, ["many"])
    with pytest.raises(
        InputError, match="comparison: expected a row beside vanilla, got none; compare it with"
    ):
        error_by_region(alone, ax=new_axes())


def test_inline_figures_grow_with_what_they_hold_and_stay_out_of_pyplot(comparison):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    before, drawn = pyplot.get_fignums(), []
    image = inline_figure(lambda ax: drawn.append(error_by_region(comparison, ax)), alt='a "<b>"', lines=60)
    assert image.startswith('<img src="data:image/png;base64,iVBORw0KGgo')
    assert 'alt="a &quot;&lt;b&gt;&quot;"' in image
    assert pyplot.get_fignums() == before
    assert drawn[0].figure.get_size_inches().tolist() == pytest.approx([7.0, 7.3])


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
    assert inline_figure(lambda ax: None, alt="nothing") == ""


def test_bins_of_unequal_width_have_no_width_to_name():
    space = LabelSpace.fit([1, 2, 30], Bins([0, 1.5, 10, 100]))
    assert label_histogram(space, ax=new_axes()).get_ylabel() == "rows per bin"
