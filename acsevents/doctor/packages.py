"""Compare the packages of this environment with those that the app is deployed with."""

from collections.abc import Callable, Iterator
from importlib import metadata, util
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement

from acsevents.doctor.finding import Finding, ok, wrong

REQUIREMENTS: Final = Path(__file__).parents[2] / "requirements.txt"
_INSTALL: Final = "run `make setup`"
_FORBIDDEN: Final = {
    "orjson": "azure-functions parses triggers with it, and valid events fail before the app gets them",
}

Installed = Callable[[str], str | None]


def examine_packages(installed: Installed | None = None) -> Iterator[Finding]:
    """Compare the installed packages with requirements.txt, and find those that must not be installed."""
    version_of = installed or _installed
    lines = (line.partition("#")[0].strip() for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines())
    for requirement in (Requirement(line) for line in lines if line):
        version = version_of(requirement.name)
        check = f"package {requirement.name}"
        if version is None:
            yield wrong(check, "is not installed", _INSTALL)
        elif not requirement.specifier.contains(version, prereleases=True):
            yield wrong(check, f"is {version}, but the app needs {requirement.specifier}", _INSTALL)
        else:
            yield ok(check, version)
    for name, harm in _FORBIDDEN.items():
        if version_of(name) is not None:
            yield wrong(f"package {name}", f"must not be installed: {harm}", f"run `pip uninstall {name}`")
        else:
            yield ok(f"package {name}", "is not installed, as required")


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "an unknown version" if util.find_spec(name.replace("-", "_")) else None
