"""Bootstrap over strides: what the numbers could have been had other strides of the same walk been filmed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.pose import BoolArray, FloatArray

#: A value and its bootstrap draws [n].
Drawn = tuple[float, FloatArray]


class Draws:
    """Strides drawn with replacement within each pass and side, `n` times.

    Strides of one pass share its camera angle and its speed, so drawing within passes keeps what the design fixed.
    Groups are drawn in the order of their first heel strike, never by the name of the side: the mirrored walk gets the
    mirrored draws.

    Parameters
    ----------
    strides : DataFrame
        From `stride_table`; only the rows to draw from.
    n : int
        Number of draws.
    seed : int
    """

    def __init__(self, strides: pd.DataFrame, n: int, seed: int) -> None:
        self.strides = strides
        self.n = n
        rng = np.random.default_rng(seed)
        rows = np.arange(len(strides))
        self.picks: NDArray[np.int_] = np.empty((n, len(strides)), dtype=int)
        start = strides["start_s"].to_numpy(dtype=float)
        groups = strides.groupby(["pass", "side"]).indices.values()
        for members in sorted(groups, key=lambda group: float(np.min(start[group]))):
            chosen = rng.integers(0, len(members), size=(n, len(members)))
            self.picks[:, members] = rows[members][chosen]

    def mean(self, *parts: tuple[str, BoolArray]) -> Drawn:
        """Return the mean of one or several columns, each over its own rows, pooled; NaN where nothing is known."""
        values, drawn = [], []
        for column, where in parts:
            everything = self.strides[column].to_numpy(dtype=float)
            values.append(everything[where])
            drawn.append(everything[self.picks[:, where]])
        return _mean_known(np.concatenate(values)), _mean_known_rows(np.concatenate(drawn, axis=1))


#: Fewer strides than this say nothing about how much strides differ.
MIN_FOR_INTERVAL = 3


def interval(draws: FloatArray, n: int) -> tuple[float, float] | None:
    """Return the central 95 % of the draws, or None when they rest on too few strides (`n`) or are not all known."""
    if n < MIN_FOR_INTERVAL or not np.isfinite(draws).all():
        return None
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(low), float(high)


def _mean_known(values: FloatArray) -> float:
    known = values[np.isfinite(values)]
    return float(np.mean(known)) if len(known) else float("nan")


def _mean_known_rows(values: FloatArray) -> FloatArray:
    known = np.isfinite(values)
    count = known.sum(axis=1)
    total = np.where(known, values, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
