from pathlib import Path

import pytest

from genretag.errors import UsageError
from genretag_train.config import TrainConfig, load_config, to_toml


def test_options_beat_the_file_which_beats_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text("hidden = 48\nepochs = 7\n")
    config = load_config(file, {"epochs": 9, "hidden": None})
    assert (config.hidden, config.epochs, config.rnn_hidden) == (48, 9, TrainConfig().rnn_hidden)


def test_a_written_config_reads_back_the_same(tmp_path: Path) -> None:
    config = load_config(None, {"name": 'a "quoted" näme', "mixup": 0.2, "class_weights": True})
    file = tmp_path / "config.toml"
    file.write_text(to_toml(config), encoding="utf-8")
    assert load_config(file, {}) == config


def test_a_whole_number_will_do_for_a_decimal_one(tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text("window_s = 5\n")
    assert load_config(file, {}).window_s == 5.0


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("hiden = 3", "hiden"),
        ('hidden = "wide"', "hidden"),
        ("hidden = 0", "hidden"),
        ('split = "random"', "split"),
        ("dropout = 1.5", "dropout"),
        ("window_s = 0", "window_s"),
        ("seed = -1", "seed"),
        ("split_seed = 9223372036854775808", "split_seed"),
    ],
)
def test_a_wrong_key_or_value_is_named(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "run.toml"
    file.write_text(text)
    with pytest.raises(UsageError, match=f"'{named}'") as caught:
        load_config(file, {})
    assert caught.value.exit_code == 2


def test_a_config_that_is_not_there_or_not_toml_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("hidden = = 3")
    for file in (broken, tmp_path / "absent.toml"):
        with pytest.raises(UsageError, match=file.name):
            load_config(file, {})
