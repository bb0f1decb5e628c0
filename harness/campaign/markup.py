"""HTML as calls: every text and every attribute is escaped, whatever a driver, a capture or a file is called."""
from html import escape

ALONE = {"meta", "br"}
DRAWN = {"path", "line"}  # of SVG, which end in themselves


class Raw(str):
    """Markup that is made already."""


def printable(text) -> str:
    """Control characters are shown as what they are; no markup has them."""
    return "".join(c if c in "\n\t" or c.isprintable() else f"\\x{ord(c):02x}" for c in
                   str(text).encode(errors="backslashreplace").decode())


def put(item) -> str:
    if item is None or item is False:
        return ""
    if isinstance(item, Raw):
        return item
    if isinstance(item, (list, tuple)):
        return "".join(map(put, item))
    return escape(printable(item))


def tag(name: str, /, *inside, **attributes) -> Raw:
    """class_ is class, data_x data-x; an attribute of None is left out."""
    said = "".join(f' {key.rstrip("_").replace("_", "-")}="{escape(printable(value), quote=True)}"'
                   for key, value in attributes.items() if value is not None)
    if name in DRAWN:
        return Raw(f"<{name}{said}/>")
    return Raw(f"<{name}{said}>" if name in ALONE else f"<{name}{said}>{put(inside)}</{name}>")


def table(heads: list, rows: list, numbers: tuple = ()) -> Raw:
    """numbers: columns of numbers."""
    def side(i):
        return "number" if i in numbers else None
    return tag("div", tag("table", tag("thead", tag("tr", [tag("th", h, class_=side(i)) for i, h in enumerate(heads)])),
                          tag("tbody", [tag("tr", [tag("td", c, class_=side(i)) for i, c in enumerate(r)]) for r in rows])),
               class_="wide")
