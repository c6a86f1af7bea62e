"""Imports: the core stays pure, arrows point one way, and the requirements are what is imported."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module, metadata, util
from pathlib import Path
from typing import Final

import pytest
from packaging.requirements import Requirement

ROOT: Final = Path(__file__).parents[2]
IMPURE: Final = ("azure.functions", "azure.data.tables", "azure.identity", "aiohttp", "orjson")
SURROUNDINGS: Final = {
    *("os", "time", "random", "secrets", "socket", "pathlib", "logging", "asyncio", "subprocess", "tempfile"),
    *("now", "utcnow", "today", "environ", "getenv", "open", "print", "input"),
}
OURS: Final = {"shared", "functions", "acsevents", "benchmarks", "tests"}

# What each package of shared/ may import; a module beside the folders counts as a package.
ARROWS: Final[dict[str, set[str]]] = {
    "errors": set(),
    "events": {"errors"},
    "catalogue": {"events"},
    "decoder": {"catalogue", "events", "errors"},
    "rows": {"catalogue", "events", "errors"},
    "stored": {"decoder", "events", "rows", "errors"},
    "stories": {"events"},
    "storage": {"rows", "events", "errors"},
    "intake": set(),
    "sink": {"intake", "catalogue", "decoder", "events", "rows", "storage", "errors"},
    "lookups": {"catalogue", "decoder", "events", "rows", "storage", "stored", "stories", "errors"},
}
PURE: Final = ("errors", "events", "catalogue", "decoder", "rows", "stored", "stories")

# Required, though nothing that is deployed imports them.
NEVER_IMPORTED: Final = {
    "azure-eventgrid": "publishes from the command line; a cold start would wait longer for it than for the whole app",
    "aiohttp": "azure-data-tables.aio imports it, and requires it only as an extra of azure-core",
}


@pytest.mark.parametrize("module", ["shared.decoder", "shared.stories", "shared.stored", "shared.rows.dead_letters"])
def test_the_core_imports_no_functions_and_no_tables(module: str) -> None:
    """In a process of its own, importing the core loads neither, not even indirectly."""
    code = f"import sys, {module}; print([name for name in {IMPURE!r} if name in sys.modules])"
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )

    assert (ran.stdout.strip(), ran.stderr) == ("[]", "")


def _modules_of(package: str) -> list[Path]:
    folder = ROOT / "shared" / package
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


def _modules_in(node: ast.AST) -> list[str]:
    """Return the modules that a node imports; `from shared import keys` imports `shared.keys`."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        if node.module in {"shared", "azure"}:
            return [f"{node.module}.{alias.name}" for alias in node.names]
        return [node.module]
    return []


def _used_in(node: ast.AST) -> Iterator[str]:
    """Yield the modules that a node imports and the functions that it calls."""
    yield from (module.partition(".")[0] for module in _modules_in(node))
    if isinstance(node, ast.Call):
        called = node.func
        yield from [called.attr] if isinstance(called, ast.Attribute) else []
        yield from [called.id] if isinstance(called, ast.Name) else []


def test_every_package_is_in_arrows() -> None:
    """Every folder and module of shared/ is in ARROWS, which lists what it may import."""
    packages = {path.stem for path in (ROOT / "shared").iterdir() if path.name not in {"__init__.py", "__pycache__"}}

    assert ARROWS.keys() == packages, "add the new package to ARROWS above"


@pytest.mark.parametrize("package", ARROWS)
def test_arrows_between_the_packages_point_one_way(package: str) -> None:
    """A module imports only what ARROWS allows its folder."""
    imported = {
        module.split(".")[1]
        for path in _modules_of(package)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for module in _modules_in(node)
        if module.startswith("shared.")
    }

    assert imported - {package} <= ARROWS[package]


@pytest.mark.parametrize("package", ["shared.lookups", "shared.stories"])
def test_every_name_that_a_package_exports_is_there(package: str) -> None:
    """`__all__` lists the public names of the package."""
    module = import_module(package)

    assert [name for name in module.__all__ if not hasattr(module, name)] == []


@pytest.mark.parametrize("package", PURE)
def test_the_core_reads_no_clock_and_no_surroundings(package: str) -> None:
    """No clock, no environment, no input or output: the same text always gives the same record."""
    for path in _modules_of(package):
        used = {name for node in ast.walk(ast.parse(path.read_text("utf-8"))) for name in _used_in(node)}

        assert used & SURROUNDINGS == set(), path


def test_orjson_is_not_installed() -> None:
    """With it, azure-functions would parse triggers with it, and some valid events would fail before our code runs."""
    assert util.find_spec("orjson") is None


def _imported(*folders: str) -> set[str]:
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")] + [ROOT / "function_app.py"]
    modules = {
        module
        for path in files
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for module in _modules_in(node)
    }
    return {module for module in modules if module.partition(".")[0] not in {*sys.stdlib_module_names, *OURS}}


def _required(file: str) -> dict[str, str]:
    lines = (ROOT / file).read_text("utf-8").splitlines()
    named = [line.partition("#") for line in lines if line and not line.startswith(("#", "-r"))]
    return {_name(line): reason for line, _, reason in named}


def _name(requirement: str) -> str:
    return re.split(r"[<>=~!\[;( ]", requirement)[0].lower()


def _distribution(module: str) -> str:
    """Return the distribution of a module; for a namespace such as `azure` the second name counts."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        name = "-".join(parts[:length]).replace("_", "-")
        try:
            return metadata.distribution(name).name.lower()
        except metadata.PackageNotFoundError:
            continue
    return module


def test_what_is_deployed_imports_what_is_required_and_no_more() -> None:
    """Deployed code imports only what is required, and what is required is imported. Exceptions have their reason."""
    required = _required("requirements.txt")
    imported = {_distribution(module) for module in _imported("shared", "functions")}
    brought_along = {_name(line) for name in required for line in metadata.requires(name) or ()}

    assert imported - brought_along <= required.keys()
    assert required.keys() - imported == NEVER_IMPORTED.keys()
    assert NEVER_IMPORTED.keys() <= {_distribution(module) for module in _imported("acsevents")}
    assert [name for name, reason in required.items() if not reason.strip()] == []


@pytest.mark.parametrize("version", ["3.14.0", "3.14.3"])
def test_no_aiohttp_is_installed_that_resends_an_emptied_body(version: str) -> None:
    """After a dropped connection, such a version would write a row without columns and report success."""
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    (aiohttp,) = [Requirement(line.partition("#")[0]) for line in lines if line.startswith("aiohttp")]

    assert not aiohttp.specifier.contains(version)
    assert aiohttp.specifier.contains("3.14.4")


def test_development_adds_what_the_deployed_app_does_not_have() -> None:
    """No package is required twice, and each line has its reason."""
    development = _required("requirements-dev.txt")

    assert development.keys() & _required("requirements.txt").keys() == set()
    assert [name for name, reason in development.items() if not reason.strip()] == []
    assert "-r requirements.txt" in (ROOT / "requirements-dev.txt").read_text("utf-8")
