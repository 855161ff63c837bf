import numpy as np
import pytest
import torch

from genretag.audio.mel import features, mel_power
from genretag.domain.front_end import FrontEnd
from genretag.domain.window import WindowSpec
from genretag_train.features.extraction import POWER_FLOOR, FeatureSpec, crop_window
from genretag_train.training.augment import equalise, mask, mix_up, shift_bands
from genretag_train.training.batches import (
    EpochSampler,
    compute_class_weights,
)

FRONT_END = FrontEnd(22050, 2048, 512, 128, "db-minmax")


def test_a_crop_is_what_inference_computes_for_that_window() -> None:
    spec = FeatureSpec(FRONT_END, WindowSpec(1.0), clip_s=30, min_s=1)
    samples = np.random.default_rng(0).normal(0, 0.1, 4 * 22050).astype(np.float32)
    samples[60 * 512 : 65 * 512] *= 10  # the loudest is well inside the window
    stored = np.log10(np.maximum(mel_power(samples, FRONT_END), POWER_FLOOR)).astype(np.float16)
    first = 40
    window = samples[first * 512 : first * 512 + spec.n_samples]
    crop = crop_window(stored, first, spec)
    assert crop.shape == (spec.n_frames, 128)
    # The outermost frames of a window see zeros where those of the clip see its neighbours.
    gap = np.abs(crop - features(window, FRONT_END))[2:-2]
    assert gap.max() < 2e-3


@pytest.mark.parametrize(("mels", "frames"), [(0, 0), (7, 0), (0, 11), (7, 11), (500, 500)])
def test_masks_never_exceed_their_widths(mels: int, frames: int) -> None:
    torch.manual_seed(0)
    for _ in range(20):
        hidden = mask(torch.ones(8, 50, 40), mels, frames, 1) == 0
        for window in hidden:
            assert window.all(dim=0).sum() <= max(mels - 1, 0) or window.all()
            assert window.all(dim=1).sum() <= max(frames - 1, 0) or window.all()
            assert mels or frames or not window.any()


def test_each_window_gets_masks_of_its_own() -> None:
    torch.manual_seed(0)
    hidden = mask(torch.ones(16, 50, 40), 20, 20, 1) == 0
    assert len({window.numpy().tobytes() for window in hidden}) > 8


def test_a_shift_moves_bands_and_fills_from_the_edge() -> None:
    torch.manual_seed(0)
    ramp = torch.arange(40.0).expand(64, 3, 40)
    steps = shift_bands(ramp, 2) - ramp
    assert {int(step) for step in steps[:, 0, 20]} == {-2, -1, 0, 1, 2}
    assert shift_bands(ramp, 2).min() == 0 and shift_bands(ramp, 2).max() == 39


def test_an_equaliser_keeps_the_range_and_the_floor() -> None:
    torch.manual_seed(0)
    mel = torch.rand(8, 50, 40)
    mel[:, :5] = 0.0
    through = equalise(mel, 12.0)
    assert torch.allclose(through.amax(dim=(1, 2)), torch.ones(8))
    assert (through[:, :5] == 0).all() and through.min() >= 0


def test_mixup_blends_windows_and_targets_alike() -> None:
    torch.manual_seed(0)
    targets = torch.eye(4)
    mel, blend = mix_up(targets[:, None, :].expand(4, 3, 4), targets, 0.4)
    assert torch.allclose(mel[:, 0], blend)
    assert torch.allclose(blend.sum(dim=1), torch.ones(4))


def test_each_epoch_draws_every_clip_in_an_order_of_its_own() -> None:
    draws = EpochSampler(clips=10, crops=2, seed=1)
    first = list(draws)
    assert sorted(index for index, _ in first) == sorted([*range(10), *range(10)])
    assert first == list(draws)
    draws.set_epoch(1)
    assert first != list(draws)


def test_rare_genres_weigh_more() -> None:
    weights = compute_class_weights([0, 0, 0, 1], [1.0] * 4, n_genres=3)
    assert weights[1] == pytest.approx(3 * weights[0]) and weights[2] == 0
    assert np.mean([weights[genre] for genre in (0, 0, 0, 1)]) == pytest.approx(1)


def test_genres_count_the_same_whatever_their_clips_weigh() -> None:
    genres, clips = [0, 0, 0, 1, 1, 2], [0.1, 0.2, 0.3, 2.0, 1.0, 2.4]
    weights = compute_class_weights(genres, clips, n_genres=3)
    sums = np.bincount(genres, [weights[g] * w for g, w in zip(genres, clips, strict=True)])
    assert sums == pytest.approx([2, 2, 2])
