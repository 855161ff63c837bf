import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from genretag.audio.mel import features, mel_power
from genretag.domain.front_end import FrontEnd
from genretag.domain.window import WindowSpec
from genretag.errors import UsageError
from genretag_train.config import TrainConfig
from genretag_train.features.extraction import POWER_FLOOR, FeatureSpec, crop_window
from genretag_train.features.store import StoredWindows
from genretag_train.nets import make_net
from genretag_train.nets.blocks import Size
from genretag_train.nets.onnx_export import compute_logits, export_onnx
from genretag_train.training.augment import equalise, mask, mix_up, shift_bands
from genretag_train.training.batches import (
    Crops,
    EpochSampler,
    compute_class_weights,
    count_batches,
    deal_batches,
    make_train_loader,
    make_valid_loader,
)
from genretag_train.training.learner import average_windows

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


@given(
    clips=st.integers(1, 60),
    crops=st.integers(1, 4),
    processes=st.integers(1, 9),
    size=st.integers(1, 40),
    smallest=st.integers(1, 2),
)
def test_processes_share_an_epoch_without_loss_and_without_waiting(
    clips: int, crops: int, processes: int, size: int, smallest: int
) -> None:
    draws = list(EpochSampler(clips, crops, seed=1))
    if processes > 1 and len(draws) < smallest * processes:
        with pytest.raises(UsageError, match="too small for"):
            count_batches(len(draws), size, processes, smallest)
        return
    shares = [deal_batches(draws, size, rank, processes, smallest) for rank in range(processes)]
    dealt = [draw for share in shares for batch in share for draw in batch]
    assert sorted(dealt) == sorted(draws)
    counts = {len(share) for share in shares}
    assert counts == {count_batches(len(draws), size, processes, smallest)}
    for step in zip(*shares, strict=True):
        sizes = [len(batch) for batch in step]
        assert max(sizes) - min(sizes) <= 1
        assert min(sizes) >= min(smallest, size, len(draws))
        assert max(sizes) <= size + smallest
    assert all(len(batch) == size for share in shares for batch in share[:-1])


def test_one_process_takes_the_draws_in_their_order() -> None:
    draws = list(EpochSampler(clips=10, crops=2, seed=1))
    batches = deal_batches(draws, 6, rank=0, processes=1, smallest=2)
    assert [len(batch) for batch in batches] == [6, 6, 6, 2]
    assert [draw for batch in batches for draw in batch] == draws


def test_a_window_alone_joins_the_batch_before(tmp_path) -> None:
    np.save(file := tmp_path / "clip.npy", np.zeros((400, 128), np.float16))
    spec = FeatureSpec(FRONT_END, WindowSpec(1.0), clip_s=30, min_s=1)
    crops = Crops([file] * 9, [0] * 9, [1.0] * 9, spec)
    loader = make_train_loader(crops, TrainConfig(batch_size=4))
    assert [len(mel) for mel, _, _ in loader] == [4, 5]
    # Not every device has float64.
    assert {mel.dtype for mel, _, _ in loader} | {w.dtype for *_, w in loader} == {torch.float32}


def test_scores_of_clips_are_in_single_precision_whatever_the_net_computes_in() -> None:
    torch.manual_seed(0)
    logits, clips = 8 * torch.randn(30, 12), torch.arange(30) % 7
    exact = average_windows(logits, clips, 7)
    for half in (torch.bfloat16, torch.float16):
        with torch.autocast("cpu", half):
            probabilities = average_windows(logits.to(half), clips, 7)
        assert probabilities.dtype == torch.float32
        assert torch.allclose(probabilities.sum(dim=1), torch.ones(7), atol=1e-6)
        assert torch.allclose(probabilities, exact, atol=0.05)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> StoredWindows:
    """A hundred clips with four windows of 0.5 MB in all each, every tenth silent."""
    folder = tmp_path_factory.mktemp("windows")
    windows = np.random.default_rng(0).random((4, 256, 128), dtype=np.float32)
    np.save(folder / "loud.npy", windows)
    np.save(folder / "silent.npy", windows[:0])
    return StoredWindows(
        [folder / ("loud.npy" if number % 10 else "silent.npy") for number in range(100)]
    )


def test_the_valid_side_is_read_batch_by_batch_and_clips_without_windows_are_left_out(
    stored: StoredWindows,
) -> None:
    loader = make_valid_loader(stored, list(range(100)), batch_size=4)
    tracemalloc.start()
    seen = []
    for mel, clips, genres in loader:
        assert len(mel) == len(clips) == 4 * len(genres)
        assert np.array_equal(mel[:4], stored[1])
        seen += genres.tolist()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seen == [number for number in range(100) if number % 10]
    assert peak < 20 * stored[1].nbytes  # of the ninety that there are


def test_a_side_is_scored_clip_by_clip(stored: StoredWindows, tmp_path: Path) -> None:
    net = make_net("cnn1d_gru", Size(128, 2, hidden=8, rnn_hidden=8, dropout=0.0)).eval()
    export_onnx(net, tmp_path / "net.onnx", 256, 128)
    tracemalloc.start()
    logits = compute_logits(tmp_path / "net.onnx", (stored[n] for n in stored.find_audible()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(logits) == 90
    with torch.no_grad():
        np.testing.assert_allclose(logits[0], net(torch.from_numpy(stored[1])), atol=1e-4)
    assert peak < 20 * stored[1].nbytes


def test_rare_genres_weigh_more() -> None:
    weights = compute_class_weights([0, 0, 0, 1], [1.0] * 4, n_genres=3)
    assert weights[1] == pytest.approx(3 * weights[0]) and weights[2] == 0
    assert np.mean([weights[genre] for genre in (0, 0, 0, 1)]) == pytest.approx(1)


def test_genres_count_the_same_whatever_their_clips_weigh() -> None:
    genres, clips = [0, 0, 0, 1, 1, 2], [0.1, 0.2, 0.3, 2.0, 1.0, 2.4]
    weights = compute_class_weights(genres, clips, n_genres=3)
    sums = np.bincount(genres, [weights[g] * w for g, w in zip(genres, clips, strict=True)])
    assert sums == pytest.approx([2, 2, 2])
