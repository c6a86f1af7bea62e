"""What is published to Azure is what runs there, and nothing that a tool leaves behind is published or committed."""

import subprocess
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
RUNS: Final = {"function_app.py", "functions", "shared", "host.json", "requirements.txt"}
LEFT_BEHIND: Final = (".azure/sink/.env", ".local/checkov/bin/checkov", "infra/main.json", "infra/modules/topic.json")


def _patterns() -> list[str]:
    return [line for line in (ROOT / ".funcignore").read_text().splitlines() if line and not line.startswith("#")]


def test_only_what_runs_in_azure_is_published() -> None:
    """Everything else that lies in the folder is named by `.funcignore`."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    top = {name.partition("/")[0] for name in tracked}
    published = {name for name in top if not any(fnmatch(name, pattern) for pattern in _patterns())}

    assert published == RUNS
    # `func` puts the packages that it builds into this folder, and must find them again.
    assert not any(fnmatch(".python_packages", pattern) for pattern in _patterns())


def test_what_tools_leave_behind_is_neither_committed_nor_published() -> None:
    """The environments of azd, what the compiler of Bicep writes, and what `make` installs."""
    ignored = subprocess.run(
        ["git", "check-ignore", *LEFT_BEHIND], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split()

    assert list(LEFT_BEHIND) == ignored
    top = [name.partition("/")[0] for name in LEFT_BEHIND]
    assert [] == [name for name in top if not any(fnmatch(name, pattern) for pattern in _patterns())]


def test_the_declaration_is_not_what_the_compiler_of_bicep_writes() -> None:
    """`az bicep build` writes beside a file one of the same name that ends in .json."""
    sources = [path.stem for path in (ROOT / "infra").rglob("*.bicep")]

    assert [] == [path.name for path in (ROOT / "infra").glob("*.json") if path.stem in sources and "main" != path.stem]
