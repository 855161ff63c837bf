import io

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from genretag.report.blocks import Lane, Pen

SHARES = st.floats(0.0, 1.0)
PENS = st.sampled_from([Pen(), Pen(blocks=False)])


@given(pen=PENS, share=SHARES, width=st.integers(1, 60), mark=st.none() | SHARES)
def test_a_bar_is_as_wide_as_it_may_be(pen: Pen, share: float, width: int, mark) -> None:
    assert len(pen.bar(share, width, mark)) == width


@given(pen=PENS, one=SHARES, other=SHARES)
def test_more_is_never_drawn_as_less(pen: Pen, one: float, other: float) -> None:
    low, high = sorted((one, other))
    order = " ▁▂▃▄▅▆▇█" if pen.blocks else ".0123456789"
    assert order.index(pen.height(low)) <= order.index(pen.height(high))
    assert len(pen.bar(low, 20).rstrip()) <= len(pen.bar(high, 20).rstrip())


def test_the_mark_stands_where_a_bar_does_not_reach() -> None:
    assert Pen().bar(0.25, 8, mark=0.5) == "██  ┊   "
    assert Pen().bar(0.75, 8, mark=0.5) == "██████  "
    assert Pen().bar(0.0, 8, mark=1.0) == "       ┊"


def test_a_terminal_without_blocks_gets_ascii() -> None:
    ascii_only = Console(file=io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert Pen.of(ascii_only) == Pen(blocks=False)
    assert Pen.of(Console(file=io.StringIO())) == Pen()
    assert (Pen(blocks=False).bar(0.5, 6, 0.9) + Pen(blocks=False).height(0.31)).isascii()


@given(
    windows=st.integers(1, 300),
    room=st.integers(20, 120),
    values=st.integers(1, 4),
    pen=PENS,
)
def test_a_line_fits_its_room_and_the_ruler_stands_above(
    windows: int, room: int, values: int, pen: Pen
) -> None:
    lane = Lane(windows, room)
    line = lane.line([[1.0] * values] * windows, pen)
    assert 0 < len(line) <= room
    assert set(line) <= {pen.height(1.0), " "}
    ruler = lane.ruler([f"{n}:00" for n in range(windows)])
    assert len(ruler) <= room and ruler.startswith("0:00")
    for label in ruler.split():
        start = ruler.index(f" {label} ") + 1 if f" {label} " in ruler else None
        if start is not None:
            assert lane.starts[int(label.split(":")[0])] == start


def test_each_window_has_its_own_columns_where_there_is_room() -> None:
    assert Lane(2, 20).line([[0.5], [1.0]], Pen()) == "▄▄▄▄▄▄▄▄▄ █████████"
    assert Lane(2, 14).line([[0.0, 0.5, 1.0], [1.0, 0.0, 0.0]], Pen()) == "  ▄▄██ ██    "


def test_windows_share_columns_where_there_is_none() -> None:
    assert Lane(4, 2).line([[1.0], [1.0], [0.0], [1.0]], Pen()) == "█▄"
