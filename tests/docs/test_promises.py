"""The promises of the README have tests of their own, and the page that lists them is true."""

import pytest

from tests.promises import PAGE, PROMISES, ROOT, page, proofs


@pytest.mark.parametrize("promise", PROMISES)
def test_every_promise_has_a_test_with_a_docstring(promise: str) -> None:
    """A promise without a test is a wish."""
    tests = [proof for proof in proofs() if proof.promise == promise]

    assert tests
    assert [] == [proof.name for proof in tests if not proof.how]


def test_no_proof_is_listed_twice() -> None:
    """The page shows how much is proven, no more."""
    listed = [(proof.promise, proof.path, proof.name) for proof in proofs()]

    assert sorted(set(listed)) == sorted(listed)


def test_no_test_proves_a_promise_that_nobody_made() -> None:
    """A misspelt marker would prove nothing."""
    assert {proof.promise for proof in proofs()} <= set(PROMISES)


def test_the_page_is_what_the_tests_say() -> None:
    """A new proof is listed at once."""
    assert page() == PAGE.read_text(encoding="utf-8"), "run `python -m tests.promises`"


@pytest.mark.parametrize(("promise", "meaning"), PROMISES.items())
def test_the_readme_makes_every_promise_in_the_same_words(promise: str, meaning: str) -> None:
    """And links it to its tests."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    anchor = promise.lower().replace(" ", "-")

    assert f"[{promise}](docs/promises.md#{anchor})" in readme
    assert meaning in readme
