"""The bands that ship with the package."""

import numpy as np
import pytest

from analysis import norms


def test_curves_cover_the_cycle_and_look_like_walking():
    curves = norms.table("normative_curves")
    assert len(curves) >= 100
    numbers = curves.select_dtypes("number").to_numpy()
    assert np.isfinite(numbers).all()


@pytest.mark.parametrize("name", ["spatiotemporal", "keypoints"])
def test_every_row_names_its_source_and_unit(name):
    table = norms.table(name)
    assert (table["source"].str.len() > 5).all()
    assert (table["unit"].str.len() > 0).all()


@pytest.mark.parametrize(
    ("measure", "unit", "typical", "odd"),
    [
        ("cadence", "steps_per_min", 113.0, 60.0),
        ("speed", "m_per_s", 1.25, 0.3),
        ("knee_swing_peak", "deg", 62.0, 20.0),
    ],
)
def test_bands_hold_typical_walking(measure, unit, typical, odd):
    band = norms.reference(measure, unit)
    assert band is not None
    assert band.low < typical < band.high
    assert not band.low < odd < band.high
    assert band.source


def test_no_band_without_a_source():
    assert norms.reference("pelvic_drop", "deg") is None
    assert norms.reference("cadence", "pct") is None
