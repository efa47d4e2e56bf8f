"""boost_display(..., 'curve'): the loss by round, as text or as a picture.  Pure: no database."""

from collections.abc import Callable, Sequence
from html import escape

from madpy.modules.common.trees.display import printable
from madpy.records import Record

LINES = 20  # rounds that the text shows
BAR = 40  # characters of the longest bar
WIDTH, HEIGHT, MARGIN, LEFT = 640, 300, 40, 80  # the width and the height of a picture, in pixels
TRAINING, VALIDATION = "#4e79a7", "#e15759"
INK, QUIET = "#1f2933", "#b9c4cf"


class Curve(Record):
    """The mean losses of a group after each round; `best` is the number of rounds that the model has."""

    title: str
    best: int
    loss: list[float]
    validation: list[float | None]

    @property
    def shown(self) -> list[float]:
        """Return the losses of the rows held out, or of the training if there are none."""
        return [v for v in self.validation if v is not None] or self.loss


def curve_text(curves: list[Curve]) -> str:
    """Draw a bar for some of the rounds, the first, the last and the best one among them."""
    return "\n\n".join(_text(curve) for curve in curves)


def _text(curve: Curve) -> str:
    rounds = len(curve.loss)
    step = max(1, -(-rounds // LINES))
    some = sorted({1, rounds, curve.best, *range(step, rounds + 1, step)})
    largest = max(curve.shown, default=0) or 1
    lines = [printable(curve.title)] if curve.title else []
    has_validation = any(loss is not None for loss in curve.validation)
    lines.append(f"{'round':>6}  {'training':>12}" + (f"  {'validation':>12}" if has_validation else ""))
    for number in some:
        loss, held = curve.loss[number - 1], curve.validation[number - 1]
        own = loss if held is None else held
        lines.append(
            f"{number:>6}  {loss:>12.6g}"
            + (f"  {own:>12.6g}" if has_validation else "")
            + f"  {'#' * max(0, round(BAR * own / largest))}"
            + ("  < the model" if number == curve.best else "")
        )
    return "\n".join(lines)


def curve_svg(curves: list[Curve]) -> str:
    """Draw a chart for each group, one below the other: a line for the training, one for rows held out."""
    parts = [part for n, curve in enumerate(curves) for part in _chart(curve, n * HEIGHT)]
    height = max(1, len(curves)) * HEIGHT
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}"'
        f' viewBox="0 0 {WIDTH} {height}" font-family="Helvetica, Arial, sans-serif" font-size="13">'
    )
    return "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', *parts, "</svg>"])


def _chart(curve: Curve, top: int) -> list[str]:
    """Return the parts of a chart whose upper end is at `top`."""
    held = [loss for loss in curve.validation if loss is not None]
    low, high = min([*curve.loss, *held]), max([*curve.loss, *held])
    rounds = len(curve.loss)

    def x(number: int) -> float:
        return LEFT + (WIDTH - LEFT - MARGIN) * (number - 1) / max(1, rounds - 1)

    def y(loss: float) -> float:
        return top + MARGIN + (HEIGHT - 2 * MARGIN) * (high - loss) / ((high - low) or 1)

    bottom = top + HEIGHT - MARGIN
    parts = [
        f'<path d="M{LEFT} {top + MARGIN}V{bottom}H{WIDTH - MARGIN}" fill="none" stroke="{QUIET}"/>',
        *(_label(f"{loss:.4g}", LEFT - 6, y(loss) + 4, "end") for loss in (high, low)),
        *(_label(str(number), x(number), bottom + 18, "middle") for number in sorted({1, rounds})),
        _line(curve.loss, x, y, TRAINING),
        _label("loss by round: training" + (", and rows held out" if held else ""), LEFT, top + 18, "start"),
    ]
    if curve.title:
        parts.append(_label(printable(curve.title), WIDTH - MARGIN, top + 18, "end"))
    if held:
        parts.append(_line(held, x, y, VALIDATION))
        parts.append(
            f'<circle cx="{x(curve.best):.1f}" cy="{y(held[curve.best - 1]):.1f}" r="4" fill="{VALIDATION}"/>'
        )
    return parts


def _line(losses: Sequence[float], x: Callable[[int], float], y: Callable[[float], float], color: str) -> str:
    points = " ".join(f"{x(n):.1f},{y(loss):.1f}" for n, loss in enumerate(losses, 1))
    return f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2"/>'


def _label(text: str, x: float, y: float, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{INK}">{escape(text)}</text>'
