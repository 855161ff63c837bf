"""The rules of CONTRIBUTING.md that ruff and mypy do not know."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted(
    path for room in ("src", "train/genretag_train") for path in (ROOT / room).rglob("*.py")
)
MOST_LINES = 350
VERBS = re.findall(
    r"\w+",
    """
    Add Allow Amplify Analyse Append Apply Ask Average Begin Blend Break Build Calibrate Change
    Check
    Carry Choose Clear Close Collect Commit Compare Compute Convert Copy Count Cut Decide Declare
    Decode
    Describe Divide Do Double Download Draw Drop Embed End Escape Estimate Evaluate Expand
    Export Extract Fetch Fill Find Fit Flush Forget Format Give Go Handle Ignore Import Join Judge
    Keep Lay Learn Let Limit List Load Locate Lower Make Measure Merge Move Multiply Note Open
    Overwrite Parse Place Predict Print Process Project Put Quantise Quote Raise Read Record
    Refuse Register Remember Remove Render Replace Report Resolve Return Round Run Save Say
    Score Search Select Set Settle Shift Shorten Show Simulate Space Split Start Store Suggest
    Swap Switch Tag Take Tell Train Translate Turn Unpack Upload Wait Write Yield
    """,
)
"""The words with which docstrings of functions start; a new verb is added here."""


def functions(module: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """All functions and methods that are no properties."""
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not any(
            "property" in ast.unparse(decorator) for decorator in node.decorator_list
        ):
            yield node


def test_no_module_is_too_long() -> None:
    lengths = {path.relative_to(ROOT): path.read_text("utf-8").count("\n") for path in MODULES}
    assert not {path: lines for path, lines in lengths.items() if lines > MOST_LINES}


def test_docstrings_of_functions_start_with_a_verb() -> None:
    others = [
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name}: {text.splitlines()[0]}"
        for path in MODULES
        for function in functions(ast.parse(path.read_text("utf-8")))
        if (text := ast.get_docstring(function))
        if text.split()[0].rstrip(",.;:") not in VERBS
    ]
    assert not others, "\n".join(others)


def test_imports_keep_to_the_contracts_of_pyproject(monkeypatch: pytest.MonkeyPatch) -> None:
    cli = pytest.importorskip("importlinter.cli")
    monkeypatch.chdir(ROOT)
    assert cli.lint_imports(no_cache=True) == 0


@pytest.mark.parametrize(
    "document",
    [
        "CONTRIBUTING.md",
        "README.md",
        "SECURITY.md",
        "tests/README.md",
        *(str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("docs/**/*.md"))),
    ],
)
def test_files_that_a_document_names_are_there(document: str) -> None:
    """In `code/with/slashes`, and in links; of `a/<new>.py` the folder."""
    text = (ROOT / document).read_text("utf-8")
    names = re.findall(r"`([\w.-]+/[^`\s]*)`", text) + re.findall(r"\]\(([^)#:]+)\)", text)
    folders = (ROOT, (ROOT / document).parent)
    for name in names:
        assert any((folder / name.partition("<")[0]).exists() for folder in folders), name


def test_rows_of_the_tables_in_conftest_name_tests_that_exist(
    request: pytest.FixtureRequest,
) -> None:
    (tables,) = [
        plugin
        for plugin in request.config.pluginmanager.get_plugins()
        if getattr(plugin, "__file__", None) == str(ROOT / "tests" / "conftest.py")
    ]
    for row in {*tables.IS_INTEGRATION, *tables.WINDOWS, *tables.MACOS}:
        path, _, test = row.partition("::")
        assert (found := ROOT / "tests" / path).exists(), row
        assert not test or re.search(rf"(def|class) {test}", found.read_text("utf-8")), row
