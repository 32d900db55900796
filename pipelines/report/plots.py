"""Plots as SVG text that stands inside a page: no file, no font, no request; for light and dark ground."""

import io
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK = "#7d8590"  # reads on white and on black
COLOURS = ("#3b82c4", "#d9822b", "#5b9a52", "#a85aa0")
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


def bars(names: Sequence[str], counts: Sequence[float], label: str) -> str:
    """One horizontal bar for each name, the first on top, each with its number."""

    def draw(axes: Axes) -> None:
        drawn = axes.barh(names, counts, color=COLOURS[0])
        axes.bar_label(drawn, labels=[f"{count:,.0f}" for count in counts], padding=3)
        axes.invert_yaxis()
        axes.set_xlabel(label)
        axes.margins(x=0.12)

    return _svg(draw, height=0.6 + 0.32 * max(len(names), 1))


def stacked_bars(places: Sequence[str], parts: dict[str, Sequence[float]], label: str) -> str:
    """One column for each place, made of its parts, from the bottom up."""

    def draw(axes: Axes) -> None:
        base = [0.0] * len(places)
        for number, (name, heights) in enumerate(parts.items()):
            axes.bar(places, heights, bottom=base, label=name, color=COLOURS[number % len(COLOURS)])
            base = [low + high for low, high in zip(base, heights, strict=True)]
        axes.set_ylabel(label)
        axes.tick_params(axis="x", rotation=60)
        axes.legend(frameon=False, ncols=len(parts), loc="lower left", bbox_to_anchor=(0, 1))

    return _svg(draw)


def curves(
    lines: dict[str, tuple[Sequence[float], Sequence[float]]], label_x: str, label_y: str, even: str = ""
) -> str:
    """A line for each name through its points; ``even`` names the diagonal of equal shares, if wanted."""

    def draw(axes: Axes) -> None:
        for number, (name, (across, up)) in enumerate(lines.items()):
            axes.plot(across, up, label=name, color=COLOURS[number % len(COLOURS)])
        if even:
            axes.plot([0, 1], [0, 1], label=even, color=INK, linestyle=":")
        axes.set_xlabel(label_x)
        axes.set_ylabel(label_y)
        axes.legend(frameon=False)

    return _svg(draw)


def histogram(values: Sequence[float], label: str, linear_up_to: float) -> str:
    """How many lie where: money has a long tail and may be negative.

    The scale is even up to ``linear_up_to`` on both sides of zero and goes by powers of ten beyond it.
    """

    def draw(axes: Axes) -> None:
        axes.set_xscale("symlog", linthresh=linear_up_to)
        axes.hist(values, bins=_edges(values, linear_up_to), color=COLOURS[0])
        axes.set_xlabel(label)
        axes.set_ylabel("客户数 customers")

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


def _svg(draw: Callable[[Axes], None], width: float = 7.2, height: float = 3.2) -> str:
    with rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure.add_subplot())
        text = io.StringIO()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing from font")  # the reader's font has them
            figure.savefig(text, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return text.getvalue()[text.getvalue().index("<svg") :]
