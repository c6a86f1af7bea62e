"""Run a storm and print its report."""

from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from acsevents.storm.run import Report, Size, storm


async def rehearse(console: Console, seed: int, size: Size) -> bool:
    """Run one storm, print its report, and return whether the check found no problem."""
    with TemporaryDirectory(prefix="acsevents-storm-") as folder:
        report = await storm(seed, size, Path(folder))
    for line in lines(report):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    return not report.verdict.problems


def lines(report: Report) -> list[str]:
    """Return the lines of a report."""
    published = report.published.total()
    verdict = report.verdict
    rate = f"{published / report.seconds:.0f} a second, start and check included"
    failed = f"FAILED: repeat it with make storm SEED={report.seed}"
    return [
        f"seed {report.seed}: {published} events published in {report.seconds:.0f} s ({rate})",
        f"  mix        {_counts(report.published)}; {report.refused} refused as too large",
        f"  faults     {_counts(report.faults)}; {report.kills} processes killed",
        f"  Event Grid {report.deliveries}",
        f"  rows       {_counts(verdict.rows)}; {verdict.undelivered} events in Event Grid's dead-letter folder",
        *(f"  PROBLEM    {problem}" for problem in verdict.problems),
        f"  {failed if verdict.problems else 'nothing lost, superfluous or changed'}",
    ]


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{counts[name]} {name}" for name in sorted(counts))
