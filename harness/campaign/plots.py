"""Plots as SVG inside a page: their colours are the page's, in light and dark."""
import math

from campaign.markup import Raw, tag

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 220, 64, 12, 12, 34
LINES = 6  # colours that the page has


def short(value: float) -> str:
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g} {letter}"
    return f"{value:.3g}"


def steps(low: float, high: float, count: int, whole: bool = False) -> list:
    """Round numbers from low to high; whole ones of what is counted."""
    raw = (high - low) / count or 1
    power = 10 ** math.floor(math.log10(raw))
    size = next(power * n for n in (1, 2, 5, 10) if power * n >= raw * 0.9999)
    size = max(1, size) if whole else size
    first = int(low / size) * size
    return [first + i * size for i in range(count + 2) if low <= first + i * size <= high * 1.0001]


class Frame:
    """Where a value stands on the paper."""

    def __init__(self, lines: dict):
        points = [p for line in lines.values() for p in line]
        xs, ys = [p[0] for p in points], [p[1] for p in points]
        self.x0, self.x1 = min(xs), max(xs)
        self.y0, self.y1 = 0, max(ys) * 1.05 or 1

    def x(self, value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * ((value - self.x0) / ((self.x1 - self.x0) or 1))

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - self.y0) / (self.y1 - self.y0)


def axes(frame: Frame, across: str, whole: bool) -> list:
    parts = []
    for value in steps(frame.y0, frame.y1, 4):
        y = frame.y(value)
        parts += [tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=f"{y:.1f}", y2=f"{y:.1f}", class_="grid"),
                  tag("text", short(value), x=LEFT - 6, y=f"{y + 4:.1f}", text_anchor="end")]
    for value in steps(frame.x0, frame.x1, 6, whole):
        parts.append(tag("text", f"{value:.0f}" if whole else short(value), x=f"{frame.x(value):.1f}", y=HEIGHT - BOTTOM + 16, text_anchor="middle"))
    parts.append(tag("text", across, x=WIDTH - RIGHT, y=HEIGHT - 3, text_anchor="end", class_="across"))
    return parts


def plot(title: str, lines: dict, across: str, whole: bool = False) -> Raw | None:
    """lines: by name, pairs of x and y. None when there is nothing to draw."""
    lines = {name: [p for p in line if p[1] is not None] for name, line in lines.items()}
    lines = {name: line for name, line in lines.items() if line}
    if not lines:
        return None
    frame, parts = Frame(lines), []
    for i, (name, line) in enumerate(lines.items()):
        where = " ".join(f"{'L' if k else 'M'}{frame.x(x):.1f} {frame.y(y):.1f}" for k, (x, y) in enumerate(line))
        parts.append(tag("path", d=where, class_=f"line line-{i % LINES}"))
        if len(line) < 40:
            parts += [tag("circle", tag("title", f"{name}: {short(y)}"), cx=f"{frame.x(x):.1f}", cy=f"{frame.y(y):.1f}", r=3,
                          class_=f"dot dot-{i % LINES}") for x, y in line]
    legend = [tag("span", tag("i", class_=f"key key-{i % LINES}"), name) for i, name in enumerate(lines)]
    return tag("figure", tag("figcaption", title, tag("span", legend if len(lines) > 1 else None, class_="legend")),
               tag("svg", axes(frame, across, whole), parts, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img",
                   aria_label=title))
