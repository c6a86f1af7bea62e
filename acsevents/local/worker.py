"""The Python worker's half of the Functions host: finds the functions of `function_app.py` and runs them."""

import asyncio
import importlib.util
import inspect
import logging
import os
import sys
import time
import typing
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from uuid import uuid4

import azure.functions as func
from azure.functions.decorators.function_app import Function
from azure.functions.eventgrid import EventGridEventInConverter
from azure.functions.meta import Datum

from acsevents.local import LocalStackError

_TRIGGER = "eventGridTrigger"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EventGridFunction:
    """A function with an Event Grid trigger.

    Attributes:
        name: as Event Grid addresses it, case-sensitive.
        handler: the user's function.
        parameter: name of the trigger's parameter.
        takes_text: the parameter is annotated `str` or `bytes` and gets the JSON text, a `str` in both cases.
    """

    name: str
    handler: Callable[..., typing.Any]
    parameter: str
    takes_text: bool

    @property
    def disabled(self) -> bool:
        """Whether the setting `AzureWebJobs.<name>.Disabled` switches its trigger off."""
        return os.environ.get(f"AzureWebJobs.{self.name}.Disabled", "").lower() in ("true", "1")


def index(script_root: Path) -> dict[str, EventGridFunction]:
    """Import `function_app.py` and list its Event Grid functions by name.

    Raises:
        LocalStackError: it cannot be imported, has not exactly one FunctionApp at its top level, or has a function
            that the worker would refuse to load; one such function fails them all, as in Azure.
    """
    module = _import(script_root / "function_app.py")
    apps = [value for value in vars(module).values() if isinstance(value, func.FunctionRegister)]
    if len(apps) != 1:
        raise LocalStackError(f"function_app.py must have one FunctionApp at its top level, and has {len(apps)}")
    try:
        functions = apps[0].get_functions()
        return {entry.name: entry for function in functions if (entry := _entry(function)) is not None}
    except (ValueError, TypeError, NameError) as error:  # what azure-functions and get_type_hints raise
        raise LocalStackError(f"function_app.py cannot be indexed: {error}") from error


def _import(path: Path) -> ModuleType:
    root = str(path.parent.resolve())
    if root not in sys.path:
        sys.path.append(root)  # last, as the worker does: installed packages win over the app's modules
    spec = importlib.util.spec_from_file_location("function_app", path)
    if not path.exists() or spec is None or spec.loader is None:
        raise LocalStackError(f"there is no function_app.py in {path.parent}: name its folder with --script-root")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise LocalStackError(f"function_app.py cannot be imported: {type(error).__name__}: {error}") from error
    return module


def _entry(function: Function) -> EventGridFunction | None:
    name, trigger, handler = function.get_function_name(), function.get_trigger(), function.get_user_function()
    if name is None or trigger is None or trigger.type != _TRIGGER:
        _log.warning("%s has no Event Grid trigger: this host does not serve it", name)
        return None
    if len(function.get_bindings()) > 1 or list(inspect.signature(handler).parameters) != [trigger.name]:
        raise LocalStackError(f"{name}: this host knows no bindings and no parameters but the trigger's")
    # Without an annotation the worker decodes as for the type that azure-functions has always had.
    kind = typing.get_type_hints(handler).get(trigger.name, func.EventGridEvent)
    takes_text = kind in (str, bytes)
    if not takes_text and not EventGridEventInConverter.check_input_type_annotation(kind):
        raise LocalStackError(
            f"cannot load the {name} function: type of {trigger.name} binding does not match its annotation {kind}"
        )
    return EventGridFunction(name, handler, trigger.name, takes_text)


class Worker:
    """Runs functions: `async def` on the event loop, `def` in a pool of threads.

    Args:
        functions: what `index` found.

    Attributes:
        given_up: invocations that were still running when `close` lost patience.
    """

    def __init__(self, functions: dict[str, EventGridFunction]) -> None:
        self.functions = functions
        # The host sets this variable to 1000 for Python workers where it is unset.
        self._threads = ThreadPoolExecutor(int(os.environ.get("PYTHON_THREADPOOL_THREAD_COUNT") or 1000))
        self._running: set[asyncio.Task[bool]] = set()
        self.given_up = 0

    def start(self, function: EventGridFunction, text: str) -> asyncio.Task[bool]:
        """Start one invocation with an event's JSON text; its result is whether it succeeded."""
        invocation = asyncio.get_running_loop().create_task(self._run(function, text))
        self._running.add(invocation)
        invocation.add_done_callback(self._running.discard)
        return invocation

    async def close(self, seconds: float) -> None:
        """Let running invocations finish, and give up those that take more than some seconds."""
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=seconds)
            self.given_up = len(late)
            for invocation in late:
                invocation.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, function: EventGridFunction, text: str) -> bool:
        started, identity = time.monotonic(), uuid4()
        try:
            await self._call(function, text)
        except Exception:  # noqa: BLE001  whatever a function raises, the worker reports
            _log.exception("Executed 'Functions.%s' (Failed, Id=%s)\nResult: Failure", function.name, identity)
            return False
        milliseconds = (time.monotonic() - started) * 1000
        _log.info("Executed 'Functions.%s' (Succeeded, Id=%s, Duration=%.0fms)", function.name, identity, milliseconds)
        return True

    async def _call(self, function: EventGridFunction, text: str) -> None:
        event: object = text
        if not function.takes_text:
            event = EventGridEventInConverter.decode(Datum(text, "json"), trigger_metadata={})
        if inspect.iscoroutinefunction(function.handler):
            result = await function.handler(**{function.parameter: event})
        else:
            loop = asyncio.get_running_loop()
            result = await loop.run_in_executor(self._threads, lambda: function.handler(**{function.parameter: event}))
        if result is not None:
            raise RuntimeError(f"function {function.name!r} without a $return binding returned a non-None value")
