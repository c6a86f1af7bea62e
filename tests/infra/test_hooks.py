"""The hooks of azd do in order what they must, against an `az` that notes its calls and answers as told."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from tests.infra.bicep import INFRA, declarations

ROOT: Final = INFRA.parent
SCRIPTS: Final = sorted((ROOT / "scripts").glob("*.sh"))
FUNCTIONS: Final = ("chat_thread_events", "chat_user_events", "sms_events")
ENVIRONMENT: Final = {
    "AZURE_SUBSCRIPTION_ID": "00000000-0000-0000-0000-000000000001",
    "AZURE_RESOURCE_GROUP": "rg-sink",
    "TOPIC_SUBSCRIPTION_ID": "00000000-0000-0000-0000-000000000001",
    "TOPIC_RESOURCE_GROUP": "rg-acs",
    "TOPIC_NAME": "acs-topic",
    "FUNCTION_APP_ID": "/subscriptions/1/resourceGroups/rg-sink/providers/Microsoft.Web/sites/func-x",
    "FUNCTION_APP_NAME": "func-x",
    "DEAD_LETTER_STORAGE_ID": "/subscriptions/1/resourceGroups/rg-sink/providers/Microsoft.Storage/x",
    "SUBSCRIBE_WAIT_SECONDS": "0",
}
# Answers each kind of call from a list, the last one again and again; notes the arguments of every call.
FAKE_AZ: Final = f"""#!{sys.executable}
import json, pathlib, sys
folder = pathlib.Path(__file__).parent
with (folder / "calls.jsonl").open("a") as calls:
    print(json.dumps(sys.argv[1:]), file=calls)
answers = json.loads((folder / "answers.json").read_text())
kind = next(kind for kind in answers if sys.argv[1:][:len(kind.split())] == kind.split())
output, code = answers[kind].pop(0) if len(answers[kind]) > 1 else answers[kind][0]
(folder / "answers.json").write_text(json.dumps(answers))
print(output, end="" if not output else "\\n")
sys.exit(code)
"""
OK: Final = ["", 0]
ALL_THERE: Final = ["\n".join(FUNCTIONS), 0]


class Az:
    """An `az` on the PATH of the scripts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        program = folder / "az"
        program.write_text(FAKE_AZ)
        program.chmod(0o755)

    def run(self, script: str, answers: dict[str, list[list[Any]]], **changed: str) -> subprocess.CompletedProcess[str]:
        """Run a script of the repository; a variable that is changed to nothing is not set."""
        (self._folder / "answers.json").write_text(json.dumps(answers))
        environment = {name: value for name, value in {**ENVIRONMENT, **changed}.items() if value}
        path = f"{self._folder}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            ["sh", ROOT / "scripts" / script],
            env={**environment, "PATH": path},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def calls(self, *of: str) -> list[list[str]]:
        """Return the arguments of every call that begins so."""
        noted = self._folder / "calls.jsonl"
        lines = noted.read_text().splitlines() if noted.exists() else []
        return [call for call in map(json.loads, lines) if tuple(call[: len(of)]) == of]


@pytest.fixture(name="az")
def _az(tmp_path: Path) -> Az:
    """An `az` that has not been called."""
    return Az(tmp_path)


def test_subscribing_deploys_the_subscriptions_to_the_group_of_the_topic(az: Az) -> None:
    """With the names that provisioning put out, once, when every function is listed."""
    done = az.run("subscribe.sh", {"account": [OK], "rest": [ALL_THERE], "deployment": [OK]})

    assert (0, "") == (done.returncode, done.stderr)
    assert ["account", "rest", "deployment"] == [call[0] for call in az.calls()]
    (call,) = az.calls("deployment", "group", "create")
    assert call[call.index("--resource-group") + 1] == "rg-acs"
    assert call[call.index("--template-file") + 1] == str(INFRA / "event-subscriptions.bicep")
    given = dict(argument.split("=", 1) for argument in call[call.index("--parameters") + 1 : -2])
    assert {one.name for one in declarations(INFRA / "event-subscriptions.bicep", "parameter")} == set(given)
    assert given["functionAppId"] == ENVIRONMENT["FUNCTION_APP_ID"]


def test_subscribing_waits_until_every_function_is_listed(az: Az) -> None:
    """Event Grid refuses a subscription to a function that it does not find; a failing question is asked again."""
    listed = [["", 1], ["sms_events", 0], ["sms_events\nchat_user_events_of_old", 0], ALL_THERE]

    done = az.run("subscribe.sh", {"account": [OK], "rest": listed, "deployment": [OK]})

    assert done.returncode == 0
    assert len(az.calls("rest")) == 4
    assert "waiting for chat_thread_events chat_user_events (3 of 20)" in done.stdout


def test_subscribing_gives_up_on_functions_that_never_come(az: Az) -> None:
    """It names them, and the cure, and subscribes to nothing."""
    done = az.run("subscribe.sh", {"account": [OK], "rest": [["sms_events", 0]], "deployment": [OK]})

    assert done.returncode == 1
    assert "does not list these functions: chat_thread_events chat_user_events." in done.stderr
    assert "azd deploy" in done.stderr
    assert [] == az.calls("deployment")


def test_subscribing_is_tried_again_while_roles_take_effect(az: Az) -> None:
    """The first attempts on a new topic may fail."""
    done = az.run("subscribe.sh", {"account": [OK], "rest": [ALL_THERE], "deployment": [["", 1], ["", 1], OK]})

    assert done.returncode == 0
    assert len(az.calls("deployment")) == 3


def test_subscribing_ends_with_the_cure_when_it_keeps_failing(az: Az) -> None:
    """Six attempts, with what `az` said about each."""
    done = az.run("subscribe.sh", {"account": [OK], "rest": [ALL_THERE], "deployment": [["no such role", 1]]})

    assert done.returncode == 1
    assert len(az.calls("deployment")) == 6
    assert done.stdout.count("no such role") == 6
    assert "azd hooks run postdeploy" in done.stderr


def test_subscribing_without_a_sign_in_says_how_to_get_one(az: Az) -> None:
    """The sign-in of azd is another one than that of az."""
    done = az.run("subscribe.sh", {"account": [["", 1]]})

    assert done.returncode == 1
    assert "az login" in done.stderr
    assert "auth.useAzCliAuth" in done.stderr


def test_subscribing_leaves_subscriptions_alone_when_told_so(az: Az) -> None:
    """A rollback must not narrow them: what the older code does not know becomes a dead letter and is replayed."""
    done = az.run("subscribe.sh", {}, KEEP_SUBSCRIPTIONS="true")

    assert done.returncode == 0
    assert [] == az.calls()


@pytest.mark.parametrize("name", ["FUNCTION_APP_ID", "TOPIC_NAME", "TOPIC_RESOURCE_GROUP", "DEAD_LETTER_STORAGE_ID"])
def test_subscribing_names_what_provisioning_left_out(az: Az, name: str) -> None:
    """Nothing is called before everything is known."""
    done = az.run("subscribe.sh", {}, **{name: ""})

    assert done.returncode != 0
    assert name in done.stderr
    assert "azd provision" in done.stderr
    assert [] == az.calls()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_what_a_script_reads_is_put_out_by_provisioning(script: Path) -> None:
    """Outputs of main.bicep become variables of the azd environment; azd itself adds the subscription."""
    outputs = {one.name for one in declarations(INFRA / "main.bicep", "output")}
    read = set(re.findall(r"\$\{?([A-Z][A-Z_]+)", script.read_text()))

    assert read - {"KEEP_SUBSCRIPTIONS", "SUBSCRIBE_WAIT_SECONDS"} <= outputs | {"AZURE_SUBSCRIPTION_ID"}


def test_unsubscribing_takes_this_apps_subscriptions_off_a_topic_that_stays(az: Az) -> None:
    """Only those: the topic has others."""
    group = "eventgrid system-topic event-subscription"

    done = az.run("unsubscribe.sh", {f"{group} list": [["sms-events\nnew-types", 0]], f"{group} delete": [OK]})

    assert done.returncode == 0
    (listed,) = az.calls(*group.split(), "list")
    assert "/sites/func-x/functions/" in listed[listed.index("--query") + 1]
    deleted = az.calls(*group.split(), "delete")
    assert ["sms-events", "new-types"] == [call[call.index("--name") + 1] for call in deleted]


@pytest.mark.parametrize("changed", [{"TOPIC_RESOURCE_GROUP": "rg-sink"}, {"TOPIC_NAME": ""}])
def test_unsubscribing_is_nothing_to_do_when_the_topic_goes_with_its_group(az: Az, changed: dict[str, str]) -> None:
    """Nor when nothing was provisioned: `azd down` goes on."""
    done = az.run("unsubscribe.sh", {}, **changed)

    assert done.returncode == 0
    assert [] == az.calls()


def test_azd_runs_scripts_that_exist_and_may_be_run() -> None:
    """On Windows by the shell that comes with Git or WSL."""
    text = (ROOT / "azure.yaml").read_text()
    run = {line.split()[-1] for line in text.splitlines() if line.strip().startswith("run:")}

    assert {f"./scripts/{script.name}" for script in SCRIPTS} == run
    assert [] == [script.name for script in SCRIPTS if not os.access(script, os.X_OK)]


def test_shellcheck_has_nothing_to_say() -> None:
    """Of the hooks and of what CI runs."""
    shellcheck = Path(sys.executable).with_name("shellcheck")

    found = subprocess.run(
        [shellcheck, *SCRIPTS, ROOT / ".ci" / "run"], capture_output=True, text=True, timeout=60, check=False
    )

    assert found.stdout == ""
    assert found.returncode == 0
