"""What a fork gets: workflows that call what there is, editor settings that parse, one list of extensions."""

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parents[2]
WORKFLOWS: Final = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
EDITOR: Final = [ROOT / ".devcontainer" / "devcontainer.json", *sorted((ROOT / ".vscode").glob("*.json"))]


def _json(path: Path) -> Any:
    """Read JSON with the comments that editors allow on lines of their own."""
    return json.loads(re.sub(r"^\s*//.*$", "", path.read_text(), flags=re.MULTILINE))


def test_every_make_target_that_a_workflow_or_task_calls_exists() -> None:
    """A workflow is noticed to be wrong only where it runs."""
    makefile = (ROOT / "Makefile").read_text()
    called = {target for path in (*WORKFLOWS, *EDITOR) for target in re.findall(r"\bmake ([a-z-]+)", path.read_text())}

    assert {"check", "test", "func-test", "infra", "setup"} <= called
    assert [] == [target for target in called if f"\n{target}:" not in makefile]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_to_a_commit(path: Path) -> None:
    """A tag can be moved to other code, which would run with the rights to deploy."""
    used = re.findall(r"uses: (\S+)", path.read_text())

    assert used
    assert [] == [action for action in used if not re.search(r"@[0-9a-f]{40}$", action)]


def test_tests_run_on_every_python_and_at_both_ends_of_the_dependencies() -> None:
    """From the oldest that the code is written for to the newest that Functions has; so with the packages."""
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text()

    assert 'python: ["3.11", "3.12", "3.13", "3.14"]' in text
    assert "dependencies: [highest]" in text
    assert "dependencies: lowest-direct" in text
    assert "--resolution ${{ matrix.dependencies }} -r requirements.txt" in text


def test_the_deploying_workflow_passes_every_variable_of_provisioning() -> None:
    """One that is set in the repository and not passed on would be the default, silently; so would a misspelt one."""
    text = (ROOT / ".github" / "workflows" / "deploy.yml").read_text()
    passed = set(re.findall(r"^      ([A-Z_]+): ", text, flags=re.MULTILINE))
    known = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "infra" / "main.parameters.json").read_text()))
    for_azd_and_the_hooks = {"AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_SUBSCRIPTION_ID", "KEEP_SUBSCRIPTIONS"}

    assert passed == (known - {"AZURE_PRINCIPAL_ID"}) | for_azd_and_the_hooks
    assert [] == [
        name for name, of in re.findall(r"^      (\w+): \$\{\{ vars\.(\w+) \}\}$", text, re.MULTILINE) if name != of
    ]


def test_every_variable_of_provisioning_is_documented_with_its_default() -> None:
    """docs/deployment.md has a row for each."""
    page = (ROOT / "docs" / "deployment.md").read_text()
    parameters = (ROOT / "infra" / "main.parameters.json").read_text()
    by_azd_itself = {"AZURE_ENV_NAME", "AZURE_LOCATION", "AZURE_PRINCIPAL_ID"}
    variables = dict(re.findall(r"\$\{([A-Z_]+)(?:=([^}]*))?\}", parameters))

    for name in set(variables) - by_azd_itself:
        (row,) = [line for line in page.splitlines() if line.startswith(f"| `{name}` |")]
        assert (f"`{variables[name]}`" if variables[name] else row.split("|")[2].strip()) in row


@pytest.mark.parametrize("path", EDITOR, ids=lambda path: path.name)
def test_editor_settings_parse(path: Path) -> None:
    """Editors ignore a broken file without a word."""
    assert _json(path)


def test_the_container_installs_the_extensions_that_are_recommended() -> None:
    """One list, in two places that cannot share it."""
    container = _json(ROOT / ".devcontainer" / "devcontainer.json")["customizations"]["vscode"]["extensions"]

    assert container == _json(ROOT / ".vscode" / "extensions.json")["recommendations"]
