"""The development environment is locked; deployed requirements are ranges."""

import re
from pathlib import Path
from typing import Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).parents[2]
LOCK: Final = (ROOT / "requirements-dev.lock").read_text("utf-8")
_PIN: Final = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[\w.]+)(?: ; [^\\]+)? \\\n(?: +--hash=.*\n)+", re.MULTILINE)


def _requirements(file: str) -> list[Requirement]:
    lines = [line.partition("#")[0].strip() for line in (ROOT / file).read_text("utf-8").splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith("-r")]


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_locked_within_its_range(file: str) -> None:
    """Once for each version of Python that needs its own."""
    pins: dict[str, list[str]] = {}
    for pin in _PIN.finditer(LOCK):
        pins.setdefault(canonicalize_name(pin["name"]), []).append(pin["version"])
    loose = {
        str(requirement): pins.get(canonicalize_name(requirement.name))
        for requirement in _requirements(file)
        if not pins.get(canonicalize_name(requirement.name))
        or not all(map(requirement.specifier.contains, pins[canonicalize_name(requirement.name)]))
    }

    assert loose == {}, "run `make lock`"


def test_the_lock_holds_hashes_and_no_host() -> None:
    """It installs the same files from any index, and no others."""
    others = [line for line in _PIN.sub("", LOCK).splitlines() if line.strip() and not line.lstrip().startswith("#")]

    assert others == []
    assert len(_PIN.findall(LOCK)) > len(_requirements("requirements-dev.txt"))
    assert "://" not in LOCK


def test_no_aiohttp_is_deployed_that_empties_the_bodies_it_sends_again() -> None:
    """3.14.0 to 3.14.3 do so after a dropped connection: the service keeps an empty row and reports success."""
    (aiohttp,) = (one for one in _requirements("requirements.txt") if one.name == "aiohttp")

    assert [version for version in ("3.14.0", "3.14.3") if version in aiohttp.specifier] == []


def test_what_is_deployed_is_a_range_with_both_ends() -> None:
    """Fixes arrive without a change here, and breaking changes do not."""
    for requirement in _requirements("requirements.txt"):
        assert {bound.operator for bound in requirement.specifier} == {">=", "<"}
