"""Charts of change: a measure over time with its band of chance, two films' curves laid over each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar

import altair as alt
import streamlit as st

from evenstride import words
from evenstride.change import Point, Trend
from evenstride.results import Curve, Result, SideName
from evenstride.ui import clients

HEIGHT = 320
#: Days that have room below a chart, also on a phone.
MOST_TICKS = 6
#: Free space above and below what a chart shows, as a share of it.
ROOM = 0.12
#: Told apart by shape and fill too: colors that people with any color vision can tell apart, on light and dark.
INK = "#3a7ca5"
BAND = "#8a94a6"
EARLIER, LATER = "#b8791f", "#3a7ca5"
#: What is written beside a chart, by the page's theme; 4.5 times and more apart from its background.
TEXT = {"light": "#444c59", "dark": "#c3c8d0"}


def draw(trend: Trend) -> alt.LayerChart:
    """Draw a trend: dots with their ranges, and the band around the first film inside which a change can be chance."""
    unit = words.unit_text(trend.unit).strip() or trend.unit
    title = f"{trend.title} ({unit})" if unit else trend.title
    rows = _rows(trend)
    scale = alt.Scale(domain=_reach(trend, rows), zero=False)
    y, low = (alt.Y(f"{end}:Q", title=title, scale=scale) for end in ("value", "low"))
    days = Counter(point.recorded_at.astimezone().date() for point in trend.points)
    # Films of one day get their times on the axis; beside other days there is no room for that, only for numbers.
    one_day, numbered = len(days) == 1 < len(rows), max(days.values()) > 1
    filmed = f"Filmed on {clients.day(trend.points[0].recorded_at)}" if one_day else "Filmed"
    axis = alt.Axis(format="%H:%M" if one_day else "%-d %b %y", labelOverlap=True, **_ticks(trend.points, one_day))
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("day:T", title=filmed, axis=axis, scale=alt.Scale(padding=24))
    )
    layers: list[Any] = []
    if trend.baseline is not None and trend.mdc is not None:
        band = [{"low": trend.baseline - trend.mdc, "high": trend.baseline + trend.mdc}]
        layers.append(alt.Chart(alt.Data(values=band)).mark_rect(color=BAND, opacity=0.25).encode(y=low, y2="high:Q"))
        layers.append(
            alt.Chart(alt.Data(values=[{"value": trend.baseline}])).mark_rule(color=BAND, strokeDash=[6, 4]).encode(y=y)
        )
    layers.append(base.mark_rule(color=INK, strokeWidth=2).encode(y=low, y2="high:Q"))
    layers.append(base.mark_line(color=INK, opacity=0.5).encode(y=y).transform_filter("datum.comparable"))
    layers.append(
        base.mark_point(size=110, strokeWidth=2, opacity=1, stroke=INK).encode(
            y=y,
            fill=alt.condition("datum.comparable", alt.value(INK), alt.value("transparent")),
            tooltip=[alt.Tooltip("when:N", title="Filmed"), alt.Tooltip("text:N", title=trend.title)],
        )
    )
    if numbered:
        beside = base.mark_text(align="left", dx=10, dy=-9, fontSize=13, fontWeight=600, color=_text_color())
        layers.append(beside.encode(y=y, text="number:N"))
    return _readable(alt.layer(*layers).properties(height=HEIGHT, description=f"{trend.title}: {trend.sentence()}"))


AnyChart = TypeVar("AnyChart", alt.Chart, alt.LayerChart)


def _readable(chart: AnyChart) -> AnyChart:
    """Write what stands beside a chart in a color that can be read, whatever the theme has."""
    color = _text_color()
    return chart.configure_axis(labelColor=color, titleColor=color).configure_legend(labelColor=color, titleColor=color)


def _text_color() -> str:
    return TEXT[st.context.theme.type or "light"]


def _reach(trend: Trend, rows: Sequence[dict[str, Any]]) -> list[float]:
    """Return the lowest and highest value shown, with room around them: a band without visible ends is none."""
    ends = [row[end] for row in rows for end in ("low", "high")]
    if trend.baseline is not None and trend.mdc is not None:
        ends += [trend.baseline - trend.mdc, trend.baseline + trend.mdc]
    room = ROOM * (max(ends) - min(ends)) or 1.0
    return [min(ends) - room, max(ends) + room]


def _ticks(points: Sequence[Point], one_day: bool) -> dict[str, Any]:
    """Mark every day, or time of one day, that was filmed once; with many, leave the choice to the chart."""
    moments = [point.recorded_at.astimezone() for point in points]
    days = {moment if one_day else moment.date(): moment for moment in moments}
    if len(days) > MOST_TICKS:
        return {"tickCount": MOST_TICKS}
    return {"values": [_vega_time(moment) for moment in days.values()]}


def _vega_time(moment: datetime) -> alt.DateTime:
    at = moment.astimezone(UTC)
    return alt.DateTime(
        year=at.year, month=at.month, date=at.day, hours=at.hour, minutes=at.minute, seconds=at.second, utc=True
    )


def _rows(trend: Trend) -> list[dict[str, Any]]:
    filmed = clients.moments([point.recorded_at for point in trend.points])
    return [
        {
            "number": str(number),
            "day": point.recorded_at.isoformat(),
            "when": when,
            "value": point.value,
            "low": point.value if point.low is None else point.low,
            "high": point.value if point.high is None else point.high,
            "comparable": point.comparable,
            "text": _text(trend, point),
        }
        for number, (point, when) in enumerate(zip(trend.points, filmed, strict=True), 1)
    ]


def _text(trend: Trend, point: Point) -> str:
    value = words.amount_text(trend.measure, point.value, trend.unit)
    if point.low is not None and point.high is not None:
        value += f" (95 % range {words.range_text(trend.measure, (point.low, point.high))})"
    return value if point.comparable else f"{value}; not compared: {point.reason}"


def words_of(trend: Trend) -> str:
    """Write a trend as a list: what the chart shows, for those who can't see it."""
    lines = [f"{row['number']}. {row['when']}: {row['text']}" for row in _rows(trend)]
    return "\n".join([trend.sentence(), "", *lines])


def overlay(side: SideName, *films: tuple[str, Result]) -> alt.Chart | None:
    """Lay the average steps of one knee in two films over each other; None when neither shows it."""
    rows = []
    for order, (name, result) in enumerate(films):
        curve = _near_curve(result, side)
        if curve is not None:
            film = f"{('earlier', 'later')[order]}: {name}"
            rows += [
                {"percent": percent, "degrees": value, "film": film, "order": order}
                for percent, value in enumerate(curve.mean_deg)
                if value is not None
            ]
    if not rows:
        return None
    names = list(dict.fromkeys(str(row["film"]) for row in rows))
    colors = [EARLIER if name.startswith("earlier") else LATER for name in names]
    dashes = [[6, 4] if name.startswith("earlier") else [1, 0] for name in names]
    legend = alt.Legend(title=None, orient="top", direction="vertical", labelLimit=300)
    return _readable(
        alt.Chart(alt.Data(values=rows))
        .mark_line(strokeWidth=2.5)
        .encode(
            x=alt.X("percent:Q", title="Percent of a double step", scale=alt.Scale(domain=[0, 100])),
            y=alt.Y("degrees:Q", title=f"{side.capitalize()} knee bend (°)"),
            color=alt.Color("film:N", scale=alt.Scale(domain=names, range=colors), legend=legend),
            strokeDash=alt.StrokeDash("film:N", scale=alt.Scale(domain=names, range=dashes), legend=legend),
        )
        .properties(height=HEIGHT, description=_overlay_words(side, films))
    )


def _near_curve(result: Result, side: SideName) -> Curve | None:
    return next((one for one in result.curves if (one.joint, one.side, one.near) == ("knee", side, True)), None)


def _overlay_words(side: SideName, films: Sequence[tuple[str, Result]]) -> str:
    peaks = []
    for name, result in films:
        curve = _near_curve(result, side)
        known = [value for value in curve.mean_deg if value is not None] if curve else []
        peaks.append(f"{name}: up to {max(known):.0f}°" if known else f"{name}: not measured")
    return f"{side.capitalize()} knee bend over a double step. {'; '.join(peaks)}."


_PLAY_BOTH = """
export default function ({ parentElement, data }) {
  const film = (key) => document.querySelector(`.st-key-${key} video`);
  const button = parentElement.querySelector("button");
  button.onclick = () => {
    const films = data.films.map(film);
    if (films.some((one) => !one)) return;
    const playing = films.some((one) => !one.paused);
    if (playing) { films.forEach((one) => one.pause()); button.textContent = data.play; return; }
    if (films.every((one) => one.ended || one.currentTime === 0) || films.some((one) => one.ended)) {
      films.forEach((one, at) => { one.currentTime = data.starts[at]; });
    }
    const gap = data.starts[1] - data.starts[0];
    films[1].currentTime = Math.max(0, films[0].currentTime + gap);
    films.forEach((one) => { one.play(); });
    button.textContent = data.pause;
    const stop = () => { films.forEach((one) => one.pause()); button.textContent = data.play; };
    films.forEach((one) => one.addEventListener("ended", stop, { once: true }));
  };
}
"""


def play_both(before: str, after: str, starts: Sequence[float]) -> None:
    """Show a button that plays two films of the page together, aligned at the first landing in each (seconds)."""
    data = {"films": [before, after], "starts": list(starts), "play": "▶ Play both together", "pause": "⏸ Pause both"}
    _both()(data=data, key="play-both")


@cache
def _both() -> Any:
    return st.components.v2.component(
        "evenstride_play_both",
        html='<button type="button">▶ Play both together</button>',
        css="button { font: inherit; padding: .5rem 1rem; border-radius: .6rem; border: 1px solid currentColor; "
        "background: none; color: inherit; cursor: pointer; }",
        js=_PLAY_BOTH,
    )
