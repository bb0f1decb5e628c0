"""The states that connections were in, as engines counted them (harness/fuzz/graph.h), drawn as a graph."""
import math
import struct
from pathlib import Path

from campaign.markup import Raw, tag

NAMES = ["host's", "initiating", "nothing asked", "receives posted", "sends out", "posted and sending", "host closed",
         "peer closed", "both closed", "aborted", "upload asked for", "invalidated", "terminating"]
# From the left to the right as a connection lives; terminating leads back to the left.
PLACES = [(70, 250), (210, 250), (360, 60), (360, 180), (360, 310), (360, 430), (590, 60), (590, 180), (590, 310),
          (590, 430), (800, 120), (800, 370), (940, 250)]
WIDTH, HEIGHT = 1020, 490
COUNT = len(NAMES)


def read(path: Path, words: int) -> list:
    """The counters behind the first words of an engine's file; zeros when there are none."""
    data = path.read_bytes() if path.exists() else b""
    data = data[8 * words:8 * (words + COUNT * COUNT)]
    return list(struct.unpack(f"<{COUNT * COUNT}Q", data)) if len(data) == 8 * COUNT * COUNT else [0] * (COUNT * COUNT)


def ways(counters: list) -> list:
    """Of all engines together: from, to, how often; none that was never gone."""
    total = [sum(column) for column in zip(*counters)] or [0] * (COUNT * COUNT)
    return [[NAMES[i // COUNT], NAMES[i % COUNT], count] for i, count in enumerate(total) if count]


def thickness(count: int, most: int) -> float:
    return 0.6 + 3.4 * math.log1p(count) / math.log1p(most)


def arrow(start: str, end: str, count: int, most: int) -> Raw:
    """Bent to its right, so that there and back are two lines."""
    (x0, y0), (x1, y1) = PLACES[NAMES.index(start)], PLACES[NAMES.index(end)]
    dx, dy = x1 - x0, y1 - y0
    length = math.hypot(dx, dy)
    bend = 0.12 + (0.1 if dx == 0 else 0)
    mx, my = (x0 + x1) / 2 - dy * bend, (y0 + y1) / 2 + dx * bend
    toward = math.hypot(x1 - mx, y1 - my)
    ex, ey = x1 - (x1 - mx) / toward * 16, y1 - (y1 - my) / toward * 16
    size = thickness(count, most)
    ux, uy = (ex - mx) / math.hypot(ex - mx, ey - my), (ey - my) / math.hypot(ex - mx, ey - my)
    head = f"M{ex:.1f} {ey:.1f}L{ex - 9 * ux - 4 * uy:.1f} {ey - 9 * uy + 4 * ux:.1f}L{ex - 9 * ux + 4 * uy:.1f} {ey - 9 * uy - 4 * ux:.1f}Z"
    title = tag("title", f"{start} to {end}: {count}")
    line = tag("path", d=f"M{x0} {y0}Q{mx:.1f} {my:.1f} {ex - 6 * ux:.1f} {ey - 6 * uy:.1f}", class_="way", stroke_width=f"{size:.1f}")
    return tag("g", title, line, tag("path", d=head, class_="head")) if length else Raw("")


def node(name: str, reached: bool) -> list:
    x, y = PLACES[NAMES.index(name)]
    return [tag("circle", tag("title", name), cx=x, cy=y, r=12, class_="state" if reached else "state never"),
            tag("text", name, x=x, y=y + 28, text_anchor="middle")]


def draw(gone: list) -> Raw | str:
    """gone: what ways() gives. Empty when nothing was counted."""
    if not gone:
        return ""
    most = max(count for _, _, count in gone)
    reached = {NAMES[0], *(end for _, end, _ in gone)}
    missing = [name for name in NAMES if name not in reached]
    rows = [arrow(*way, most) for way in sorted(gone, key=lambda way: way[2])]
    told = f"{len(gone)} ways between {len(reached)} of {COUNT} states" + (f"; never: {', '.join(missing)}" if missing else "")
    return tag("figure", tag("figcaption", "Connections, as one execution in 16 showed them", tag("span", told, class_="legend")),
               tag("div", tag("svg", rows, [node(name, name in reached) for name in NAMES], viewBox=f"0 0 {WIDTH} {HEIGHT}",
                              role="img", aria_label=told, class_="graph"), class_="wide"))
