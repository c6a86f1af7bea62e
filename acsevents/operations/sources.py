"""The sources of events to send: samples, files and standard input."""

from collections.abc import AsyncIterator
from difflib import get_close_matches
from pathlib import Path

from acsevents.failures import Unusable
from acsevents.operations.files import events_of_file, events_of_standard_input
from acsevents.operations.replay import FromFile
from acsevents.samples import SAMPLES, sample_files


class Source:
    """A file, standard input (`-`), or a sample named as `SMSReceived` or `2020/SMSReceived`.

    Attributes:
        is_sample: whether it is a sample.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._sample = None if name == "-" or Path(name).exists() else _sample(name)
        self.is_sample = self._sample is not None

    def events(self) -> AsyncIterator[FromFile]:
        """Yield the events, unchanged."""
        if self._name == "-":
            return events_of_standard_input()
        return events_of_file(self._sample or Path(self._name))


def sample_names(begun: str) -> list[str]:
    """Return the types of samples that begin with a text, for shell completion."""
    return sorted(name for name in {path.stem for path in sample_files()} if name.startswith(begun))


def _sample(name: str) -> Path:
    """Find the newest sample of a type, or that of a generation; names are matched ignoring case."""
    wanted = name.removeprefix("Microsoft.Communication.").casefold()
    files = {path.relative_to(SAMPLES).with_suffix("").as_posix(): path for path in sample_files()}
    for full_name, path in sorted(files.items(), reverse=True):
        if wanted in {full_name.casefold(), path.stem.casefold()}:
            return path
    names = sorted({path.stem for path in files.values()})
    similar = get_close_matches(name, names, n=3, cutoff=0.4) or names
    raise Unusable(f"{name} is neither a file nor a sample: there are samples such as {', '.join(similar)}")
