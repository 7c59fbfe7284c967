"""report.html: self-contained, escaped, readable by everyone, and careful with its words."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import fabricate
import pytest
from test_results import result_of

from evenstride import words
from evenstride.pipeline import AnalyzeOptions, analyze_video
from evenstride.report import make_html, render
from evenstride.report.charts import curve_plot, index_mark
from evenstride.report.pictures import Picture, key_moments, load_pictures

VOID = {"meta", "img", "line", "path", "circle", "rect", "br", "link", "hr"}
PICTURES = [Picture(b"\xff\xd8 not decoded", "Left foot lands: left knee 4°", 1.25)]
#: Words of finding a disease, of blame, or of promise, that a report must never use about the person.
FORBIDDEN = (
    "abnormal", "diagnosed", "arthritis", "osteo", "sciatica", "torn", "disease", "disorder", "risk score", "severity",
    "severe", "patholog", "impair", "limping because", "causes your", "your limp", "patient",
)  # fmt: skip


class Page(HTMLParser):
    """Collects tags and text, and insists that every tag is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "title"):
            self.text += data


def page_of(kind: str, pictures=PICTURES) -> Page:
    return Page(render(result_of(fabricate.ALL[kind]()), pictures))


def squeezed(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("kind", fabricate.ALL)
def test_page_is_whole_and_asks_nobody_for_anything(kind: str):
    html = render(result_of(fabricate.ALL[kind]()), PICTURES)
    page = Page(html)
    assert page.open == []
    assert not {"script", "link", "iframe", "object", "embed", "form"} & {tag for tag, _ in page.tags}
    for tag, attributes in page.tags:
        for name, value in attributes.items():
            assert not name.startswith("on"), f"{tag} {name}"
            if name in ("src", "href"):
                assert value.startswith(("data:image/jpeg;base64,", "#")), value
            assert name != "style", "the content security policy allows the style sheet only"
    assert not re.search(r"url\(|@import|http-equiv=.refresh", html)
    policy = next(a["content"] for t, a in page.tags if t == "meta" and a.get("http-equiv"))
    assert policy.startswith("default-src 'none'")


@pytest.mark.parametrize("kind", fabricate.ALL)
def test_headings_and_pictures_serve_a_screen_reader(kind: str):
    page = page_of(kind)
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    for tag, attributes in page.tags:
        if tag == "img" or attributes.get("role") == "img":
            assert len(attributes.get("alt") or attributes.get("aria-label") or "") > 15, attributes
        if tag == "svg":
            assert attributes.get("role") == "img" or attributes.get("aria-hidden") == "true" or "viewbox" in attributes
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    assert all(a["aria-labelledby"] in ids for _, a in page.tags if "aria-labelledby" in a)
    assert ("html", {"lang": "en"}) in page.tags


@pytest.mark.parametrize("kind", fabricate.ALL)
def test_order_and_what_must_be_said(kind: str):
    text = squeezed(page_of(kind).text)
    verdict = words.favoring_verdict(result_of(fabricate.ALL[kind]()))
    places = [text.index(part) for part in ("When to get help first", verdict.headline, words.ALWAYS_SAY[0][0])]
    assert places == sorted(places)
    assert words.NOT_A_DEVICE in text
    assert words.FOR_WHOM in text
    for short, why in words.ALWAYS_SAY:
        assert short in text
        assert why in text
    assert "causes back pain is not settled" in text


@pytest.mark.parametrize("kind", fabricate.ALL)
def test_words_stay_within_what_may_be_said(kind: str):
    text = squeezed(page_of(kind).text)
    for source in words.SOURCES:  # journals have names of their own
        text = text.replace(source, "")
    text = text.lower()
    assert [word for word in FORBIDDEN if word in text] == []


@pytest.mark.parametrize("kind", ["none", "mixed", "inconclusive_few_strides", "not_walking", "running", "frontal"])
def test_no_knee_is_named_without_a_verdict(kind: str):
    verdict = words.favoring_verdict(result_of(fabricate.ALL[kind]()))
    assert not re.search(r"\b(left|right)\b", verdict.headline)


@pytest.mark.parametrize("verdict", ["possible", "none"])
def test_timing_alone_says_nothing_about_knees(verdict: str):
    base = fabricate.possible_timing_only()
    side = "left" if verdict == "possible" else None
    assessment = replace(base, favoring=replace(base.favoring, verdict=verdict, side=side))
    said = words.favoring_verdict(result_of(assessment))
    assert "knee" not in said.headline
    assert "of 100" not in said.how_sure, "the simulations did not cover timing alone"


def test_file_names_are_only_text():
    nasty = '"><script>alert(1)</script>{{ 7*7 }}.mp4'
    html = render(result_of(fabricate.clear_right(), name=nasty))
    page = Page(html)
    assert "script" not in {tag for tag, _ in page.tags}
    assert nasty in page.text


def test_issue_texts_are_only_text():
    base = fabricate.inconclusive_few_strides()
    bad = replace(base.quality.issues[0], message="<b onclick=x>steps</b>")
    assessment = replace(base, quality=replace(base.quality, issues=(bad,)))
    assert "<b onclick=x>steps</b>" in Page(render(result_of(assessment))).text


def test_stored_result_makes_a_page_without_pictures():
    assert "img" not in {tag for tag, _ in page_of("clear_right", pictures=()).tags}


def test_positive_means_right():
    assert index_mark(fabricate.clear_right().favoring).at > 75
    assert index_mark(fabricate.clear_left_slow().favoring).at == 0
    assert "You seem to spare your right knee." in page_of("clear_right").text
    assert "You seem to spare your left knee." in page_of("clear_left_slow").text


def test_interval_that_leaves_the_scale_is_cut_and_says_so():
    mark = index_mark(fabricate.clear_left_slow().favoring)
    assert (mark.start, mark.cut_low, mark.cut_high) == (0, True, False)


def test_one_offset_for_both_knees_keeps_their_difference():
    result = result_of(fabricate.clear_right())
    plot = curve_plot(result.curves, "knee")
    near = {c.side: c for c in result.curves if c.joint == "knee" and c.near}
    assert {line.side for line in plot.lines} == {"left", "right"}
    raw = near["left"].mean_deg[72] - near["right"].mean_deg[72]
    drawn = {line.side: float(re.search(r"L72 ([\d.]+)", line.path)[1]) for line in plot.lines}
    top, bottom = plot.y_ticks[-1], plot.y_ticks[0]
    degrees_per_percent = (top[1] - bottom[1]) / (bottom[0] - top[0])
    assert (drawn["right"] - drawn["left"]) * degrees_per_percent == pytest.approx(raw, abs=0.05)


def test_offset_is_the_mean_gap_in_mid_stance():
    # The made-up left and right curves are the reference times 1 and 0.83, plus 4 degrees.
    plot = curve_plot(result_of(fabricate.none()).curves, "knee")
    assert plot.offset_deg == pytest.approx(4.0, abs=1e-3)


def test_far_leg_is_drawn_dashed_and_only_where_no_near_one_is():
    both = curve_plot(result_of(fabricate.clear_right()).curves, "knee")
    assert [line.near for line in both.lines] == [True, True]
    one = curve_plot(result_of(fabricate.possible_timing_only()).curves, "knee")
    assert {line.side: line.near for line in one.lines} == {"left": True, "right": False}
    html = render(result_of(fabricate.possible_timing_only()))
    assert "line right far" in html


def test_gap_in_a_curve_is_a_gap_in_its_line():
    result = result_of(fabricate.none())
    curve = next(c for c in result.curves if c.joint == "knee" and c.near)
    holed = curve.model_copy(update={"mean_deg": (*curve.mean_deg[:50], None, *curve.mean_deg[51:])})
    (line,) = curve_plot([holed], "knee").lines
    assert line.path.count("M") == 2


def test_key_moments_show_each_near_leg_landing_and_bending():
    moments = key_moments(fabricate.clear_right(), fabricate.track())
    assert len(moments) == 4
    assert [m.time_s for m in moments] == sorted(m.time_s for m in moments)
    captions = " ".join(m.caption for m in moments)
    for expected in ("Left foot lands", "Left knee bends most", "Right foot lands", "Right knee bends most"):
        assert expected in captions


def test_key_moments_of_other_films():
    assert len(key_moments(fabricate.frontal(), fabricate.track())) == 2
    (only,) = key_moments(fabricate.not_walking(), fabricate.track())
    assert only.caption == "The person who was followed."


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "text"),
    [(-3.21, "deg", 0, "−3°"), (-0.04, "deg", 1, "0.0°"), (None, "s", 1, "–"), (58.0, "pct", 1, "58.0 %")],
)
def test_numbers_in_words(value, unit: str, decimals: int, text: str):
    assert words.number(value, unit, decimals) == text


def test_narrow_interval_gets_a_decimal_more():
    assert words.interval((0.547, 0.552), 2) == "0.547 to 0.552"
    assert words.interval((-3.4, 1.2), 0) == "−3 to 1"


@pytest.mark.parametrize(
    ("ci95", "text"),
    [
        ((-3.3, 0.6), "3.3 left to 0.6 right"),
        ((-3.3, -0.6), "0.6 to 3.3 left"),
        ((0.6, 3.3), "0.6 to 3.3 right"),
        ((0.0, 3.3), "0.0 to 3.3 right"),
        (None, ""),
    ],
)
def test_the_range_of_a_side_difference_says_its_sides(ci95, text: str):
    assert words.range_text("knee_loading_asymmetry", ci95) == text
    if ci95:
        assert words.range_text("trunk_forward", ci95) == words.interval(ci95, 1)


@pytest.mark.parametrize(("value", "text"), [(-1.3, "1.3° left"), (1.3, "1.3° right"), (0.04, "0.0°"), (None, "–")])
def test_a_side_difference_says_its_side(value, text: str):
    assert words.amount_text("knee_rom_asymmetry", value, "deg") == text


def test_no_range_on_the_page_contradicts_its_value():
    """A value toward the left once had "−3.3 to 0.6" beside it."""
    assessment = fabricate.clear_right()
    left = {
        name: replace(m, value=-m.value, ci95=(-m.ci95[1], 0.6)) if name.endswith("asymmetry") and m.ci95 else m
        for name, m in assessment.measures.items()
    }
    page = squeezed(Page(render(result_of(replace(assessment, measures=left)))).text)
    ranges = re.findall(r"95 % range ([^L]*?left to 0\.6 right)", page)
    assert len(ranges) == sum("asymmetry" in name and m.ci95 is not None for name, m in left.items()) > 2
    assert not any("−" in one for one in ranges)


def test_a_film_that_breaks_off_is_told_once_by_old_results_too():
    result = result_of(fabricate.clear_right(), notes=("truncated",))
    assert words.BREAKS_OFF not in words.notes(result)
    quality = result.quality.model_copy(update={"issues": ()})
    old = result.model_copy(update={"quality": quality})
    assert words.notes(old)[0] == words.BREAKS_OFF
    assert words.BREAKS_OFF in squeezed(Page(render(old)).text)


@pytest.mark.parametrize("code", ["truncated", "variable_frame_rate", *words.FILM_NOTES])
def test_no_code_of_the_film_is_shown_to_people(code: str):
    result = result_of(fabricate.clear_right(), notes=(code,))
    page = squeezed(Page(render(result)).text)
    assert f"Note{code}" not in page and code not in words.notes(result)
    assert words.FILM_NOTES.get(code, "") in page


def test_a_film_that_breaks_off_is_said_among_its_limits():
    result = result_of(fabricate.clear_right(), notes=("truncated",), duration_s=25.3, promised_s=68.2)
    (issue,) = [one for one in result.quality.issues if one.code == "truncated"]
    assert issue.severity == "warning" and result.quality.usable
    assert issue.message.startswith("The film breaks off after 25 of 68 seconds")
    page = squeezed(Page(render(result)).text)
    assert issue.message in page and issue.advice in page
    unpromised = result_of(fabricate.none(), notes=("truncated",)).quality.issues
    (told,) = [one.message for one in unpromised if one.code == "truncated"]
    assert told.startswith("The film breaks off after 12 seconds;")


def test_measures_with_one_reason_are_told_together():
    told = dict(words.not_measured(result_of(fabricate.none())))
    assert told[fabricate.NO_HEIGHT] == ["Length of one step", "Walking speed"]


def test_a_result_folder_is_enough_to_make_the_page_again(fake, tmp_path: Path):
    analyze_video("walk.mp4", AnalyzeOptions(out=tmp_path))
    assert make_html(tmp_path) == (tmp_path / "report.html").read_text(encoding="utf-8")
    assert [picture.caption for picture in load_pictures(tmp_path)][0] == "Left foot lands"


def test_pictures_of_an_earlier_result_go_with_it(fake, tmp_path: Path):
    analyze_video("walk.mp4", AnalyzeOptions(out=tmp_path))
    mine = tmp_path / "picture_9.jpg"
    mine.write_bytes(b"mine")
    fake.assessment = fabricate.frontal()
    analyze_video("walk.mp4", AnalyzeOptions(out=tmp_path))
    assert {path.name for path in tmp_path.glob("picture_*.jpg")} == {"picture_1.jpg", "picture_2.jpg", mine.name}
    assert mine.read_bytes() == b"mine"
    assert "img" in {tag for tag, _ in Page(make_html(tmp_path)).tags}


def test_signs_for_getting_help_are_open_before_the_answer():
    page = page_of("clear_right")
    assert ("details", {"class": "help", "open": None}) in page.tags
    text = squeezed(page.text)
    assert all(text.index(sign.text) < text.index("You seem to spare") for sign in words.HELP_SIGNS)
