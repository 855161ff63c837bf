"""The file of a calibration is bound to one model, whole, and never believed blindly."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genretag.domain.calibration import Calibration
from genretag.errors import Code, RunError
from genretag.library.calibrations import locate_calibration, read_calibration, save_calibration

SHA256 = "ab" * 32
SAVED = Calibration(SHA256, 0.7, -0.3, 0.62, 0.9, 240, 31)


def refused(data: Path) -> str:
    with pytest.raises(RunError) as caught:
        read_calibration(SHA256, data)
    assert caught.value.code == Code.CALIBRATION_INVALID
    assert str(locate_calibration(SHA256, data)) in caught.value.message
    assert "evaluate --save" in caught.value.hint
    return caught.value.message


def test_what_is_saved_is_found_again_and_gone_once_the_file_is(tmp_path: Path) -> None:
    assert read_calibration(SHA256, tmp_path) is None
    file = save_calibration(SAVED, tmp_path)
    assert file == locate_calibration(SHA256, tmp_path)
    assert read_calibration(SHA256, tmp_path) == SAVED
    assert [one.name for one in file.parent.iterdir()] == [file.name]
    file.unlink()
    assert read_calibration(SHA256, tmp_path) is None


def test_another_model_does_not_see_it(tmp_path: Path) -> None:
    save_calibration(SAVED, tmp_path)
    assert read_calibration("cd" * 32, tmp_path) is None


def test_one_that_was_renamed_for_another_model_is_refused(tmp_path: Path) -> None:
    file = locate_calibration(SHA256, tmp_path)
    save_calibration(Calibration("cd" * 32, 1.0, 0.0, 0.5, 0.9, 100, 10), tmp_path).rename(file)
    assert "cd" * 32 in refused(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        SAVED.to_json().replace("0.7", "NaN").encode(),
        SAVED.to_json().replace("0.7", "-0.7").encode(),
        SAVED.to_json().replace("0.7", "1e400").encode(),
        b"[" * 50_000,
        SAVED.to_json().encode() + b" " * (1 << 20),
    ],
    ids=["empty", "cut", "list", "bytes", "nan", "negative", "endless", "deep", "huge"],
)
def test_a_file_of_anything_else_is_refused(tmp_path: Path, content: bytes) -> None:
    file = save_calibration(SAVED, tmp_path)
    file.write_bytes(content)
    refused(tmp_path)


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    locate_calibration(SHA256, tmp_path).mkdir(parents=True)
    refused(tmp_path)


@given(position=st.integers(0, 300), byte=st.binary(min_size=1, max_size=3))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
def test_a_damaged_file_is_refused_or_holds_a_calibration(
    tmp_path: Path, position: int, byte: bytes
) -> None:
    content = SAVED.to_json().encode()
    file = save_calibration(SAVED, tmp_path)
    file.write_bytes(content[:position] + byte + content[position + len(byte) :])
    try:
        found = read_calibration(SHA256, tmp_path)
    except RunError as error:
        assert error.code == Code.CALIBRATION_INVALID
    else:
        assert isinstance(found, Calibration)
        assert found.sha256 == SHA256
