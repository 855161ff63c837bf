from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from genretag.domain.front_end import FrontEnd
from genretag.domain.genre import GenreVocabulary
from genretag.domain.manifest import ModelManifest
from genretag.domain.window import WindowSpec
from genretag.errors import Code, RunError
from genretag_train.config import TrainConfig
from genretag_train.nets import NETS, make_net
from genretag_train.nets.blocks import Size
from genretag_train.nets.onnx_export import (
    check_parity,
    compute_logits,
    export_onnx,
    read_manifest,
    write_manifest,
)
from genretag_train.training.learner import Learner, average_windows

SIZE = Size(n_mels=16, n_genres=3, hidden=8, rnn_hidden=8, dropout=0.0)
MANIFEST = ModelManifest(
    "toy", "1", "MIT", "A toy.", GenreVocabulary(("A", "B", "Ünï")),
    FrontEnd(22050, 2048, 512, 16, "db-minmax"), WindowSpec(1.0), 1.5, 0.6,
    {"data": "none"}, {"test": {"accuracy": 0.5}},
)  # fmt: skip


@pytest.fixture(params=sorted(NETS))
def net(request: pytest.FixtureRequest) -> nn.Module:
    torch.manual_seed(0)
    return make_net(request.param, SIZE)


def test_a_net_learns_eight_clips_by_heart(net: nn.Module) -> None:
    torch.set_num_threads(1)
    mel, genres = torch.rand(8, 44, 16), torch.tensor([0, 1, 2, 0, 1, 2, 0, 1])
    adam = torch.optim.Adam(net.parameters(), lr=1e-2)
    for _ in range(80):
        adam.zero_grad()
        nn.functional.cross_entropy(net(mel), genres).backward()
        adam.step()
    assert (net.eval()(mel).argmax(dim=1) == genres).all()


def test_an_exported_net_takes_any_batch_and_length_and_gives_what_torch_gives(
    net: nn.Module, tmp_path: Path
) -> None:
    file = tmp_path / "model.onnx"
    export_onnx(net, file, n_frames=44, n_mels=16)
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]
    clips = [np.random.default_rng(n).random((n, 20 * n, 16), np.float32) for n in (1, 2, 5)]
    for mel, logits in zip(clips, compute_logits(file, clips), strict=True):
        with torch.no_grad():
            assert np.abs(logits - net(torch.from_numpy(mel)).numpy()).max() <= 1e-4


def test_a_file_that_computes_something_else_is_refused(net: nn.Module, tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    export_onnx(net, file, n_frames=44, n_mels=16)
    with torch.no_grad():
        next(iter(net.parameters())).add_(0.1)
    with pytest.raises(RunError) as caught:
        check_parity(net, file, [44], 16)
    assert caught.value.code == Code.PARITY


def test_the_manifest_in_a_file_reads_back_and_can_be_replaced(
    net: nn.Module, tmp_path: Path
) -> None:
    file = tmp_path / "model.onnx"
    export_onnx(net, file, n_frames=44, n_mels=16)
    with pytest.raises(RunError):
        read_manifest(file)
    write_manifest(file, MANIFEST)
    write_manifest(file, MANIFEST)
    assert read_manifest(file) == MANIFEST


def test_windows_are_averaged_clip_by_clip() -> None:
    logits = torch.log(torch.tensor([[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]]))
    probabilities = average_windows(logits, torch.tensor([0, 0, 1]), 2)
    assert torch.allclose(probabilities, torch.tensor([[0.7, 0.3], [0.2, 0.8]]))


def test_class_weights_make_errors_on_rare_genres_cost_more() -> None:
    weights = np.array([0.5, 2.0, 1.0], np.float32)
    learner = Learner(TrainConfig(hidden=8, rnn_hidden=8), ("A", "B", "C"), weights)
    logits, targets = torch.zeros(2, 3), torch.eye(3)[:2]
    for row, weight in enumerate(weights[:2]):
        loss = learner.loss(logits[row : row + 1], targets[row : row + 1], torch.ones(1))
        assert loss == pytest.approx(weight * np.log(3))


def test_the_weighted_loss_raises_the_recall_of_a_rare_genre() -> None:
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    genres = torch.from_numpy((rng.random(600) < 0.1).astype(np.int64))
    # Two overlapping clouds: unweighted, the rare genre is hardly ever worth the risk.
    mel = torch.from_numpy(rng.normal(0, 1, (600, 8, 4)).astype(np.float32))
    mel += 0.25 * genres[:, None, None]
    recalls = []
    for weights in (None, np.array([600 / 1080, 600 / 120], np.float32)):
        torch.manual_seed(0)
        learner = Learner(TrainConfig(n_mels=4, hidden=4, rnn_hidden=4), ("A", "B"), weights)
        adam = torch.optim.Adam(learner.parameters(), lr=3e-3)
        for _ in range(40):
            adam.zero_grad()
            targets = torch.eye(2)[genres]
            learner.loss(learner.net(mel), targets, torch.ones(600)).backward()
            adam.step()
        said = learner.net.eval()(mel).argmax(dim=1)
        recalls.append(float((said[genres == 1] == 1).float().mean()))
    assert recalls[1] > recalls[0] + 0.2
