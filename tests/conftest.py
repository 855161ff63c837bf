"""Puts the helpers beside the tests on the import path, and says which tests run when and where.

Rows of the tables are starts of names such as `cli/test_scan.py::test_x[a]`.
"""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from hypothesis import settings

import genretag  # noqa: F401 - before any test imports ONNX Runtime, which would report

TESTS = Path(__file__).parent

# How long an example takes says more of the machine than of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

IS_INTEGRATION: Mapping[str, bool] = {
    "api/test_decide.py::test_an_album_is_decided_as_scan_does": True,
    "api/test_decide.py::test_genres_that_genretag_wrote_do_not_count": True,
    "api/test_predict.py::test_one_file_as_scan_shows_it": True,
    "api/test_tags.py": True,
    "api/test_types.py": True,
    "audio/test_damage.py": True,
    "audio/test_formats.py": True,
    "beets": True,
    "browser": True,
    "cli": True,
    "cli/test_commands.py": False,
    "cli/test_scan.py::test_every_common_container": False,
    "docs/test_documented_commands.py::test_the_commands_of_a_page": True,
    "docs/test_documented_commands.py::test_the_examples_of_the_help": True,
    "docs/test_site.py": True,
    "executors/test_ray.py": True,
    "fuzz": True,
    "executors/test_local.py::test_results_keep": True,
    "inference/test_bundled.py": True,
    "inference/test_hostile_models.py::test_a_bomb": True,
    "inference/test_hostile_models.py::test_a_graph_that_cannot": True,
    "inference/test_hostile_models.py::test_a_loop": True,
    "inference/test_hostile_models.py::test_an_odd_graph": True,
    "inference/test_hostile_models.py::test_what_is_no_file": True,
    "inference/test_store.py": True,
    "library/test_wal.py::test_who_waits": True,
    "pipeline": True,
    "pipeline/test_apply.py": False,
    "pipeline/test_genre_maps.py": False,
    "pipeline/test_evaluate_files.py": False,
    "pipeline/test_plans.py": False,
    "pipeline/test_windows.py": False,
    "report/test_name_check.py::test_scan_takes": True,
    "report/test_plot.py": True,
    "tags/test_aac.py": True,
    "tags/test_chunks.py": True,
    "tags/test_frames.py": True,
    "tags/test_hidden_tags.py": True,
    "tags/test_places.py": True,
    "tags/test_places.py::test_foreign_readers": False,
    "tags/test_mpd.py": True,
    "tags/test_round_trip.py::test_foreign_readers": True,
    "tags/test_round_trip.py::test_the_table_in_the_readme": True,
    "tags/test_stored.py": True,
    "tags/test_trailing_tags.py": True,
    "tags/test_unset_sizes.py": True,
    "train": True,
    "train/test_augmentation.py": False,
    "train/test_calibration.py": False,
    "train/test_leaks.py": False,
    "train/test_nets.py": False,
    "train/test_nets.py::test_a_net_learns": True,
    "train/test_training_batches.py": False,
    "train/test_training_batches.py::test_a_side_is_scored": True,
    "train/test_training_config.py": False,
    "train/test_training_data.py": False,
    "train/test_training_splits.py": False,
}
"""Tests that start processes or run for long: of all starts of a name the longest decides.

`-m "not integration"` leaves them out, and what is slow or needs real clips: the quick tier.
What has no row is in the quick tier.
"""

MODES, NAMES, SIGNALS = "needs POSIX modes", "needs names of any bytes", "needs POSIX signals"

WINDOWS: Mapping[str, str] = {
    "audio/test_damage.py::test_a_file_that_may_not_be_read": MODES,
    "audio/test_decode.py::test_odd_names_open": NAMES,
    "library/test_cache.py::test_a_path_may_hold_any_bytes": NAMES,
    "library/test_files.py": MODES,
    "library/test_interrupt.py": SIGNALS,
    "library/test_journal.py": NAMES,
    "library/test_walk.py::TestWithoutPermission": MODES,
    "library/test_walk.py::test_odd_names": NAMES,
    "library/test_walk.py::test_what_is_no_regular_file": "needs named pipes",
    "pipeline/test_apply.py": MODES,
    "tags/test_failures.py::test_a_name_with_odd_bytes": NAMES,
    "train/test_training_data.py::test_a_clip_out_of_reach": MODES,
    "train/test_training_data.py::test_data_that_cannot_be_read": MODES,
}
"""Tests of the quick tier that are skipped on Windows, and why."""

MACOS: Mapping[str, str] = {
    "audio/test_decode.py::test_odd_names_open": NAMES,
    "library/test_walk.py::test_odd_names": NAMES,
    "tags/test_failures.py::test_a_name_with_odd_bytes": NAMES,
}
"""Those that are skipped on macOS."""

SKIPPED: Mapping[str, Mapping[str, str]] = {"win32": WINDOWS, "darwin": MACOS}


def longest_start(name: str, starts: Iterable[str]) -> str | None:
    """Return the longest of `starts` with which `name` starts; None if it starts with none."""
    return max(filter(name.startswith, starts), key=len, default=None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that the tables name."""
    skipped = SKIPPED.get(sys.platform, {})
    for item in items:
        if not item.path.is_relative_to(TESTS):
            continue
        name = f"{item.path.relative_to(TESTS).as_posix()}::{item.nodeid.partition('::')[2]}"
        row = longest_start(name, IS_INTEGRATION)
        asked_for = item.get_closest_marker("slow") or item.get_closest_marker("real")
        if asked_for or (row and IS_INTEGRATION[row]):
            item.add_marker("integration")
        if (row := longest_start(name, skipped)) is not None:
            item.add_marker(pytest.mark.skip(reason=skipped[row]))


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Look for examples in no script or helper: importing one may do what it is for."""
    is_helper = collection_path.suffix == ".py" and not collection_path.name.startswith("test_")
    return True if is_helper else None
