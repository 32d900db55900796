"""Plots as SVG text that stands inside a page: no file, no font, no request; for light and dark ground.

Names of lines and columns are the page's: it shows them beside the colours of ``COLOURS``, in the same order.
"""

import io
import re
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK = "#7d8590"  # reads on white and on black
COLOURS = ("#3b82c4", "#d9822b", "#5b9a52", "#a85aa0")
WIDTH = 5.2  # inches: the text stays readable where the page is as narrow as a telephone
# Equal figures give equal bytes: no date, ids from a fixed salt; text stays text, in the page's own font.
_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "yihu",
    "font.size": 10,
    "font.family": "sans-serif",
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
# what a page has no use for: name spaces, who made it, names of groups, the drawer's own fonts
_SPARE = re.compile(
    r'\s+xmlns(?::\w+)?="[^"]*"|<metadata>.*?</metadata>\s*|(?<=<g) id="[^"]*"|font-family:[^;"]*;?\s*'
    r"|<style.*?</style>\s*",
    re.DOTALL,
)


def stacked_bars(places: Sequence[str], parts: Sequence[Sequence[float]]) -> str:
    """One column for each place, made of its parts: what is above zero upwards, what is below downwards."""

    def draw(axes: Axes) -> None:
        bases = {True: [0.0] * len(places), False: [0.0] * len(places)}
        for number, heights in enumerate(parts):
            up = any(height > 0 for height in heights)
            axes.bar(places, heights, bottom=bases[up], color=COLOURS[number % len(COLOURS)])
            bases[up] = [low + high for low, high in zip(bases[up], heights, strict=True)]
        axes.axhline(0, color=INK, linewidth=0.8)
        axes.yaxis.set_major_formatter(lambda value, _: f"{abs(value):,.0f}")
        axes.yaxis.get_major_locator().set_params(integer=True)
        axes.tick_params(axis="x", rotation=60)

    return _svg(draw, height=2.3)


def curves(lines: Sequence[tuple[Sequence[float], Sequence[float]]], label_x: str, label_y: str) -> str:
    """A line through each sequence of points, in shares of 1; dotted where all would be alike."""

    def draw(axes: Axes) -> None:
        for number, (across, up) in enumerate(lines):
            # one upon the other, both are still seen
            style = {"linestyle": "--", "linewidth": 2} if number else {"linewidth": 3.5}
            axes.plot(across, up, color=COLOURS[number % len(COLOURS)], **style)
        axes.plot([0, 1], [0, 1], color=INK, linestyle=":")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(lambda value, _: f"{value:.0%}")
        axes.set_xlabel(label_x)
        axes.set_ylabel(label_y)

    return _svg(draw)


def against(lines: Sequence[tuple[Sequence[float], Sequence[float]]], label_x: str, label_y: str) -> str:
    """What came true over what was said, in shares, as far as they go; dotted where they agree."""

    def draw(axes: Axes) -> None:
        for number, (across, up) in enumerate(lines):
            axes.plot(across, up, marker="o", color=COLOURS[number % len(COLOURS)])
        furthest = max((value for line in lines for values in line for value in values), default=1.0) or 1.0
        axes.plot([0, furthest], [0, furthest], color=INK, linestyle=":")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(lambda value, _: f"{value:.1%}")
        axes.set_xlabel(label_x)
        axes.set_ylabel(label_y)

    return _svg(draw)


def shares_by_place(places: Sequence[str], shares: Sequence[float]) -> str:
    """One share for each place, as a line."""

    def draw(axes: Axes) -> None:
        axes.plot(range(len(places)), shares, marker="o", color=COLOURS[0])
        axes.set_xticks(range(len(places)), places)
        axes.set_ylim(0, None)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.1%}")
        axes.tick_params(axis="x", rotation=60)

    return _svg(draw, height=2.3)


def histogram(values: Sequence[float], label: str, linear_up_to: float) -> str:
    """How many lie where: money has a long tail and may be negative.

    The scale is even up to ``linear_up_to`` on both sides of zero and goes by powers of ten beyond it.
    """

    def draw(axes: Axes) -> None:
        edges = _edges(values, linear_up_to)
        axes.set_xscale("symlog", linthresh=linear_up_to)
        axes.hist(values, bins=edges, color=COLOURS[0])
        axes.set_xlim(edges[0], edges[-1])
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axes.yaxis.get_major_locator().set_params(integer=True)
        axes.set_xlabel(label)
        axes.tick_params(axis="x", rotation=30)

    return _svg(draw)


def densities(groups: Sequence[Sequence[float]], label: str) -> str:
    """Scores from 0 to 1 in twenty steps: one outline for each group, how many lie where."""

    def draw(axes: Axes) -> None:
        for number, scores in enumerate(groups):
            axes.hist(scores, bins=20, range=(0, 1), histtype="stepfilled", alpha=0.6, color=COLOURS[number])
        axes.set_xlim(0, 1)
        axes.yaxis.get_major_locator().set_params(integer=True)
        axes.set_xlabel(label)

    return _svg(draw)


def _edges(values: Sequence[float], linear_up_to: float) -> list[float]:
    """Four bins for each power of ten, four on each side of zero; only as far as the values go."""
    largest = max((abs(value) for value in values), default=0)
    steps = [linear_up_to * part / 4 for part in range(5)]
    while steps[-1] < largest:
        steps.append(steps[-1] * 10**0.25)
    low, high = min(values, default=0), max(values, default=0)
    edges = [-step for step in steps[:0:-1]] + steps
    first = max((n for n, edge in enumerate(edges) if edge <= low), default=0)
    last = min((n for n, edge in enumerate(edges) if edge >= high), default=len(edges) - 1)
    return edges[first : max(last, first + 1) + 1]


def _svg(draw: Callable[[Axes], None], width: float = WIDTH, height: float = 2.8) -> str:
    with rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure.add_subplot())
        text = io.StringIO()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing from font")  # the reader's font has them
            figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    return _SPARE.sub("", text.getvalue()[text.getvalue().index("<svg") :])
