"""Measures whether a picture can be read: nothing lies on anything else, or is cut off."""

from collections.abc import Callable, Iterator
from itertools import combinations

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from genretag_train.plots.style import STYLE


def render(draw: Callable[[], Figure]) -> Figure:
    """Draw in the style of the files, and lay everything out."""
    with rc_context(STYLE):
        figure = draw()
        figure.savefig("/dev/null", format="png")
    return figure


def list_texts(figure: Figure) -> list[Text]:
    """All texts that are seen: no labels of ticks beyond the ends of an axis."""
    hidden: set[Text] = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                if not (axes.get_visible() and low <= tick.get_loc() <= high):
                    hidden |= {tick.label1, tick.label2}
    texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text()]
    return [text for text in texts if text not in hidden]


def shrink(box: Bbox) -> Bbox:
    """The box without its outermost pixel, which neighbours may share."""
    return Bbox.from_extents(box.x0 + 1, box.y0 + 1, box.x1 - 1, box.y1 - 1)


def find_faults(figure: Figure) -> Iterator[str]:
    boxes = [(text, shrink(text.get_window_extent())) for text in list_texts(figure)]
    for text, box in boxes:
        inside = figure.bbox
        if box.x0 < inside.x0 or box.x1 > inside.x1 or box.y0 < inside.y0 or box.y1 > inside.y1:
            yield f"{text.get_text()!r} is cut off"
    for (one, box), (other, place) in combinations(boxes, 2):
        # Boxes of slanting texts overlap where the texts do not.
        if box.overlaps(place) and not (one.get_rotation() % 90 or other.get_rotation() % 90):
            yield f"{one.get_text()!r} lies on {other.get_text()!r}"
    for legend in figure.findobj(Legend):
        for axes in figure.axes:
            if shrink(legend.get_window_extent()).overlaps(shrink(axes.get_window_extent())):
                yield f"a legend lies on {axes.get_title(loc='left')!r}"
