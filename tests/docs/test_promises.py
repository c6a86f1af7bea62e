"""Each promise of the README has tests, and the page that lists them is up to date."""

import pytest

from tests.promises import PAGE, PROMISES, ROOT, page, proofs


@pytest.mark.parametrize("promise", PROMISES)
def test_every_promise_has_a_test_with_a_docstring(promise: str) -> None:
    """Every promise is tested."""
    tests = [proof for proof in proofs() if proof.promise == promise]

    assert tests
    assert [] == [proof.name for proof in tests if not proof.how]


def test_no_proof_is_listed_twice() -> None:
    """Each test is listed once per promise."""
    listed = [(proof.promise, proof.path, proof.name) for proof in proofs()]

    assert sorted(set(listed)) == sorted(listed)


def test_no_test_proves_a_promise_that_nobody_made() -> None:
    """A misspelt marker fails here."""
    assert {proof.promise for proof in proofs()} <= set(PROMISES)


def test_the_page_is_what_the_tests_say() -> None:
    """If this fails, run `python -m tests.promises`."""
    assert page() == PAGE.read_text(encoding="utf-8"), "run `python -m tests.promises`"


@pytest.mark.parametrize(("promise", "meaning"), PROMISES.items())
def test_the_readme_makes_every_promise_in_the_same_words(promise: str, meaning: str) -> None:
    """And links it to its tests."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    anchor = promise.lower().replace(" ", "-")

    assert f"[{promise}](docs/promises.md#{anchor})" in readme
    assert meaning in readme
