"""The walk of docs/deployment.md and the hooks of azd, run against stand-ins for `az`, `azd` and `func`.

`python -m tests.infra.walk` prints the arguments of every call of `az`, one JSON array a line, for az_parser.py.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.infra.bicep import INFRA, declarations

ROOT: Final = INFRA.parent
PAGE: Final = ROOT / "docs" / "deployment.md"
_SECONDS: Final = 120
# Every id has a space in it: a variable without quotes falls into two arguments.
_STAND_IN: Final = f"""#!{sys.executable}
import json, os, pathlib, sys
name, arguments = pathlib.Path(sys.argv[0]).name, sys.argv[1:]
with open(os.environ["CALLS"], "a") as calls:
    print(json.dumps([name, *arguments]), file=calls)
words = arguments[: next((at for at, word in enumerate(arguments) if word.startswith("-")), len(arguments))]
given = dict(zip(arguments, arguments[1:]))
query = given.get("--query", "")
if name == "azd" and "get-value" in words:
    print("https://data.table.core.windows.net/")
elif words[:1] == ["rest"]:
    print("chat_thread_events", "chat_user_events", "sms_events", sep="\\n")
elif query.endswith("].name"):
    print("sms-events", "new-types", sep="\\n")
elif query == "id":
    kind = given.get("--resource-type", "Microsoft.Standin/" + "-".join(words[:-1]))
    group = given.get("--resource-group", "none")
    print(f"/subscriptions/the subscription/resourceGroups/{{group}}/providers/{{kind}}/{{given.get('--name', 'me')}}")
elif query in ("clientId", "principalId", "identity.principalId"):
    print(f"{{query}} of {{given['--name']}}")
"""


def blocks(page: str) -> list[str]:
    """Return the shell commands of a page, one text a block."""
    return re.findall(r"^```sh\n(.*?)^```$", page, flags=re.DOTALL | re.MULTILINE)


def calls_of_page(page: str) -> list[list[str]]:
    """Run every block of a page in one shell, in order; return each call with its arguments.

    Raises:
        subprocess.CalledProcessError: a command fails, or a variable is used that no command has set.
    """
    return _calls(["sh", "-euc", "\n".join(blocks(page))], {})


def calls_of_hooks() -> list[list[str]]:
    """Run each hook with what provisioning puts out; return the calls of `az` with their arguments."""
    outputs = {one.name: f"the {one.name}" for one in declarations(INFRA / "main.bicep", "output")}
    environment = {**outputs, "AZURE_SUBSCRIPTION_ID": "the subscription", "SUBSCRIBE_WAIT_SECONDS": "0"}
    scripts = sorted((ROOT / "scripts").glob("*.sh"))
    return [call for script in scripts for call in _calls(["sh", str(script)], environment)]


def _calls(command: list[str], environment: Mapping[str, str]) -> list[list[str]]:
    with TemporaryDirectory() as folder:
        noted = Path(folder, "calls.jsonl")
        noted.touch()
        programs = [Path(folder, "bin", name) for name in ("az", "azd", "func")]
        for program in (*programs, Path(folder, ".venv", "bin", "python"), Path(folder, ".venv", "bin", "acsevents")):
            program.parent.mkdir(parents=True, exist_ok=True)
            program.write_text(_STAND_IN, encoding="utf-8")
            program.chmod(0o755)
        path = f"{folder}/bin{os.pathsep}{os.defpath}"
        subprocess.run(
            command,
            cwd=folder,
            env={**environment, "PATH": path, "CALLS": str(noted)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=True,
        )
        return [json.loads(line) for line in noted.read_text(encoding="utf-8").splitlines()]


if __name__ == "__main__":
    for call in [*calls_of_page(PAGE.read_text(encoding="utf-8")), *calls_of_hooks()]:
        if call[0] == "az":
            sys.stdout.write(f"{json.dumps(call[1:])}\n")
