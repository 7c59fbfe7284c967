"""The trainer's pages, run without a browser: what is shown, to whom, and what is saved."""

from __future__ import annotations

import html
import re
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "evenstride"), str(HERE.parent / "evenstride/clients")]

import folders  # noqa: E402

from evenstride import change  # noqa: E402
from evenstride.store import Conditions, Store, open_store, passcode  # noqa: E402
from evenstride.store.letterhead import letterhead, set_letterhead  # noqa: E402
from evenstride.ui import clients, pages, session, trainer, trend_chart  # noqa: E402

NASTY = '<script>alert(1)</script> **b** :smile: $x$ [l](http://e.vil) O\'Neil "q" \u202eשלום 👩🏽‍🦽 ' + "é" * 120
SAME = Conditions("overground", "trainers", "usual")


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store, a workspace and links of our own: there is no navigation here that could know the pages."""
    monkeypatch.setenv("EVENSTRIDE_DATABASE", str(tmp_path / "data/clients.sqlite"))
    workspace = SimpleNamespace(folder=tmp_path / "visitor", saved={}, unsaved={}, job_of=lambda folder: None)
    monkeypatch.setattr(session, "workspace", lambda: workspace)
    monkeypatch.setattr(pages, "link", lambda name, label, **query: st.markdown(f"{label} → {name} {query}"))

    def go(name: str, **query: str) -> None:
        st.session_state["went"] = (name, query)
        st.stop()

    monkeypatch.setattr(pages, "go", go)


@pytest.fixture
def store() -> Store:
    return open_store()


@pytest.fixture
def client(store: Store, tmp_path: Path):
    """A client with three films: two made alike, and one on a treadmill between them."""
    client = store.add_client(NASTY, notes=NASTY, consent_on=date(2026, 1, 2))
    start = datetime(2026, 3, 1, 10, tzinfo=UTC)
    for number, (cadence, conditions) in enumerate(((100.0, SAME), (90.0, Conditions("treadmill")), (120.0, SAME))):
        folder = folders.write(tmp_path / str(number), folders.with_values({"cadence": cadence}))
        when = start + timedelta(7 * number)
        store.add_recording(client.id, folder, recorded_at=when, conditions=conditions, notes="<i>n</i>")
    return client


def script() -> None:
    from evenstride.ui import clients, frame
    from vision.errors import EvenstrideError

    try:
        clients.page()
    except EvenstrideError as error:  # as the frame around every page does
        frame.say(error)


def open_page(**query: str) -> AppTest:
    test = AppTest.from_function(script, default_timeout=180)
    for name, value in query.items():
        test.query_params[name] = value
    return test.run()


def said(test: AppTest) -> str:
    """Everything on the page that is text."""
    assert not test.exception, test.exception
    kinds = ("title", "header", "subheader", "markdown", "caption", "error", "success", "warning", "info")
    texts = [element.value for kind in kinds for element in getattr(test, kind)]
    return "\n".join([*texts, *(element.proto.body for element in test.get("html"))])


def button(test: AppTest, label: str):
    return next(one for one in test.button if one.label == label)


def part(test: AppTest, name: str, client_id: str) -> AppTest:
    test.session_state[f"part-{client_id}"] = name
    return test.run()


def test_the_list_and_its_search(store: Store):
    assert "no clients yet" in said(open_page())
    for name in ("Ann", "Zoë", NASTY):
        store.add_client(name)
    test = open_page()
    assert "3 clients" in said(test) and "Zoë → clients" in said(test)
    assert "<script>" not in said(test).replace(r"\<script\>", ""), "a name is escaped in the text of its link"
    test.text_input(key="clients-search").set_value("ZOE").run()
    assert "1 client found" in said(test) and "Ann" not in said(test)


def test_adding_a_client(store: Store):
    test = open_page()
    test.text_input(key="add-name").set_value(NASTY)
    test.number_input(key="add-height").set_value(171.0)
    test.date_input(key="add-consent").set_value(date(2026, 3, 1))
    button(test, "Add").click().run()
    (client,) = store.named(NASTY)
    assert (client.height_cm, client.consent_on, client.keeps_videos) == (171.0, date(2026, 3, 1), False)
    assert test.session_state["went"] == ("clients", {"client": client.id})


def test_a_mistake_is_a_sentence(store: Store):
    test = open_page()
    button(test, "Add").click().run()
    assert "A client needs a name" in said(test) and store.count() == 0


def test_a_name_is_shown_exactly_and_never_run(client):
    shown = said(open_page(client=client.id))
    assert f">{html.escape(NASTY)}</h1>" in shown
    assert "<script>" not in shown


def test_change_is_named_only_beyond_noise(client):
    test = open_page(client=client.id)
    shown = said(test).replace("\\", "")  # as Markdown shows it
    assert "First to latest film: Higher by 20.0 /min" in shown and "1 film not compared" in shown
    assert "The pace was not the same" in shown
    test.selectbox(key="trend").set_value("Total knee movement").run()
    assert "First to latest film: No change we can see: up to" in said(test).replace("\\", "")
    assert re.search(
        r'rowheader">Total knee movement</th>(<td role="cell">[^<]+</td>){2}<td[^>]*>No change', said(test)
    )
    assert not {"improve", "better", "worse"} & set(said(test).lower().split())


def test_recordings_and_side_by_side(client, store: Store):
    test = part(open_page(client=client.id), "Recordings", client.id)
    assert "on a treadmill" in said(test) and html.escape("<i>n</i>") in said(test)
    part(test, "Side by side", client.id)
    assert "Not compared: one is on a treadmill" in said(test).replace("\\", "")
    first = store.recordings(client.id)[0]
    test.selectbox(key="pick-before").set_value(first.id).run()
    assert "Beyond chance in 1 of 14 measures: Steps a minute" in said(test).replace("\\", "")


def test_every_report_of_a_stored_recording_says_whose_it_is(client, store: Store, monkeypatch: pytest.MonkeyPatch):
    set_letterhead(store, "Studio Nordlicht", None)
    offered: dict[str, Any] = {}
    monkeypatch.setattr(st, "download_button", lambda label, data, *_, **__: offered.update({label: data}))
    recording = store.recordings(client.id)[2]
    assert "Filmed on 15 March 2026" in said(open_page(recording=recording.id))
    for label in ("Report to hand over (web page)", "Report (web page)"):
        page = html.unescape(offered[label]().decode())
        for text in (NASTY, "Studio Nordlicht", "Since last time", "filmed on 1 March 2026", "Higher by 20.0 /min"):
            assert text in page
    assert {"Report to hand over (PDF)", "Report (PDF)"} <= set(offered)


def test_the_appendix_is_there_for_the_asking(client, store: Store, monkeypatch: pytest.MonkeyPatch):
    offered: dict[str, Any] = {}
    monkeypatch.setattr(st, "download_button", lambda label, data, *_, **__: offered.update({label: data}))
    test = open_page(recording=store.recordings(client.id)[2].id)
    pages_of = lambda pdf: max(map(int, re.findall(rb"/Count (\d+)", pdf)))  # noqa: E731
    assert pages_of(offered["Report to hand over (PDF)"]()) == 2
    test.checkbox(key="recording-appendix").check().run()
    assert pages_of(offered["Report to hand over (PDF)"]()) > 2


@pytest.fixture
def day_of_films(store: Store, tmp_path: Path):
    """A client with a film in January, and three of one day in March, two of which have the same time."""
    client = store.add_client("Ann")
    noon = datetime(2026, 3, 1, 12).astimezone()
    moments = (noon - timedelta(50), noon - timedelta(hours=2), noon, noon)
    for number, (when, cadence) in enumerate(zip(moments, (100.0, 101.0, 102.0, 103.0), strict=True)):
        folder = folders.write(tmp_path / f"day{number}", folders.with_values({"cadence": cadence}))
        store.add_recording(client.id, folder, recorded_at=when, conditions=SAME)
    return client


def test_films_of_one_day_are_told_apart(day_of_films, store: Store):
    names = ["10 January 2026", "1 March 2026, 10:00", "1 March 2026, 12:00 (1)", "1 March 2026, 12:00 (2)"]
    client = day_of_films.id
    test = part(open_page(client=client), "Recordings", client)
    assert [f"{name} → clients" in said(test) for name in names] == [True] * 4
    part(test, "Side by side", client)
    assert [option.partition(", You")[0] for option in test.selectbox(key="pick-before").options] == names
    for name in names[2:]:
        assert f"**{name}**" in said(test), "above its player"
    charts = "".join(str(chart.proto) for chart in test.get("vega_lite_chart"))
    assert "earlier: 1 March 2026, 12:00 (1)" in charts and "later: 1 March 2026, 12:00 (2)" in charts
    assert f"Filmed {names[1]}" in said(open_page(recording=store.recordings(client)[1].id))


def drawn(trend: change.Trend) -> dict[str, Any]:
    return trend_chart.draw(trend).to_dict()


def axis_of(chart: dict[str, Any]) -> dict[str, Any]:
    return next(layer["encoding"]["x"] for layer in chart["layer"] if "x" in layer.get("encoding", {}))


def texts_of(chart: dict[str, Any]) -> list[dict[str, Any]]:
    return [layer for layer in chart["layer"] if layer["mark"]["type"] == "text"]


def test_a_trend_of_one_day_shows_times_and_numbers(day_of_films, store: Store):
    films = store.recordings(day_of_films.id)
    trend = next(one for one in change.trends(films[1:]) if one.measure == "cadence")
    axis = axis_of(drawn(trend))
    assert (axis["title"], axis["axis"]["format"]) == ("Filmed on 1 March 2026", "%H:%M")
    assert len(axis["axis"]["values"]) == 2, "each time once"
    assert len(texts_of(drawn(trend))) == 1, "two dots of one time are numbered"
    mixed = next(one for one in change.trends(films) if one.measure == "cadence")
    assert axis_of(drawn(mixed))["axis"]["format"] == "%-d %b %y" and len(texts_of(drawn(mixed))) == 1
    assert "\n4. 1 March 2026, 12:00 (2): 103" in trend_chart.words_of(mixed)
    apart = next(one for one in change.trends(films[:2]) if one.measure == "cadence")
    assert not texts_of(drawn(apart)), "days of their own need no numbers"


def test_what_is_written_beside_a_chart_can_be_read(client, store: Store):
    films = store.recordings(client.id)
    overlay = trend_chart.overlay("right", ("a", films[0].result), ("b", films[2].result))
    for chart in (trend_chart.draw(change.trends(films)[0]), overlay):
        config = chart.to_dict()["config"]
        colors = {config[part][name] for part in ("axis", "legend") for name in ("labelColor", "titleColor")}
        assert colors == {trend_chart.TEXT["light"]}
    for theme, background in (("light", "#f1efe9"), ("dark", "#1a2029")):
        assert contrast(trend_chart.TEXT[theme], background) >= 4.5


def contrast(one: str, other: str) -> float:
    """The contrast of two colors, as WCAG 2 defines it."""

    def luminance(color: str) -> float:
        parts = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
        linear = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    low, high = sorted(luminance(color) + 0.05 for color in (one, other))
    return high / low


@pytest.mark.parametrize(
    "query", [{"client": "0" * 32}, {"recording": "0" * 32}, {"client": "../x"}, {"recording": "'"}]
)
def test_ids_that_open_nothing(query: dict, client):
    shown = said(open_page(**query))
    assert "There is no such" in shown and "alert" not in shown


@pytest.fixture
def login(monkeypatch: pytest.MonkeyPatch):
    """Set up a company login, and say who is logged in."""

    def as_user(sub: str | None) -> None:
        user = {"is_logged_in": sub is not None}
        if sub:
            user |= {"iss": "https://login.example", "sub": sub, "email": f"{sub}@example.com"}
        monkeypatch.setattr(st, "user", user)

    return as_user


def test_without_logging_in_nothing_is_shown(client, login):
    login(None)
    for query in ({}, {"client": client.id}, {"settings": "1"}):
        test = open_page(**query)
        assert "Log in to see your clients" in said(test) and "alert" not in said(test) and "Settings" not in said(test)


def test_each_trainer_sees_their_own_clients_only(login, tmp_path: Path):
    login("ann")
    mine = open_store("https://login.example|ann")
    client = mine.add_client("Ann's client", notes="secret")
    recording = mine.add_recording(client.id, folders.write(tmp_path / "r"))
    set_letterhead(mine, "Ann's practice", None)
    card = part(open_page(client=client.id), "Notes and card", client.id)
    assert "Ann's client" in said(open_page()) and "secret" in [one.value for one in card.text_area]
    login("bob")
    for query in ({}, {"client": client.id}, {"recording": recording.id}, {"settings": "1"}):
        test = open_page(**query)
        shown = said(test) + str([one.value for one in test.text_input])
        assert "Ann's" not in shown and "secret" not in shown
        assert not query or "settings" in query or "There is no such" in shown


def test_the_second_window_is_told_and_keeps_what_was_typed(client, store: Store):
    windows = [part(open_page(client=client.id), "Notes and card", client.id) for _ in range(2)]
    for test, text in zip(windows, ("first", "second"), strict=True):
        notes = next(one for one in test.text_area if one.label == "Notes")
        notes.set_value(text)
        button(test, "Save").click().run()
    assert "Another window has changed this" in said(windows[1]) and "first" in said(windows[1])
    assert store.client(client.id).notes == "first"
    assert next(one for one in windows[1].text_area if one.label == "Notes").value == "second"
    button(windows[1], "Load the newer one").click().run()
    assert next(one for one in windows[1].text_area if one.label == "Notes").value == "first"


def test_deleting_asks_and_proves(client, store: Store):
    test = part(open_page(client=client.id), "Export or delete", client.id)
    assert button(test, "Delete this client").disabled
    test.checkbox(key=f"sure-{client.id}").check().run()
    button(test, "Delete this client").click().run()
    assert store.count() == 0
    assert "nothing is left" in test.session_state["clients-message"]


def test_a_passcode_on_a_shared_computer(client, store: Store):
    passcode.set_passcode(store, "open sesame")
    test = open_page(client=client.id)
    assert "alert" not in said(test) and [one.label for one in test.text_input] == ["Passcode"]
    test.text_input(key="clients-passcode").set_value("wrong")
    button(test, "Unlock").click().run()
    assert "not the passcode" in said(test)
    test.text_input(key="clients-passcode").set_value("open sesame")
    button(test, "Unlock").click().run()
    assert "alert" in said(test)
    test.session_state["clients-unlocked-at"] -= trainer.LOCK_AFTER_S + 1
    assert "alert" not in said(test.run()), "half an hour later it asks again"


def test_settings_letterhead_and_passcode(store: Store):
    test = open_page(settings="1")
    test.text_input(key="trainer-name").set_value(NASTY)
    button(test, "Save").click().run()
    assert letterhead(store).name == NASTY
    test.text_input(key="passcode-new").set_value("abc")
    button(test, "Set a passcode").click().run()
    assert "shorter than" in said(test) and not passcode.is_set(store)
    test.text_input(key="passcode-new").set_value("abcd")
    button(test, "Set a passcode").click().run()
    assert passcode.is_set(store)


def panel() -> None:
    from pathlib import Path

    import streamlit as st

    from evenstride.ui import clients

    clients.save_to_client_panel(Path(st.session_state["folder"]))


def test_a_result_goes_to_a_client_in_one_step(tmp_path: Path):
    folder = folders.write(tmp_path / "result")

    def shown() -> AppTest:
        test = AppTest.from_function(panel, default_timeout=180)
        test.session_state["folder"] = str(folder)
        return test.run()

    assert not shown().selectbox, "people without clients are not bothered"
    assert not (tmp_path / "data").exists(), "and looking makes no store"
    store = open_store()
    client = store.add_client(NASTY)
    test = shown()
    test.selectbox(key="save-client").set_value(client.id).run()
    button(test, "Save to this client").click().run()
    (recording,) = store.recordings(client.id)
    assert recording.result_json == (folder / "result.json").read_text()
    assert f"Saved to <bdi>{html.escape(NASTY)}</bdi>." in said(test) and not test.selectbox
    assert "Saved to" in said(shown()), "also when the page is loaded again"
    session.workspace().saved.clear()
    assert len(shown().selectbox) > 0, "another visit may add it again, to someone else"


def test_a_store_that_cannot_be_used_is_a_sentence(tmp_path: Path):
    path = tmp_path / "data/clients.sqlite"
    path.parent.mkdir()
    path.write_bytes(b"something else" * 100)
    assert "is not a client store" in said(open_page()).replace("\\", "")


def test_a_stored_recording_offers_no_panel(tmp_path: Path):
    open_store().add_client("Ann")
    assert clients.STORED == "stored"
    test = AppTest.from_function(panel, default_timeout=180)
    test.session_state["folder"] = str(tmp_path / "stored/abc")
    assert not test.run().selectbox
