"""The Python worker of the Functions host: it indexes the functions of `function_app.py` and runs them."""

import importlib.util
import inspect
import logging
import sys
import time
import typing
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import ModuleType
from uuid import uuid4

import azure.functions as func
from azure.functions.decorators.function_app import Function

from acsevents.local import LocalStackError

_TRIGGER = "eventGridTrigger"
_log = logging.getLogger(__name__)

EventGridFunction = Callable[[str], Awaitable[object]]


def index(script_root: Path) -> dict[str, EventGridFunction]:
    """Import `function_app.py` and return its Event Grid functions by name.

    Raises:
        LocalStackError: the file cannot be imported, or does not have exactly one FunctionApp at its top level. Or it
            has a function that the worker would not load or that this host cannot run.
    """
    module = _import(script_root / "function_app.py")
    apps = [value for value in vars(module).values() if isinstance(value, func.FunctionRegister)]
    if len(apps) != 1:
        raise LocalStackError(f"function_app.py must have one FunctionApp at its top level, and has {len(apps)}")
    try:
        return {name: handler for function in apps[0].get_functions() for name, handler in _served(function)}
    except (ValueError, TypeError, NameError) as error:  # what azure-functions and get_type_hints raise
        raise LocalStackError(f"function_app.py cannot be indexed: {error}") from error


def _import(path: Path) -> ModuleType:
    root = str(path.parent.resolve())
    if root not in sys.path:
        sys.path.append(root)  # last, as in the worker: installed packages take precedence over the app's modules
    spec = importlib.util.spec_from_file_location("function_app", path)
    if not path.exists() or spec is None or spec.loader is None:
        raise LocalStackError(f"there is no function_app.py in {path.parent}: give its folder as --script-root")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise LocalStackError(f"function_app.py cannot be imported: {type(error).__name__}: {error}") from error
    return module


def _served(function: Function) -> list[tuple[str, EventGridFunction]]:
    name, trigger, handler = function.get_function_name(), function.get_trigger(), function.get_user_function()
    if name is None or trigger is None or trigger.type != _TRIGGER:
        _log.warning("%s has no Event Grid trigger: this host does not serve it", name)
        return []
    if list(inspect.signature(handler).parameters) != [trigger.name]:
        raise LocalStackError(f"{name}: this host passes no parameters other than the trigger's, {trigger.name}")
    if typing.get_type_hints(handler).get(trigger.name) is not str or not inspect.iscoroutinefunction(handler):
        raise LocalStackError(f"{name}: this host runs `async def` functions that take the event as `str`")
    return [(name, handler)]


async def run(name: str, function: EventGridFunction, text: str) -> bool:
    """Run a function once with an event's JSON text; return whether it succeeded."""
    started, identity = time.monotonic(), uuid4()
    try:
        if await function(text) is not None:
            raise RuntimeError("a function without an output binding must return None")  # noqa: TRY301  # reported like an error of the function
    except Exception:  # noqa: BLE001  # the worker reports every error of a function
        _log.exception("Executed 'Functions.%s' (Failed, Id=%s)\nResult: Failure", name, identity)
        return False
    milliseconds = (time.monotonic() - started) * 1000
    _log.info("Executed 'Functions.%s' (Succeeded, Id=%s, Duration=%.0fms)", name, identity, milliseconds)
    return True
