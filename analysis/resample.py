"""Bootstrap over strides: what the numbers could have been had other strides of the same walk been filmed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.pose import BoolArray, FloatArray

#: A value and its bootstrap draws [n].
Drawn = tuple[float, FloatArray]
#: Strides by column: a DataFrame, or arrays of one length.
Strides = pd.DataFrame | Mapping[str, NDArray[Any]]
#: A column of the strides, and the rows of it that count.
Part = tuple[str, BoolArray]

#: Multiplications in one piece of a product of matrices; OpenBLAS uses threads from twice this many on.
PIECE = 1 << 18
#: Draws from groups up to this size are kept for the next film: passes across a room have 2 to 15 strides a side.
MAX_KEPT_GROUP = 32
#: Groups kept at most; 10 MB for usual ones.
MAX_KEPT = 256


class Draws:
    """Strides drawn with replacement within each pass and side, `n` times.

    Strides of one pass share its camera angle and its speed, so drawing within passes keeps what the design fixed.
    Groups are numbered in the order of their first heel strike, never by the name of the side: the mirrored walk gets
    the mirrored draws. What is drawn from a group depends on nothing but its number, its size and the seed.

    Parameters
    ----------
    strides : DataFrame or arrays by name
        From `stride_table`; only the rows to draw from.
    n : int
        Number of draws.
    seed : int

    Attributes
    ----------
    counts : uint16 array [strides, n]
        How often each stride is drawn in each draw.
    """

    def __init__(self, strides: Strides, n: int, seed: int) -> None:
        self.strides = strides
        key = 2 * np.asarray(strides["pass"], dtype=int) + (np.asarray(strides["side"]) == "left")
        names, group = np.unique(key, return_inverse=True)
        first = np.full(len(names), np.inf)
        np.minimum.at(first, group, np.asarray(strides["start_s"], dtype=float))
        number = np.argsort(np.argsort(first, kind="stable"))[group]
        sizes = np.bincount(number).tolist()
        nothing = np.empty((0, n), dtype=np.uint16)
        in_order = np.concatenate([nothing, *(_counts(k, size, n, seed) for k, size in enumerate(sizes))])
        self.counts: NDArray[np.uint16] = in_order[np.argsort(np.argsort(number, kind="stable"))]

    def mean(self, *parts: Part) -> Drawn:
        """Return the mean of one or several columns, each over its own rows, pooled; NaN where nothing is known."""
        return self.means([parts])[0]

    def means(self, wanted: Sequence[Sequence[Part]]) -> list[Drawn]:
        """Return `mean` of each of several selections; all at once takes little longer than one."""
        sums, known = np.zeros((2, len(wanted), len(self.counts)))
        names = {name for parts in wanted for name, _ in parts}
        columns = {name: np.asarray(self.strides[name], dtype=float) for name in names}
        for row, parts in enumerate(wanted):
            for name, where in parts:
                counted = where & np.isfinite(columns[name])
                sums[row, counted] += columns[name][counted]
                known[row] += counted
        drawn = self._sums(np.concatenate([sums, known]))
        values = _ratio(sums.sum(axis=1), known.sum(axis=1))
        return list(zip(values.tolist(), _ratio(*np.split(drawn, 2)), strict=True))

    def _sums(self, values: FloatArray) -> FloatArray:
        """Return the sums of `values` [k, strides] over each draw: [k, n].

        A sum of the values, each as often as it was drawn, is a product of matrices. It is taken in pieces that the
        linear algebra does not share out among threads: they would wait for each other longer than they work, and sums
        must not depend on how many there are.
        """
        n = self.counts.shape[1]
        step = max(1, PIECE // max(1, values.size))
        sums = np.empty((len(values), n))
        for at in range(0, n, step):
            sums[:, at : at + step] = values @ self.counts[:, at : at + step].astype(float)
        return sums


def _counts(number: int, size: int, n: int, seed: int) -> NDArray[np.uint16]:
    """Return how often each of `size` strides [size] is drawn in `n` draws of `size` strides: [size, n]."""
    draw = _kept_counts if size <= MAX_KEPT_GROUP else _kept_counts.__wrapped__
    return draw(number, size, n, seed)


@lru_cache(maxsize=MAX_KEPT)
def _kept_counts(number: int, size: int, n: int, seed: int) -> NDArray[np.uint16]:
    chosen = np.random.default_rng((seed, number, size)).integers(0, size, size=(n, size))
    cells = chosen + size * np.arange(n)[:, None]
    counts = np.bincount(cells.ravel(), minlength=n * size).reshape(n, size).T.astype(np.uint16)
    counts.flags.writeable = False
    return counts


#: Fewer strides than this say nothing about how much strides differ.
MIN_FOR_INTERVAL = 3


def interval(draws: FloatArray, n: int) -> tuple[float, float] | None:
    """Return the central 95 % of the draws, or None when they rest on too few strides (`n`) or are not all known."""
    if n < MIN_FOR_INTERVAL or not np.isfinite(draws).all():
        return None
    return central_95(draws)


def central_95(draws: FloatArray) -> tuple[float, float]:
    """Return the edges of the central 95 % of the draws."""
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(low), float(high)


def _ratio(total: FloatArray, count: FloatArray) -> FloatArray:
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
