"""Training curves: validation log loss of every model, and the weights that were kept."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes

from lowpower import magnification
from lowpower.config.trained_model import Model
from lowpower.figures import style
from lowpower.figures.panels import model_panels
from lowpower.files import CsvRow, read_rows

_FITTED = "color"
_WORDS = """\
Validation log loss by optimizer step,
one line for each seed and share of patients.
Ring: the weights that were kept. Dashed: fine-tuning.
Paler: smaller shares of patients.
Light gray: the other models at that magnification."""


def draw_training_curves(
    histories: Sequence[str | Path], models: Sequence[Model], svg: str | Path, png: str | Path
) -> None:
    """Draw a panel for each method and magnification, with the curves of the others in gray behind.

    histories: history.csv files, parallel to models. A model fitted to convergence takes no steps and has no curve.
    """
    kept = [k for k, model in enumerate(models) if model.network != _FITTED]
    histories, models = ([those[k] for k in kept] for those in (histories, models))
    keys = [(model.method, magnification.name_of(model.magnification)) for model in models]
    looks = style.of_methods([method for method, _ in sorted(keys, key=lambda key: magnification.parse(key[1]))])
    figure, panels, beside = model_panels(keys, 1.7, 1.35, share=True)
    for key, model, path in zip(keys, models, histories, strict=True):
        shares = sorted({(m.labeled, m.unlabeled) for m in models if m.method == model.method})
        strength = (1 + shares.index((model.labeled, model.unlabeled))) / len(shares)
        history = read_rows(path)
        if not history:  # a given teacher has none
            continue
        for other, axes in panels.items():
            if other == key:
                _curve(axes, history, looks[key[0]][0], strength)
            elif other[1] == key[1]:
                axes.plot(_steps_since_start(history), _losses(history), color=style.FRAME, linewidth=0.6, zorder=1)
    beside.text(0, 1, _WORDS, fontsize=8, va="top", linespacing=1.5)
    for axes in panels.values():
        axes.set_ylim(bottom=0)
    style.save(figure, svg, png)


def _curve(axes: Axes, history: list[CsvRow], color: str, strength: float) -> None:
    steps, losses = _steps_since_start(history), _losses(history)
    tuned = [k for k, row in enumerate(history) if row["phase"] != history[0]["phase"]]
    turn = tuned[0] - 1 if tuned else len(history)
    look = {"color": color, "alpha": strength, "linewidth": 1.0}
    axes.plot(steps[: turn + 1], losses[: turn + 1], **look)
    axes.plot(steps[turn:], losses[turn:], **look, linestyle=(0, (2, 1)))
    kept = [k for k, row in enumerate(history) if row["chosen"] == "1"]
    axes.plot(
        [steps[k] for k in kept], [losses[k] for k in kept], "o", markersize=4, markerfacecolor="white",
        markeredgecolor=color, alpha=strength, zorder=3, clip_on=False,
    )  # fmt: skip


def _losses(history: list[CsvRow]) -> list[float]:
    """Validation log losses; nan, which is not drawn, for rows without validation (pretraining)."""
    return [float(row["val_log_loss"] or "nan") for row in history]


def _steps_since_start(history: list[CsvRow]) -> list[int]:
    """Steps since the start of the first phase: a history counts the steps of each phase from 0."""
    steps: list[int] = []
    before = 0
    for k, row in enumerate(history):
        if k and row["phase"] != history[k - 1]["phase"]:
            before = steps[-1]
        steps.append(before + int(row["step"]))
    return steps
