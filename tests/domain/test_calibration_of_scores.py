"""A saved calibration keeps the order of genres, and nothing that is none is taken for one."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from genretag.domain.calibration import SCHEMA, Calibration, calibrate_scores

SHA256 = "ab" * 32
SAVED = Calibration(SHA256, 0.7, -0.3, 0.62, 0.9, 240, 31)

scales = st.floats(1e-3, 1000.0)
biases = st.floats(-1000.0, 1000.0)
scores = arrays(np.float64, st.integers(1, 30), elements=st.floats(0.0, 1.0, width=32))


@given(scores, scales, biases)
def test_no_genre_overtakes_another(raw: np.ndarray, scale: float, bias: float) -> None:
    ranked = np.sort(raw)[::-1]
    calibrated = calibrate_scores(ranked, "sigmoid", scale, bias)
    assert (np.diff(calibrated) <= 0).all()
    assert ((calibrated >= 0) & (calibrated <= 1)).all()


@given(scores, scales)
def test_a_softmax_stays_one_and_keeps_its_order(raw: np.ndarray, scale: float) -> None:
    heights = np.sort(raw)[::-1] + 1e-6
    shares = heights / heights.sum()
    calibrated = calibrate_scores(shares, "softmax", scale, 0.0)
    assert calibrated.sum() == pytest.approx(1)
    assert (np.diff(calibrated) <= 1e-12).all()


@given(scores)
def test_a_scale_of_one_and_no_bias_change_nothing(raw: np.ndarray) -> None:
    assert calibrate_scores(raw, "sigmoid", 1.0, 0.0) == pytest.approx(raw, abs=2e-7)
    if raw.sum() > 0:
        shares = raw / raw.sum()
        assert calibrate_scores(shares, "softmax", 1.0, 0.0) == pytest.approx(shares, abs=1e-9)


def test_rows_of_windows_are_calibrated_each_by_itself() -> None:
    raw = np.array([[0.6, 0.4], [0.9, 0.1]])
    rows = [calibrate_scores(row, "softmax", 2.0, 0.0) for row in raw]
    assert calibrate_scores(raw, "softmax", 2.0, 0.0) == pytest.approx(np.stack(rows))


def test_what_is_written_is_read_again() -> None:
    assert Calibration.from_json(SAVED.to_json(), SHA256) == SAVED


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("scale", -1.0),
        ("scale", 0),
        ("scale", 1e9),
        ("scale", float("nan")),
        ("scale", "1"),
        ("scale", True),
        ("bias", float("inf")),
        ("bias", 10**400),
        ("bias", None),
        ("threshold", 1.01),
        ("threshold", float("nan")),
        ("precision", -0.1),
        ("files", 0),
        ("artists", 2.5),
        ("sha256", "cd" * 32),
        ("schema", SCHEMA + 1),
    ],
)
def test_a_value_out_of_range_is_refused(entry: str, value: object) -> None:
    text = json.dumps({"schema": SCHEMA, **asdict(SAVED), entry: value})
    with pytest.raises(ValueError, match=r"."):
        Calibration.from_json(text, SHA256)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_other_json_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        Calibration.from_json(json.dumps(value), SHA256)


def test_every_entry_is_needed() -> None:
    entries = {"schema": SCHEMA, **asdict(SAVED)}
    for name in entries:
        without = {key: value for key, value in entries.items() if key != name}
        with pytest.raises(ValueError, match=r"."):
            Calibration.from_json(json.dumps(without), SHA256)


def test_a_step_is_no_calibration() -> None:
    with pytest.raises(ValueError, match="bias"):
        replace(SAVED, bias=-1e4)
