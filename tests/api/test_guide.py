"""The examples of the guide give what it shows."""

import doctest
import re
from pathlib import Path

import pytest
from audio_files import garbage, write_tone

GUIDE = Path(__file__).parents[2] / "docs" / "api.md"


def test_the_guide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (music := tmp_path / "music").mkdir()
    write_tone(music / "song.flac", seconds=12)
    write_tone(music / "other.flac", seconds=12)
    garbage(music / "broken.mp3")
    monkeypatch.chdir(tmp_path)
    examples = "".join(re.findall(r"```pycon\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL))
    test = doctest.DocTestParser().get_doctest(examples, {}, GUIDE.name, str(GUIDE), 0)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    shown: list[str] = []
    assert not runner.run(test, out=shown.append).failed, "".join(shown)
    assert runner.tries > 10
