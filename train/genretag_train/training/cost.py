"""Time, hardware and, where the machine counts it, energy of a training run."""

import os
import platform
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import torch
from lightning.pytorch.callbacks import Callback

from genretag.library import resources

POWERCAP = Path("/sys/class/powercap")
_SAMPLE_S = 10.0
"""Counters of processors start anew after minutes; a GPU tells only what it draws just now."""
_MICROJOULES = 1e6


class PackageEnergy:
    """The energy of the processor packages, which RAPL counts (Intel and AMD, under Linux).

    It is that of the whole machine. Most systems let only the administrator read it.
    """

    def __init__(self, folder: Path = POWERCAP) -> None:
        # Beside packages there are their parts, and on laptops the whole machine.
        self._zones = [
            zone
            for zone in sorted(folder.glob("intel-rapl:[0-9]"))
            if (zone / "name").read_text(encoding="ascii").startswith("package")
        ]
        self._before = self._read()

    def take_j(self) -> float | None:
        """Return the joules since the last call; None where they are not counted."""
        before, self._before = self._before, self._read()
        if before is None or self._before is None:
            return None
        spent = 0.0
        for zone, old, new in zip(self._zones, before, self._before, strict=True):
            start = 0 if new >= old else _read_number(zone / "max_energy_range_uj")
            spent += (start + new - old) / _MICROJOULES
        return spent

    def _read(self) -> list[int] | None:
        try:
            return [_read_number(zone / "energy_uj") for zone in self._zones] or None
        except (OSError, ValueError):
            return None


class GpuEnergy:
    """The energy of one NVIDIA GPU, from what it draws whenever it is asked."""

    def __init__(self, device: torch.device) -> None:
        self._device, self._before_s = device, time.monotonic()

    def take_j(self) -> float | None:
        """Return the joules since the last call; None where NVML is missing or tells nothing."""
        before_s, self._before_s = self._before_s, time.monotonic()
        try:
            watts = torch.cuda.power_draw(self._device) / 1000
        except Exception:  # noqa: BLE001 - NVML's own errors, too: no figure is worth a run
            return None
        return watts * (self._before_s - before_s)


class CostMeter(Callback):
    """Adds up time and energy of a run over all its parts: each checkpoint keeps them.

    What a run did between its last checkpoint and a kill is done again, and counted once.
    """

    def __init__(self, earlier: Mapping[str, Any] | None = None) -> None:
        earlier = earlier or {}
        self._earlier_s = float(earlier.get("training_s", 0.0))
        self._energy_j: dict[str, float | None] = {"processor": 0.0, "gpu": 0.0}
        self._energy_j |= earlier.get("energy_j", {})
        self._start_s = self._sampled_s = time.monotonic()
        self._package = PackageEnergy()
        self._gpu: GpuEnergy | None = None
        self._gpu_name: str | None = None

    def on_train_start(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        """Find the GPU that is trained on; of several none is measured."""
        device = trainer.strategy.root_device
        if device.type == "cuda":
            count = f"{trainer.world_size} x " if trainer.world_size > 1 else ""
            self._gpu_name = count + torch.cuda.get_device_name(device)
            self._gpu = GpuEnergy(device) if trainer.world_size == 1 else None
        elif device.type != "cpu":
            self._gpu_name = device.type

    def on_train_batch_end(self, *_: Any) -> None:
        """Read the counters from time to time."""
        self._sample()

    def on_validation_batch_end(self, *_: Any) -> None:
        """Read the counters from time to time."""
        self._sample()

    def state_dict(self) -> dict[str, Any]:
        """Return what the checkpoint keeps: all that was spent so far."""
        self._sample(least_s=0.0)
        spent_s = self._earlier_s + time.monotonic() - self._start_s
        return {"training_s": spent_s, "energy_j": dict(self._energy_j)}

    def read(self) -> dict[str, Any]:
        """Return the entries of `metrics.json`; an energy that was not measured throughout is None.

        `training_s` are seconds, `energy_wh` watt-hours.
        """
        spent = self.state_dict()
        return {
            "training_s": round(spent["training_s"]),
            "hardware": {
                "processor": _name_processor(),
                "cores": resources.count_cores(),
                "gpu": self._gpu_name,
            },
            "energy_wh": {
                part: None if joules is None else round(joules / 3600, 3)
                for part, joules in spent["energy_j"].items()
            },
        }

    def _sample(self, least_s: float = _SAMPLE_S) -> None:
        if time.monotonic() - self._sampled_s < least_s:
            return
        self._sampled_s = time.monotonic()
        for part, counter in (("processor", self._package), ("gpu", self._gpu)):
            before, spent = self._energy_j[part], counter.take_j() if counter else None
            self._energy_j[part] = None if before is None or spent is None else before + spent


def _read_number(file: Path) -> int:
    return int(file.read_text(encoding="ascii"))


def _name_processor() -> str:
    """Return the name of the processor as Linux has it, else what Python says of it."""
    if os.name == "posix":
        try:
            lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        except OSError:
            lines = []
        for line in lines:
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()
