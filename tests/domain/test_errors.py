"""Errors keep their meaning on the way between processes, and say what, where and what to do."""

import errno
import json
import os
import pickle
import sqlite3
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from genretag.errors import (
    Code,
    ExtraMissingError,
    FileError,
    GenretagError,
    RunError,
    UsageError,
    connection_reason,
    read_error,
    reason,
    write_error,
)

PATH = Path("/music/söng\n.flac")


@pytest.mark.parametrize("kind", [GenretagError, FileError, UsageError, RunError])
def test_an_error_comes_back_whole_from_another_process(kind: type[GenretagError]) -> None:
    error = kind(Code.NOT_AUDIO, "what happened", "what to do")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert (copy.code, copy.message, copy.hint) == (error.code, error.message, error.hint)
    assert str(copy) == str(error)


def test_a_missing_extra_comes_back_whole_and_names_the_command_that_installs_it() -> None:
    copy = pickle.loads(pickle.dumps(ExtraMissingError("training", "train")))
    assert (copy.feature, copy.extra) == ("training", "train")
    assert "install" in copy.hint and "[train]" in copy.hint


def test_each_kind_of_error_has_the_exit_code_that_scripts_rely_on() -> None:
    kinds = (FileError, UsageError, RunError, ExtraMissingError)
    assert [kind.exit_code for kind in kinds] == [1, 2, 3, 4]


def test_an_error_shows_what_happened_its_code_and_what_to_do() -> None:
    shown = str(FileError(Code.NOT_AUDIO, "a.txt: no audio", "Rename it."))
    assert shown == "a.txt: no audio (not-audio). Rename it."


def test_codes_are_distinct_and_written_alike() -> None:
    assert all(code == code.lower().replace("_", "-") for code in Code)
    assert len({code.value for code in Code}) == len(list(Code))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOENT, "No such file or directory", "a"), "No such file or directory"),
        (OSError("a library says so"), "a library says so"),
        (KeyError("schema"), "it lacks 'schema'"),
        (TypeError("'int' object is not subscriptable"), "a value in it is of the wrong kind"),
        (ValueError("first line\nsecond"), "first line"),
        (ValueError(), "ValueError"),
    ],
)
def test_a_reason_has_no_python_in_it(error: Exception, words: str) -> None:
    assert reason(error) == words


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda: json.loads('{"a": 1,}'), "line 1, column "),
        (lambda: tomllib.loads("a = 1\nb = \n"), "line 2, column 5: Invalid value"),
        (lambda: b"\xff".decode(), "it is not text in UTF-8"),
        (lambda: float("much"), "'much' is no number"),
        (lambda: int("1.5"), "'1.5' is no number"),
        (lambda: sqlite3.connect("/nowhere/a.db"), "unable to open database file"),
    ],
)
def test_a_reason_says_where(act: Callable[[], object], words: str) -> None:
    with pytest.raises(Exception) as raised:
        act()
    assert reason(raised.value).startswith(words)


def test_of_a_lost_connection_the_system_knows_the_reason() -> None:
    error = ValueError("HTTPSConnectionPool(host='a', port=443): Max retries exceeded")
    error.__context__ = RuntimeError("in between")
    error.__context__.__cause__ = OSError(errno.ECONNREFUSED, "Connection refused")
    assert connection_reason(error) == "Connection refused"
    assert connection_reason(TimeoutError()) == "it does not answer in time"


def system_error(number: int) -> OSError:
    return OSError(number, os.strerror(number), str(PATH))


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOENT, Code.NOT_FOUND),
        (errno.EACCES, Code.NO_PERMISSION),
        (errno.EPERM, Code.NO_PERMISSION),
        (errno.EIO, Code.READ_FAILED),
        (errno.ESTALE, Code.READ_FAILED),
        (errno.ELOOP, Code.READ_FAILED),
    ],
)
def test_what_the_system_says_about_reading_gets_a_code_and_the_name_of_the_file(
    number: int, code: Code
) -> None:
    error = read_error(PATH, system_error(number))
    assert isinstance(error, FileError)
    assert error.code is code
    assert str(PATH) in error.message
    assert error.hint


def test_an_unforeseen_error_over_reading_is_told_in_its_own_words() -> None:
    assert "Input/output error" in read_error(PATH, system_error(errno.EIO)).message
    assert "it is haunted" in read_error(PATH, ValueError("it is haunted")).message


@pytest.mark.parametrize(
    ("number", "kind", "code"),
    [
        (errno.ENOSPC, RunError, Code.DISK_FULL),
        (errno.EDQUOT, RunError, Code.DISK_FULL),
        (errno.ENOENT, FileError, Code.NOT_FOUND),
        (errno.EACCES, FileError, Code.NO_PERMISSION),
        (errno.EROFS, FileError, Code.NO_PERMISSION),
        (errno.ENAMETOOLONG, FileError, Code.WRITE_FAILED),
        (errno.EIO, FileError, Code.WRITE_FAILED),
    ],
)
def test_a_full_disk_ends_a_run_and_other_trouble_over_writing_only_costs_the_file(
    number: int, kind: type[GenretagError], code: Code
) -> None:
    error = write_error(PATH, system_error(number))
    assert type(error) is kind
    assert error.code is code
    assert str(PATH) in error.message
    assert error.hint
