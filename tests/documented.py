"""The columns in docs/records.md, which the tests compare with the code."""

import re
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).parents[1] / "docs" / "records.md"
_TABLE: Final = re.compile(r"^\| column \| type \| meaning \|\n\| --- \| --- \| --- \|\n((?:\|.*\n)+)", re.MULTILINE)
_EDM: Final = {
    "string": "Edm.String",
    "JSON string": "Edm.String",
    "DateTime": "Edm.DateTime",
    "DateTime, 100 ns": "Edm.DateTime",
    "Int32": "Edm.Int32",
    "Int64": "Edm.Int64",
    "binary": "Edm.Binary",
}


def _types() -> dict[str, str]:
    lines = [line for table in _TABLE.findall(PAGE.read_text("utf-8")) for line in table.splitlines()]
    cells = [line.split(" | ") for line in lines]
    types = {column: documented for first, documented, *_ in cells for column in re.findall(r"`(\w+)`", first)}
    unknown = {column: documented for column, documented in types.items() if documented not in _EDM}
    assert not unknown, f"edit docs/records.md: {unknown}, but a column's type is one of {list(_EDM)}"
    return types


_TYPES: Final = _types()
EDM_TYPES: Final = {column: _EDM[documented] for column, documented in _TYPES.items()}
"""The Edm type of every documented column, the first chunks `RawZ0` and `RawZ1` among them."""

JSON_COLUMNS: Final = {column for column, documented in _TYPES.items() if documented == "JSON string"}
