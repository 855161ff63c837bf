import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from genretag_train.config import TrainConfig
from genretag_train.training.augment import (
    AUGMENTATIONS,
    add_noise,
    augment,
    roll,
    scale,
    stretch,
)

STRENGTHS = {"roll_s": 0.5, "stretch": 0.2, "shift_mels": 3, "filter_db": 6.0, "gain": 0.2,
             "noise": 0.05, "masks": 2}  # fmt: skip
NONE = dict.fromkeys(STRENGTHS, 0)


def windows(seed: int = 0) -> torch.Tensor:
    return torch.rand(6, 40, 16, generator=torch.Generator().manual_seed(seed))


def test_every_kind_has_a_strength_and_a_share_in_the_config() -> None:
    assert {row.strength for row in AUGMENTATIONS} == set(STRENGTHS)
    assert all(0 <= getattr(TrainConfig(), row.share) <= 1 for row in AUGMENTATIONS)


@pytest.mark.parametrize("row", AUGMENTATIONS, ids=lambda row: row.strength)
def test_a_change_keeps_shape_and_range_and_happens_as_often_as_told(row) -> None:
    mel = windows()
    strength = {**NONE, row.strength: STRENGTHS[row.strength]}
    never = augment(mel, TrainConfig(**strength, **{row.share: 0.0}))
    always = augment(mel, TrainConfig(**strength, **{row.share: 1.0}))
    assert torch.equal(never, mel)
    assert always.shape == mel.shape and not torch.equal(always, mel)
    assert always.min() >= 0 and always.max() <= 1


def test_without_strengths_nothing_is_changed() -> None:
    assert torch.equal(augment(windows(), TrainConfig(**NONE)), windows())


@settings(deadline=None)
@given(st.integers(0, 200), st.integers(0, 2**31))
def test_a_roll_keeps_all_frames_and_their_order(most: int, seed: int) -> None:
    torch.manual_seed(seed)
    for before, after in zip(windows(), roll(windows(), most), strict=True):
        assert any(torch.equal(before.roll(step, 0), after) for step in range(len(before)))


def test_a_stretch_changes_the_tempo_of_a_pulse() -> None:
    torch.manual_seed(1)
    time = torch.arange(400) / 400
    pulse = (0.5 + 0.5 * torch.sin(2 * torch.pi * 10 * time)).repeat(8, 1)[:, :, None]
    found = [torch.fft.rfft(row - row.mean()).abs()[1:].argmax() + 1
             for row in stretch(pulse, 0.4)[:, :, 0]]  # fmt: skip
    assert min(found) < 10 < max(found) and all(6 <= peak <= 14 for peak in found)


def test_gain_and_noise_stay_within_what_they_were_told() -> None:
    mel = windows() * 0.5 + 0.2
    assert ((scale(mel, 0.1) / mel - 1).abs() <= 0.1 + 1e-6).all()
    assert float((add_noise(mel, 0.01) - mel).std()) == pytest.approx(0.01, rel=0.2)
