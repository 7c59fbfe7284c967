"""The report on paper: two pages, every word as it was typed, the same bytes for the same result."""

from __future__ import annotations

import html
import io
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import fabricate
import pytest
from PIL import Image
from test_results import result_of
from typer.testing import CliRunner

from evenstride import words
from evenstride.cli import app
from evenstride.report import Change, LogoError, make_html
from evenstride.report import pdf as pdf_module
from evenstride.report.pdf import PaperError, make_pdf
from evenstride.report.pictures import Picture, load_pictures, save_pictures
from evenstride.results import RESULT_NAME, Result, ResultError
from evenstride.store import open_store

LONG = "Anna-Sophia Theodora " * 9 + "von Ende"
UNBROKEN = "W" * 200
NASTY = (
    '#set page(width: 1pt) *bold* _it_ $x$ \\ `raw` @label <tag> "q" // [x] = {{7*7}} <b>&amp;</b> #image("data.json")'
)
SCRIPTS = "Ελένη Пётр שרה مريم Zoë Łukasz Nguyễn"
ODD = "\x00\x07 tab\tline\nnew \u2028 \ud800 🙂 👩🏽\u200d🦽 ﷽ 山田 \U0010fffd \u202e abc"
NAMES = {"client": LONG, "trainer": LONG}


def jpeg(width: int = 60, height: int = 80) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), (90, 120, 150)).save(buffer, "JPEG")
    return buffer.getvalue()


def png(size: tuple[int, int] = (400, 100)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGBA", size, (200, 0, 0, 128)).save(buffer, "PNG")
    return buffer.getvalue()


def folder_of(result: Result, folder: Path, pictures: int = 4) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RESULT_NAME).write_text(result.to_json(), encoding="utf-8")
    save_pictures([Picture(jpeg(), f"Left foot lands {n}", n) for n in range(pictures)], folder)
    return folder


@pytest.fixture
def clear(tmp_path: Path) -> Path:
    return folder_of(result_of(fabricate.clear_right()), tmp_path / "clear")


def pages(pdf: bytes) -> int:
    return max(int(count) for count in re.findall(rb"/Count (\d+)", pdf))


def text_of(pdf: bytes) -> str:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler) is not on this machine")
    done = subprocess.run(["pdftotext", "-raw", "-", "-"], input=pdf, capture_output=True, check=True)
    return " ".join(done.stdout.decode().replace("\u200b", "").split())


def accessible(pdf: bytes) -> bool:
    """Tell whether the compiler, which checks it, calls the file PDF/UA-1: title, headings, pictures described."""
    return b"pdfuaid:part" in pdf


@pytest.mark.parametrize("kind", fabricate.ALL)
def test_two_pages_whatever_the_answer(kind: str, tmp_path: Path):
    made = make_pdf(folder_of(result_of(fabricate.ALL[kind]()), tmp_path))
    assert pages(made) == 2
    assert accessible(made)
    assert re.search(rb"MediaBox\[0 0 595[.]\d+ 841[.]\d+\]", made)


def test_two_pages_of_letter_paper(clear: Path):
    made = make_pdf(clear, paper="letter")
    assert pages(made) == 2
    assert b"MediaBox[0 0 612 792]" in made


@pytest.mark.parametrize("kind", ["clear_right", "possible_timing_only", "inconclusive_few_strides", "frontal"])
def test_two_pages_with_everything_on_them(kind: str, tmp_path: Path, clear: Path):
    folder = folder_of(result_of(fabricate.ALL[kind]()), tmp_path / "now")
    rows = [Change(f"Measure {n}", "1.2", "3.4", "No change we can see.") for n in range(12)]
    full = make_pdf(
        folder, logo=png(), previous=clear, changes=["No change we can see in 12 measures.", *rows], **NAMES
    )
    assert pages(full) == 2


@pytest.mark.parametrize("appendix", [False, True])
def test_no_change_beyond_chance_is_cut(clear: Path, appendix: bool):
    rows = [Change(f"Same {n}", "1.2", "3.4", "No change we can see.") for n in range(6)]
    rows += [Change(f"Moved {n}", "1.2", "3.4", "Higher by 2.2.", beyond_chance=True) for n in range(11)]
    made = make_pdf(clear, changes=["Beyond chance in 11 of 17 measures.", *rows], appendix=appendix)
    assert pages(made) > 2 if appendix else pages(made) == 2
    first, _, rest = text_of(made).partition("And 6 more, none of them beyond chance")
    assert all(f"Moved {n} " in first for n in range(11)) and "Same" not in first
    assert rest.startswith(": in the appendix." if appendix else ": in the report as a web page and in its appendix.")
    assert ("Same 5" in rest) == appendix


def test_two_pages_without_film(tmp_path: Path):
    folder = folder_of(result_of(fabricate.none()), tmp_path, pictures=0)
    (folder / "pictures.json").unlink()
    made = make_pdf(folder)
    assert pages(made) == 2
    assert "What the camera saw" not in text_of(made)


def test_order_and_what_must_be_said(clear: Path):
    text = text_of(make_pdf(clear, client="Anna Müller", trainer="Studio Nordlicht"))
    verdict = words.favoring_verdict(result_of(fabricate.clear_right()))
    in_order = ("When to get help first", verdict.headline, words.ALWAYS_SAY[0][0], "Left against right", "Your knees")
    places = [text.index(part) for part in in_order]
    assert places == sorted(places)
    for said in (*(sign.text for sign in words.HELP_SIGNS), words.NOT_A_DEVICE, words.FOR_WHOM, words.KNEE_AND_BACK):
        assert said in text
    for said in ("Anna Müller", "Studio Nordlicht", "Left foot lands 2", verdict.how_sure, "Walking speed"):
        assert said in text
    assert text.count(words.NOT_A_DEVICE) == 2, "in the text, and below the second page"


def test_page_and_paper_say_the_same(clear: Path):
    page, paper = make_html(clear, client="Anna"), text_of(make_pdf(clear, client="Anna"))
    for said in ("Anna", "2 January 2026", words.ABOUT_CURVES, *words.SOURCES):
        assert said.replace("'", "&#39;") in page
        assert "".join(said.split()) in "".join(paper.split()), "lines may break after a slash"


@pytest.mark.parametrize("name", [NASTY, SCRIPTS, LONG, UNBROKEN], ids=["markup", "scripts", "long", "unbroken"])
def test_names_are_printed_as_typed(name: str, clear: Path):
    made = make_pdf(clear, client=name, trainer=name)
    assert pages(made) == 2
    printed = text_of(made)
    letters = sorted(re.sub(r"\s|[\u200b-\u202e\u2066-\u2069]", "", name))
    missing = [letter for letter in set(letters) if letter not in printed]
    assert missing == []
    if name in (NASTY, LONG, UNBROKEN):
        # No spaces: where a line breaks is no question of what is printed.
        assert "".join(name.split()) in "".join(printed.split())


def test_odd_characters_stop_nothing(clear: Path):
    made = make_pdf(clear, client=ODD, changes=[ODD, Change(ODD.replace("\ud800", ""), ODD, ODD, ODD)])
    assert pages(made) == 2
    make_html(clear, client=ODD)


def test_names_on_the_page_are_only_text(clear: Path):
    page = make_html(clear, client="<script>alert(1)</script>", trainer='"><img src=x onerror=y>', logo=png())
    assert "<script" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert 'src="data:image/png;base64,' in page


def test_the_same_result_gives_the_same_bytes(clear: Path):
    first = make_pdf(clear, client="Anna", logo=png())
    make_pdf(clear, client="Berta")  # the compiler remembers what it has just made
    assert make_pdf(clear, client="Anna", logo=png()) == first


def test_appendix_holds_every_number(clear: Path):
    made = make_pdf(clear, appendix=True)
    assert pages(made) > 2
    assert accessible(made)
    text = text_of(made)
    result = result_of(fabricate.clear_right())
    for name, measure in words.measured(result):
        assert words.value_text(name, measure) in text
    for said in ("Settings a 1", "Heel strikes", "single_support"):
        assert said in text
    for said in (result.video.sha256, result.model.sha256):
        assert said in text.replace(" ", "")
    assert "Settings" not in text_of(make_pdf(clear))


def test_change_since_an_earlier_film(clear: Path, tmp_path: Path):
    now = folder_of(result_of(fabricate.none()), tmp_path / "now")
    text, page = text_of(make_pdf(now, previous=clear)), make_html(now, previous=clear)
    for shown in (text, page):
        assert "Since last time" in shown
        assert "Compared with the one analyzed on 2 January 2026" in shown
        assert "No change we can see" in shown
    assert "Since last time" not in text_of(make_pdf(now))
    told = make_html(now, changes=["Only this.", Change("Knee", "1°", "2°", "Nothing to see")])
    assert "Only this." in told
    assert "Nothing to see" in told


def test_left_and_right_differ_without_color(clear: Path):
    assert re.search(r"\.line\.right \{[^}]*stroke-dasharray", pdf_module._print_css())
    assert not re.search(r"\.line\.left \{[^}]*stroke-dasharray", pdf_module._print_css())
    assert "Left, 11 strides" in text_of(make_pdf(clear))


def test_broken_and_foreign_pictures_are_left_out(clear: Path, tmp_path: Path):
    (clear / "picture_1.jpg").write_bytes(b"\xff\xd8 no picture")
    (clear / "picture_2.jpg").unlink()
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(jpeg())
    listed = (clear / "pictures.json").read_text(encoding="utf-8")
    (clear / "pictures.json").write_text(listed.replace("picture_3.jpg", "../secret.jpg"), encoding="utf-8")
    assert [picture.caption for picture in load_pictures(clear)] == ["Left foot lands 0", "Left foot lands 3"]
    text = text_of(make_pdf(clear))
    assert "Left foot lands 3" in text
    assert not {"Left foot lands 0", "Left foot lands 1", "Left foot lands 2"} & set(
        re.findall(r"Left foot lands \d", text)
    )
    for broken in ("[{}, 3]", "{", '{"file": 1}'):
        (clear / "pictures.json").write_text(broken, encoding="utf-8")
        assert load_pictures(clear) == []


def test_what_cannot_be_used_is_said_in_one_sentence(clear: Path, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "big.png").write_bytes(b"\x89PNG" + bytes(6_000_000))
    with pytest.raises(ResultError, match=r"result\.json could not be read"):
        make_pdf(tmp_path / "empty")
    with pytest.raises(LogoError, match=r"notes\.txt is not a picture"):
        make_pdf(clear, logo=tmp_path / "notes.txt")
    with pytest.raises(LogoError, match=r"big\.png is larger than 5 MB"):
        make_pdf(clear, logo=tmp_path / "big.png")
    with pytest.raises(LogoError, match=r"nowhere\.png could not be read"):
        make_pdf(clear, logo=tmp_path / "nowhere.png")
    with pytest.raises(LogoError, match="not a picture"):
        make_pdf(clear, logo=png()[:60])
    with pytest.raises(LogoError, match="too many pixels"):
        make_pdf(clear, logo=png((9000, 9000)))
    with pytest.raises(PaperError, match="a5 is no paper size"):
        make_pdf(clear, paper="a5")
    newer = (clear / RESULT_NAME).read_text(encoding="utf-8").replace('"schema_version": 1', '"schema_version": 2')
    (clear / RESULT_NAME).write_text(newer, encoding="utf-8")
    with pytest.raises(ResultError, match="newer Evenstride"):
        make_pdf(clear)
    with pytest.raises(ResultError, match="newer Evenstride"):
        make_html(clear)


def test_a_logo_is_written_anew_and_small(clear: Path):
    from evenstride.report.content import LOGO_PX, read_content

    photo = Image.new("RGB", (3000, 2000), (10, 20, 30))
    photo.info["comment"] = b"secret place"
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", comment=b"secret place")
    made = read_content(clear, logo=buffer.getvalue()).logo_png
    assert b"secret" in buffer.getvalue()
    assert made is not None and b"secret" not in made
    size = Image.open(io.BytesIO(made)).size
    assert all(have <= most for have, most in zip(size, LOGO_PX, strict=True))


def test_command_writes_what_the_file_name_asks_for(clear: Path, tmp_path: Path):
    run = CliRunner()
    paper, page = tmp_path / "r.pdf", tmp_path / "r.html"
    done = run.invoke(app, ["report", str(clear), "--out", str(paper), "--client", NASTY, "--appendix"])
    assert done.exit_code == 0, done.output
    assert str(paper) in done.output
    assert pages(paper.read_bytes()) > 2
    done = run.invoke(app, ["report", str(clear / RESULT_NAME), "--out", str(page), "--trainer", "Nordlicht"])
    assert done.exit_code == 0, done.output
    assert "Nordlicht" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["nowhere"], "could not be read"),
        (["HERE", "--logo", "nowhere.png"], "nowhere.png could not be read"),
        (["HERE", "--paper", "a5"], "no paper size"),
        (["HERE", "--previous", "nowhere"], "could not be read"),
        (["HERE", "--out", "nowhere/r.pdf"], "could not be written"),
    ],
)
def test_command_fails_in_one_line(options: list[str], said: str, clear: Path, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.rglob("*"))
    done = CliRunner().invoke(app, ["report", *(str(clear) if option == "HERE" else option for option in options)])
    assert done.exit_code != 0
    assert said in done.output
    assert done.output.count("\n") == 1
    assert set(tmp_path.rglob("*")) == before


def test_stored_recordings_by_their_ids(clear: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("EVENSTRIDE_DATABASE", str(tmp_path / "store/clients.sqlite"))
    store = open_store()
    client = store.add_client(NASTY)
    now = folder_of(result_of(fabricate.none()), tmp_path / "now")
    first, second = (
        store.add_recording(client.id, folder, recorded_at=datetime(2026, month, 5, 12, tzinfo=UTC))
        for folder, month in ((clear, 3), (now, 4))
    )
    store.database.close()
    page = tmp_path / "r.html"
    done = CliRunner().invoke(app, ["report", second.id, "--previous", first.id, "--out", str(page)])
    assert done.exit_code == 0, done.output
    text = html.unescape(page.read_text(encoding="utf-8"))
    for said in (NASTY, "Filmed on 5 April 2026", "Compared with the one filmed on 5 March 2026", "Left foot lands 3"):
        assert said in text
    unknown = CliRunner().invoke(app, ["report", "0" * 32, "--out", str(page)])
    assert unknown.exit_code != 0
    assert "neither a folder nor a stored recording" in unknown.output


def test_many_limits_and_people_still_make_two_pages(tmp_path: Path):
    base = fabricate.possible_timing_only()
    issue = base.quality.issues[0]
    many = tuple(replace(issue, message=f"{issue.message} ({n})") for n in range(9))
    assessment = replace(base, quality=replace(base.quality, issues=many))
    assert pages(make_pdf(folder_of(result_of(assessment), tmp_path), **NAMES)) == 2
