import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from evenreg.errors import InputError, ShapeError, TargetError
from evenreg.resampling._table import Table


class TestTakenApart:
    def test_numbers_and_categories(self, mixed):
        table = Table(mixed[0])
        assert (table.numeric.shape, table.codes.shape) == ((200, 5), (200, 3))
        assert np.isnan(table.numeric).any(axis=0).tolist() == [False, False, False, True, True]
        assert (table.codes < 0).any(axis=0).tolist() == [False, True, False]
        assert table.names == list(mixed[0].columns)

    def test_arrays_of_objects_are_looked_at_column_by_column(self):
        table = Table(np.array([[1, "a", None], [2.5, "b", 3.0]], dtype=object))
        assert table.numeric[:, 0].tolist() == [1, 2.5]
        assert table.numeric.shape == (2, 2)
        assert table.codes.tolist() == [[0], [1]]

    def test_booleans_and_text_are_categories(self):
        for X in (np.array([[True], [False]]), np.array([["a"], ["b"]])):
            assert Table(X).codes.tolist() == [[0], [1]]

    def test_images_are_numbers(self):
        assert Table(np.zeros((5, 4, 3), dtype=np.uint8)).numeric.shape == (5, 12)


class TestRebuilt:
    def test_has_the_types_it_came_with(self, mixed):
        X, _ = mixed
        table = Table(X)
        kept = np.array([3, 5])
        back = table.rebuilt(kept, table.rounded(table.numeric[[7]] + 0.4), np.array([[7, 8, 9]]))
        assert (back.dtypes == X.dtypes).all()
        assert back.index.tolist() == [0, 1, 2]
        pd.testing.assert_frame_equal(back[:2], X.iloc[kept].reset_index(drop=True))
        assert back.rooms[2] == X.rooms[7]
        assert [back.town[2], back.new[2]] == [X.town[7], X.new[9]]

    def test_integers_stay_within_their_type(self):
        table = Table(np.array([[0], [255]], dtype=np.uint8))
        assert table.rounded(np.array([[-3.0], [255.6], [1.6]])).ravel().tolist() == [0, 255, 2]

    @pytest.mark.parametrize("X", [np.array([["a"], ["bb"]]), np.array([[True], [False]])])
    def test_arrays_of_categories(self, X):
        back = Table(X).rebuilt(np.array([0]), np.empty((1, 0)), np.array([[1]]))
        assert back.dtype == X.dtype
        assert back.tolist() == X.tolist()

    def test_arrays_of_objects(self):
        X = np.array([[1, "a"], [2, "b"]], dtype=object)
        back = Table(X).rebuilt(np.array([1]), np.array([[1.0]]), np.array([[0]]))
        assert back.tolist() == [[2, "b"], [1, "a"]]

    def test_columns_of_one_name(self):
        X = pd.DataFrame([[1.0, "a"], [2.0, "b"]], columns=["x", "x"])
        back = Table(X).rebuilt(np.array([0]), np.array([[1.5]]), np.array([[1]]))
        assert back.to_numpy().tolist() == [[1.0, "a"], [1.5, "b"]]
        assert list(back.columns) == ["x", "x"]


@pytest.mark.parametrize(
    ("X", "error", "text"),
    [
        (
            sparse.csr_array(np.eye(3)),
            InputError,
            "expected a dense table, got the sparse csr_array; X.toarray",
        ),
        (np.zeros(3), ShapeError, r"of shape \(n, p\), got shape \(3,\)"),
        (np.zeros((0, 3)), TargetError, "at least one row, got none"),
        (np.zeros((3, 0)), ShapeError, "at least one column, got none"),
        ([[1], [2, 3]], ShapeError, "got list of uneven rows"),
        (np.zeros((3, 1), dtype=complex), InputError, "expected real numbers or categories, got complex128"),
        (
            np.array([[1.0], [np.inf], [np.nan]]),
            InputError,
            r"got infinity in 1 of 3 rows \(row 1, counted from 0\)",
        ),
        (np.array([[{}], [1]], dtype=object), InputError, "column 0, got cells that are neither"),
        (
            pd.DataFrame({"when": pd.to_datetime(["2020-01-01"])}),
            InputError,
            "got datetime64.* in column 'when'",
        ),
        (
            pd.DataFrame({"a": [0.0, 1.0], "rain": pd.arrays.SparseArray([0, 1])}),
            InputError,
            r"expected a dense table, got Sparse\[int64, 0\] in column 'rain'; X.sparse.to_dense\(\)",
        ),
    ],
)
def test_what_is_no_table(X, error, text):
    with pytest.raises(error, match=text):
        Table(X)
