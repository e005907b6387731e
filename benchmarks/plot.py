"""Draws the growth that `measure.py --only growth --save FILE` has written; needs matplotlib."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt

#: Readable on white and on black.
INK = "#7d8590"


def main() -> None:
    parser = argparse.ArgumentParser(description="Draws how time grows, as an SVG for light and dark pages.")
    parser.add_argument("data", help="what --save has written")
    parser.add_argument("image", help="the SVG to write")
    options = parser.parse_args()
    draw(json.loads(Path(options.data).read_text(encoding="utf-8")), options.image)


def draw(growth: list[dict[str, list[float]]], image: str) -> None:
    """One line for each thing that grows, from its own start, beside the slopes of n and n squared."""
    settings = {"svg.fonttype": "none", "svg.hashsalt": "kerlint", "font.size": 9, "text.color": INK}
    settings |= dict.fromkeys(("axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), INK)
    with plt.rc_context(settings):
        figure, axes = plt.subplots(figsize=(7.5, 4.2))
        steps = [2**step for step in range(max(len(one["sizes"]) for one in growth))]
        for power, name in ((1, "n"), (2, "n²")):
            axes.plot(steps, [step**power for step in steps], color=INK, linewidth=0.8, linestyle="--")
            end = steps[-1] if power == 1 else steps[3]
            axes.annotate(name, (end, end**power), color=INK, xytext=(5, -3), textcoords="offset points")
        colours = plt.get_cmap("tab20").colors
        for number, one in enumerate(growth):
            sizes = [size / one["sizes"][0] for size in one["sizes"]]
            times = [seconds / one["seconds"][0] for seconds in one["seconds"]]
            axes.plot(
                sizes,
                times,
                marker="o",
                markersize=3,
                linewidth=1.2,
                label=one["name"].replace("`", ""),
                color=colours[number],
            )
        axes.set(xscale="log", yscale="log", xlabel="size, the smallest is 1", ylabel="time, the shortest is 1")
        axes.set_ylim(0.5, 4 * steps[-1])
        axes.set_xticks(steps, [str(step) for step in steps])
        axes.minorticks_off()
        axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.06, 0.5))
        axes.spines[["top", "right"]].set_visible(False)
        figure.savefig(image, transparent=True, bbox_inches="tight", metadata={"Date": None})


if __name__ == "__main__":
    main()
