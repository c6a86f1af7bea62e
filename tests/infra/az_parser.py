"""Reads calls of `az` from stdin, one JSON array of arguments a line, and lets azure-cli parse each; none is run.

Runs in an environment of azure-cli's own: `make walk`. Nothing of this project is imported.
"""

import json
import os
import sys
import tempfile
from typing import Any


class _Parsed(BaseException):  # azure-cli would tell an Exception as an error
    """The call is understood, and must not go on."""


def is_understood(arguments: list[str]) -> bool:
    """Parse one call as `az` does; what it has against it is on stderr."""
    from azure.cli.core import get_default_cli  # type: ignore[import-untyped] # noqa: PLC0415  reads its folder
    from knack.events import EVENT_INVOKER_POST_PARSE_ARGS  # type: ignore[import-not-found] # noqa: PLC0415  the same

    def stop(*_: Any, **__: Any) -> None:
        raise _Parsed

    cli = get_default_cli()
    cli.register_event(EVENT_INVOKER_POST_PARSE_ARGS, stop)
    try:
        cli.invoke(arguments)
    except _Parsed:
        return True
    except SystemExit:
        return False
    return False


if __name__ == "__main__":
    calls = [json.loads(line) for line in sys.stdin]
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"AZURE_CONFIG_DIR": folder, "AZURE_CORE_COLLECT_TELEMETRY": "no"}
        refused = [call for call in calls if not is_understood(call)]
    for call in refused:
        sys.stdout.write(f"not understood: az {' '.join(call)}\n")
    sys.stdout.write(f"azure-cli understands {len(calls) - len(refused)} of {len(calls)} calls\n")
    sys.exit(bool(refused) or not calls)
