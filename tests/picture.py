"""The picture at the head of the README: `python -m tests.picture` runs the demonstration and writes docs/demo.svg."""

import asyncio
import io
import sys
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.terminal_theme import TerminalTheme

from acsevents.demo import demonstrate

PICTURE: Final = Path(__file__).parents[1] / "docs" / "demo.svg"
COLUMNS: Final = 110
_PAPER, _INK = (22, 27, 34), (201, 209, 217)
_DARK = [_PAPER, (255, 123, 114), (63, 185, 80), (210, 153, 34), (88, 166, 255), (188, 140, 255), (57, 197, 207), _INK]
_THEME: Final = TerminalTheme(_PAPER, _INK, _DARK)
# Rich's own frame fetches its font from the web; a picture in a page may not, and need not.
_FRAME: Final = """\
<svg class="terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img">
<title>$ make demo</title>
<style>
.{unique_id}-matrix {{
    font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
    font-size: {char_height}px;
    line-height: {line_height}px;
}}
.{unique_id}-title {{ font-family: system-ui, sans-serif; font-size: 18px; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def picture() -> str:
    """Run the demonstration and return what it prints on a terminal as an SVG."""
    console = Console(
        file=io.StringIO(),
        record=True,
        width=COLUMNS,
        force_terminal=True,
        color_system="truecolor",
        legacy_windows=False,
        no_color=False,
    )
    asyncio.run(demonstrate(console))
    svg = console.export_svg(title="$ make demo", theme=_THEME, code_format=_FRAME, unique_id="demo")
    return "\n".join(line.rstrip() for line in svg.strip().splitlines()) + "\n"


if __name__ == "__main__":
    (Path(sys.argv[1]) if sys.argv[1:] else PICTURE).write_text(picture(), encoding="utf-8")
