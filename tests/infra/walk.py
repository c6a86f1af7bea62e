"""The walk of docs/deployment.md and the hooks of azd, run against stand-ins for `az`, `azd` and `func`.

Where azure-cli is, `az` can be the real one, without Azure: `make walk`.
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
_SECONDS: Final = 600
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


def calls_of_page(page: str, az: str = _STAND_IN, **environment: str) -> list[list[str]]:
    """Run every block of a page in one shell, in order; return each call of a stand-in with its arguments.

    Args:
        page: its text.
        az: the program, if it is not to be a stand-in.
        environment: of that program.

    Raises:
        subprocess.CalledProcessError: a command fails, or a variable is used that no command has set.
    """
    return _calls(["sh", "-euc", "\n".join(blocks(page))], environment, az)


def calls_of_hooks() -> list[list[str]]:
    """Run each hook with what provisioning puts out; return the calls of `az` with their arguments."""
    outputs = {one.name: f"the {one.name}" for one in declarations(INFRA / "main.bicep", "output")}
    environment = {**outputs, "AZURE_SUBSCRIPTION_ID": "the subscription", "SUBSCRIBE_WAIT_SECONDS": "0"}
    scripts = sorted((ROOT / "scripts").glob("*.sh"))
    return [call for script in scripts for call in _calls(["sh", str(script)], environment, _STAND_IN)]


def _calls(command: list[str], environment: Mapping[str, str], az: str) -> list[list[str]]:
    with TemporaryDirectory() as folder:
        noted = Path(folder, "calls.jsonl")
        noted.touch()
        programs = {Path("bin", name): _STAND_IN for name in ("azd", "func")} | {Path("bin", "az"): az}
        programs |= {Path(".venv", "bin", name): _STAND_IN for name in ("python", "acsevents")}
        for path, program in programs.items():
            Path(folder, path).parent.mkdir(parents=True, exist_ok=True)
            Path(folder, path).write_text(program, encoding="utf-8")
            Path(folder, path).chmod(0o755)
        subprocess.run(
            command,
            cwd=folder,
            env={**environment, "PATH": f"{folder}/bin{os.pathsep}{os.defpath}", "CALLS": str(noted)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=True,
        )
        return [json.loads(line) for line in noted.read_text(encoding="utf-8").splitlines()]
