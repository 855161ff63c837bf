"""Time and energy of a run: added up over its parts, and said only where they were measured."""

import json
from pathlib import Path

import pytest
import torch
from toy_music import run

from genretag_train.evaluation.card import describe_cost
from genretag_train.training.cost import CostMeter, PackageEnergy

HARDWARE = {"processor": "A Processor", "cores": 2, "gpu": None}


def zone(folder: Path, name: str, kind: str, microjoules: int) -> Path:
    """A counter as Linux has it, which starts anew at 1,000 joules."""
    (folder / name).mkdir(exist_ok=True)
    for file, value in (("name", kind), ("energy_uj", microjoules), ("max_energy_range_uj", 10**9)):
        (folder / name / file).write_text(f"{value}\n")
    return folder / name


def test_time_of_all_parts_of_a_run_is_added_up(
    toy_library: Path, features: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    run(toy_library, out, features, epochs=1)
    kept = torch.load(out / "last.ckpt", weights_only=True)
    assert kept["callbacks"]["CostMeter"]["training_s"] > 0
    kept["callbacks"]["CostMeter"]["training_s"] = 5000.0  # of a first part that took long
    torch.save(kept, out / "last.ckpt")
    run(toy_library, out, features, epochs=2, resume=True)
    told = json.loads((out / "metrics.json").read_text())["data"]
    assert 5000 <= told["training_s"] < 6000
    assert told["hardware"]["cores"] >= 1 and told["hardware"]["processor"]
    assert told["hardware"]["gpu"] is None and set(told["energy_wh"]) == {"processor", "gpu"}


def test_energy_is_that_of_all_packages_also_when_a_counter_starts_anew(tmp_path: Path) -> None:
    zone(tmp_path, "intel-rapl:0", "package-0", 900_000_000)
    zone(tmp_path, "intel-rapl:1", "package-1", 5_000_000)
    zone(tmp_path, "intel-rapl:2", "psys", 1)  # the whole machine once more
    zone(tmp_path, "intel-rapl:0:0", "core", 1)
    counter = PackageEnergy(tmp_path)
    zone(tmp_path, "intel-rapl:0", "package-0", 100_000_000)
    zone(tmp_path, "intel-rapl:1", "package-1", 8_000_000)
    zone(tmp_path, "intel-rapl:2", "psys", 999_000_000)
    assert counter.take_j() == pytest.approx(200 + 3)
    assert counter.take_j() == 0


def test_energy_that_is_not_counted_or_not_readable_is_not_measured(tmp_path: Path) -> None:
    assert PackageEnergy(tmp_path).take_j() is None
    (zone(tmp_path, "intel-rapl:0", "package-0", 1) / "energy_uj").unlink()
    assert PackageEnergy(tmp_path).take_j() is None


def test_a_part_without_energy_leaves_the_whole_run_without() -> None:
    meter = CostMeter({"training_s": 10.0, "energy_j": {"processor": None, "gpu": None}})
    assert meter.read()["energy_wh"] == {"processor": None, "gpu": None}
    assert meter.read()["training_s"] == 10


def test_the_card_says_what_was_measured_and_what_was_not() -> None:
    told = {"training_s": 360, "hardware": HARDWARE, "energy_wh": {"processor": None, "gpu": None}}
    text = describe_cost(told)
    assert "6.0 minutes on 2 cores of A Processor" in text and "Energy: not measured" in text
    told |= {"training_s": 7200 * 2, "energy_wh": {"processor": 12.345, "gpu": 300.0}}
    told["hardware"] = HARDWARE | {"gpu": "A GPU"}
    text = describe_cost(told)
    assert "4.0 hours on A GPU, with 2 cores" in text
    assert "300 Wh by the GPU and 12.3 Wh by the processor" in text
    assert "not recorded" in describe_cost({})
