"""Where a track is sampled, and what a piece of sound knows about itself."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genretag.domain.window import COVERAGES, SILENCE_DBFS, Waveform, WindowSpec

RATE = 22050
ROUNDING_S = 1e-6

durations = st.floats(0.01, 2_000, allow_subnormal=False)
specs = st.builds(WindowSpec, length_s=st.floats(0.5, 60), balanced=st.integers(1, 12))
samples = st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=60).map(
    lambda values: np.array(values, np.float32)
)


@pytest.mark.parametrize("coverage", COVERAGES)
@given(duration_s=durations, spec=specs)
def test_every_excerpt_lies_within_the_track(
    coverage: str, duration_s: float, spec: WindowSpec
) -> None:
    for excerpt in COVERAGES[coverage](duration_s, spec):
        assert excerpt.start_s >= -ROUNDING_S
        assert excerpt.end_s <= duration_s + ROUNDING_S


@pytest.mark.parametrize("coverage", COVERAGES)
@given(duration_s=durations, spec=specs)
def test_excerpts_come_in_ascending_order(
    coverage: str, duration_s: float, spec: WindowSpec
) -> None:
    starts = [excerpt.start_s for excerpt in COVERAGES[coverage](duration_s, spec)]
    assert all(first < second for first, second in pairwise(starts))


@pytest.mark.parametrize("coverage", COVERAGES)
@given(duration_s=durations, spec=specs)
def test_an_excerpt_is_as_long_as_a_window_or_as_the_whole_track(
    coverage: str, duration_s: float, spec: WindowSpec
) -> None:
    for excerpt in COVERAGES[coverage](duration_s, spec):
        assert excerpt.length_s == min(spec.length_s, duration_s)


@given(duration_s=durations, spec=specs)
def test_fast_hears_one_window_from_the_very_middle(duration_s: float, spec: WindowSpec) -> None:
    (excerpt,) = COVERAGES["fast"](duration_s, spec)
    assert (excerpt.start_s + excerpt.end_s) / 2 == pytest.approx(duration_s / 2)


@given(duration_s=durations, spec=specs)
def test_balanced_hears_as_many_windows_as_fit_and_no_more_than_asked(
    duration_s: float, spec: WindowSpec
) -> None:
    fitting = max(1, int(duration_s // spec.length_s))
    assert len(COVERAGES["balanced"](duration_s, spec)) == min(spec.balanced, fitting)


@given(duration_s=durations, spec=specs)
def test_windows_of_balanced_never_overlap(duration_s: float, spec: WindowSpec) -> None:
    excerpts = COVERAGES["balanced"](duration_s, spec)
    for first, second in pairwise(excerpts):
        assert first.end_s <= second.start_s + ROUNDING_S


@pytest.mark.parametrize("coverage", ["fast", "balanced"])
@given(spec=specs, data=st.data())
def test_the_outer_tenths_of_a_long_track_are_never_heard(
    coverage: str, spec: WindowSpec, data: st.DataObject
) -> None:
    long_s = spec.length_s * spec.balanced * 1.25
    duration_s = data.draw(st.floats(long_s, long_s * 50))
    excerpts = COVERAGES[coverage](duration_s, spec)
    assert excerpts[0].start_s >= duration_s / 10 - ROUNDING_S
    assert excerpts[-1].end_s <= duration_s * 0.9 + ROUNDING_S


@given(duration_s=durations, spec=specs)
def test_full_leaves_no_second_out(duration_s: float, spec: WindowSpec) -> None:
    heard_to_s = 0.0
    for excerpt in COVERAGES["full"](duration_s, spec):
        assert excerpt.start_s <= heard_to_s + ROUNDING_S
        heard_to_s = excerpt.end_s
    assert heard_to_s == pytest.approx(duration_s)


@given(count=st.integers(1, 200), length_s=st.integers(1, 60))
def test_full_hears_a_track_of_whole_windows_exactly_once(count: int, length_s: int) -> None:
    excerpts = COVERAGES["full"](float(count * length_s), WindowSpec(float(length_s)))
    assert [excerpt.start_s for excerpt in excerpts] == [i * length_s for i in range(count)]


@pytest.mark.parametrize("coverage", COVERAGES)
def test_a_track_of_no_length_still_has_a_place_to_listen(coverage: str) -> None:
    (excerpt,) = COVERAGES[coverage](0.0, WindowSpec(30.0))
    assert (excerpt.start_s, excerpt.length_s) == (0.0, 0.0)


@pytest.mark.parametrize("length_s", [0.0, -1.0, float("nan"), float("inf")])
def test_a_window_without_a_finite_length_is_refused(length_s: float) -> None:
    with pytest.raises(ValueError, match="window"):
        WindowSpec(length_s)


@pytest.mark.parametrize("balanced", [0, -3, 2.5])
def test_a_count_of_windows_that_cannot_be_heard_is_refused(balanced: int) -> None:
    with pytest.raises(ValueError, match="window"):
        WindowSpec(30.0, balanced)


@given(samples=samples, n_samples=st.integers(0, 200))
def test_a_fitted_waveform_has_the_length_asked_for_and_begins_as_the_sound_does(
    samples: np.ndarray, n_samples: int
) -> None:
    fitted = Waveform(samples, RATE).fit(n_samples)
    assert fitted.shape == (n_samples,)
    assert fitted.dtype == np.float32
    shared = min(n_samples, len(samples))
    assert np.array_equal(fitted[:shared], samples[:shared])


@given(samples=samples, n_samples=st.integers(0, 200))
def test_sound_shorter_than_a_window_is_repeated_from_its_start(
    samples: np.ndarray, n_samples: int
) -> None:
    fitted = Waveform(samples, RATE).fit(n_samples)
    assert all(fitted[i] == samples[i % len(samples)] for i in range(n_samples))


def tone_at(level_dbfs: float) -> Waveform:
    sine = np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE)
    return Waveform((sine * np.sqrt(2) * 10 ** (level_dbfs / 20)).astype(np.float32), RATE)


def test_silence_is_what_lies_below_the_level_of_silence() -> None:
    assert tone_at(SILENCE_DBFS - 0.1).is_silent
    assert not tone_at(SILENCE_DBFS + 0.1).is_silent


def test_digital_silence_and_no_sound_at_all_are_silent() -> None:
    assert Waveform(np.zeros(1000, np.float32), RATE).is_silent
    assert Waveform(np.zeros(0, np.float32), RATE).is_silent


def test_the_dither_of_16_bits_is_silence() -> None:
    dither = np.random.default_rng(0).integers(-1, 2, RATE).astype(np.float32) / 32768
    assert Waveform(dither, RATE).is_silent


@given(samples=samples)
def test_turning_a_phase_around_does_not_change_what_is_silent(samples: np.ndarray) -> None:
    assert Waveform(samples, RATE).is_silent == Waveform(-samples, RATE).is_silent
