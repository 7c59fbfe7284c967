"""One client: what changed, the recordings, two of them side by side, the card and notes, export and deleting."""

from __future__ import annotations

import html
import io
from collections.abc import Iterable
from functools import partial
from typing import Any

import streamlit as st

from evenstride import change, words
from evenstride.exchange import export_client
from evenstride.report.stored import about_recording
from evenstride.results import VIDEO_NAME, ResultError
from evenstride.store import ChangedMeanwhile, Client, Recording, Store
from evenstride.ui import clients, frame, pages, player, report_files, stored_posture, trend_chart
from vision.errors import EvenstrideError

_TABLE_STYLE = """<style>
.ev-changes { width: 100%; border-collapse: collapse; }
.ev-changes :is(th, td) { text-align: start; vertical-align: top; font-weight: 400; padding: .45rem .8rem .45rem 0; }
.ev-changes tbody th { font-weight: 600; }
.ev-changes :is(th, td):nth-child(2), .ev-changes :is(th, td):nth-child(3) { text-align: end; white-space: nowrap; }
.ev-changes :is(th, td):nth-child(4) { padding-inline-start: 1rem; }
.ev-changes tr { border-bottom: 1px solid rgba(128, 136, 150, .35); }
@media (max-width: 640px) {
  .ev-changes tr { display: grid; grid-template-columns: 1fr minmax(4rem, auto) minmax(4rem, auto); gap: 0 .8rem; }
  .ev-changes :is(th, td) { padding-inline: 0; padding-block: .3rem; }
  .ev-changes :is(th, td):nth-child(4) { grid-column: 1 / -1; padding-block-start: 0; padding-inline-start: 0; }
}
</style>"""
PARTS = ("Change", "Recordings", "Side by side", "Posture", "Notes and card", "Export or delete")


def show(store: Store, client_id: str) -> None:
    """Show a client's page."""
    pages.link("clients", "All clients")
    client = store.client(client_id)
    clients.heading(client.name)
    if message := st.session_state.pop("clients-message", None):
        st.success(message)
    st.caption(_facts(client))
    pages.link("film", "Record or upload a film", client=client.id)
    recordings = store.recordings(client.id)
    part = st.segmented_control(
        "What to see", PARTS, default=PARTS[0], key=f"part-{client.id}", label_visibility="collapsed", required=True
    )
    if part == PARTS[0]:
        _change(recordings)
    elif part == PARTS[1]:
        _recordings(store, recordings)
    elif part == PARTS[2]:
        _side_by_side(store, recordings)
    elif part == PARTS[3]:
        stored_posture.part(store, client.id)
    elif part == PARTS[4]:
        _card(store, client)
    else:
        _export(store, client)
        _delete(store, client, recordings)


def _facts(client: Client) -> str:
    agreed = client.consent_on
    consent = f"agreed on {agreed.day} {agreed:%B %Y}" if agreed else "⚠️ no consent noted yet"
    facts = [
        f"born {client.birth_year}" if client.birth_year else "",
        f"{client.height_cm:g} cm" if client.height_cm else "",
        consent,
        "films are kept" if client.keeps_videos else "films are not kept",
    ]
    return " · ".join(fact for fact in facts if fact)


# --- change


def _change(recordings: list[Recording]) -> None:
    if len(recordings) < 2:
        st.write("Change shows once there are two recordings.")
        return
    trends = change.trends(recordings)
    if not trends:
        st.write("The latest film did not allow measuring anything. Look at its recording for the reason.")
        return
    st.subheader("From the first film to the latest", anchor=False)
    for caution in trends[0].cautions:
        st.warning(frame.plain(caution))
    if all(trend.change is None for trend in trends):
        st.info(f"The latest film and the one before. {frame.plain(change.compare(*recordings[-2:]).summary())}")
    by_title = {trend.title: trend for trend in trends}
    changed = [title for title, trend in by_title.items() if trend.change and trend.change.status == "changed"]
    chosen = st.selectbox(
        "Measure", list(by_title), index=list(by_title).index(changed[0]) if changed else 0, key="trend"
    )
    trend = by_title[chosen]
    if trend.change is not None:
        st.markdown(f"**{frame.plain(trend.sentence())}**")
    st.altair_chart(trend_chart.draw(trend), width="stretch", key="trend-chart")
    st.caption(
        "Each dot is a film, its line the range in which other steps of that walk might have put it. Inside the gray "
        "band a difference from the first film can be chance. Empty dots were filmed in another way: not compared."
    )
    with st.expander("The picture in words and numbers"):
        st.markdown(frame.plain(trend_chart.words_of(trend)))
    st.subheader("All measures", anchor=False)
    _show_table("trend-table", _table(list(by_title.values())))
    st.caption(change.ABOUT_CHANGE)


def _table(trends: list[change.Trend]) -> list[dict[str, str]]:
    return [
        {
            "Measure": trend.title,
            "First": "–" if trend.change is None else words.value_text(trend.measure, trend.change.before),
            "Latest": words.number(trend.points[-1].value, trend.unit, words.measure_words(trend.measure).decimals)
            if trend.change is None
            else words.value_text(trend.measure, trend.change.after),
            "Change": "Nothing to compare with." if trend.change is None else trend.change.sentence(),
        }
        for trend in trends
    ]


def _show_table(key: str, rows: list[dict[str, str]]) -> None:
    """Show rows as a table whose text wraps; on a phone what changed stands below the name and the values."""
    with st.container(key=key):
        st.html(_TABLE_STYLE + _html_table(rows))


def _html_table(rows: list[dict[str, str]]) -> str:
    # The roles keep it a table for screen readers also where the style lays its rows out in another way.
    def cells(texts: Iterable[str], tag: str, role: str) -> str:
        return "".join(f'<{tag} role="{role}">{html.escape(text)}</{tag}>' for text in texts)

    head = cells(rows[0] if rows else (), "th", "columnheader")
    body = ""
    for title, *values in (row.values() for row in rows):
        body += f'<tr role="row">{cells([title], "th", "rowheader")}{cells(values, "td", "cell")}</tr>'
    return (
        f'<table class="ev-changes" role="table"><thead role="rowgroup"><tr role="row">{head}</tr></thead>'
        f'<tbody role="rowgroup">{body}</tbody></table>'
    )


# --- recordings


def _recordings(store: Store, recordings: list[Recording]) -> None:
    if not recordings:
        st.write("There are no recordings yet.")
    filmed = clients.filmed(recordings)
    for recording in reversed(recordings):
        with st.container(border=True, key=f"recording-{recording.id}"):
            pages.link("clients", filmed[recording.id], recording=recording.id)
            st.write(frame.plain(headline(recording)))
            about = [clients.SURFACES[recording.conditions.surface], recording.conditions.shoes]
            about += [clients.PACES[recording.conditions.pace], recording.conditions.other]
            st.caption(frame.plain(" · ".join(text for text in about if text and text != "not noted")))
            if recording.notes:
                clients.exactly(recording.notes)


def headline(recording: Recording) -> str:
    """Return the verdict of a recording, or why it cannot be read."""
    try:
        return words.favoring_verdict(recording.result).headline
    except ResultError as error:
        return error.message


def show_recording(store: Store, recording_id: str) -> None:
    """Show a stored recording as its result page, with its own card."""
    from evenstride.ui.result import show_result

    recording = store.recording(recording_id)
    client = store.client(recording.client_id)
    pages.link("clients", f"Back to {clients.link_text(client.name)}", client=client.id)
    st.caption(f"Filmed {clients.filmed(store.recordings(client.id))[recording.id]}")
    folder = clients.unpacked(store, recording)
    about = partial(about_recording, store, recording)
    report_files.offer(folder, "recording", about, label="Report to hand over")
    with st.expander("Shoes, ground, day, notes"):
        _recording_form(store, recording)
    clients.offer_deleting("recording", recording, store.delete_recording)
    show_result(folder, key="stored", filmed_on=recording.recorded_at.astimezone().date(), about=about)


def _recording_form(store: Store, recording: Recording) -> None:
    base = _opened(recording)
    with st.form(f"recording-form-{base.id}-{base.version}", border=False):
        filmed, conditions, notes = clients.recording_fields(base, f"edit-{base.id}-{base.version}")
        if st.form_submit_button("Save"):
            fields = {"recorded_at": filmed, "conditions": conditions, "notes": notes}
            _save(lambda: store.update_recording(base.id, base.version, **fields), base, recording.notes)
    offer_newer(recording)


# --- side by side


def _side_by_side(store: Store, recordings: list[Recording]) -> None:
    if len(recordings) < 2:
        st.write("Two recordings are needed.")
        return
    filmed = clients.filmed(recordings)
    names = {one.id: f"{filmed[one.id]}, {headline(one)}" for one in recordings}
    by_id = {one.id: one for one in recordings}
    left, right = st.columns(2)
    before = left.selectbox("Earlier", list(names), len(names) - 2, names.__getitem__, key="pick-before")
    after = right.selectbox("Later", list(names), len(names) - 1, names.__getitem__, key="pick-after")
    if before == after:
        st.write("Choose two different ones.")
        return
    pair = sorted((by_id[before], by_id[after]), key=lambda one: one.recorded_at)
    comparison = change.compare(*pair, recordings)
    st.markdown(f"**{frame.plain(comparison.summary())}**")
    for caution in comparison.cautions:
        st.warning(frame.plain(caution))
    _films(store, pair, filmed)
    _curves(pair, filmed)
    rows = [
        {
            "Measure": one.title,
            "Earlier": words.value_text(one.measure, one.before),
            "Later": words.value_text(one.measure, one.after),
        }
        | ({} if comparison.blocked else {"Change": one.sentence()})
        for one in comparison.changes
        if "ok" in (one.before.status, one.after.status)
    ]
    st.subheader("All measures", anchor=False)
    _show_table("compare-table", rows)
    st.caption(change.ABOUT_CHANGE)


def _films(store: Store, pair: list[Recording], filmed: dict[str, str]) -> None:
    st.subheader("The two films", anchor=False)
    starts = []
    folders = [clients.unpacked(store, recording) for recording in pair]
    curves = player.same_range(*map(player.read_tracks, folders))
    for column, recording, side, folder, tracks in zip(
        st.columns(2), pair, ("before", "after"), folders, curves, strict=True
    ):
        with column:
            st.markdown(f"**{filmed[recording.id]}**")
            video = folder / VIDEO_NAME
            player.synced_player(
                video if video.exists() else None,
                tracks,
                f"compare-{side}",
                alt=f"The film of {filmed[recording.id]}",
                beside=False,
            )
            if not video.exists():
                st.caption("The film was not kept; the curves move by click and keys.")
            starts.append((tracks.events[0]["time_s"] if tracks.events else 0.0) * tracks.slow_motion)
    if all(store.video(one.id) for one in pair):
        trend_chart.play_both("compare-before-film", "compare-after-film", starts)


def _curves(pair: list[Recording], filmed: dict[str, str]) -> None:
    st.subheader("The average step of each knee", anchor=False)
    shown = False
    for column, side in zip(st.columns(2), ("left", "right"), strict=True):
        chart = trend_chart.overlay(side, *((filmed[one.id], one.result) for one in pair))
        if chart is not None:
            with column:
                st.altair_chart(chart, width="stretch", key=f"overlay-{side}")
            shown = True
    if shown:
        st.caption(
            "From one landing of a foot to its next; 0° is a straight knee. The earlier film is dashed, the later one "
            "solid. Whole curves are off by about 5° from film to film, so look at their shape."
        )
    else:
        st.write("Neither film shows a knee well enough for a curve.")


# --- card and notes


def _card(store: Store, client: Client) -> None:
    base = _opened(client)
    with st.form(f"card-{base.id}-{base.version}"):
        key = f"card-{base.id}-{base.version}"
        notes = st.text_area("Notes", base.notes, height=200, key=f"{key}-notes")
        fields = clients.card_fields(base, key)
        if st.form_submit_button("Save", type="primary"):
            _save(lambda: store.update_client(base.id, base.version, notes=notes, **fields), base, client.notes)
    offer_newer(client)


def _opened(record: Client | Recording) -> Any:
    """Return the record as it was when this form was first shown: what is typed was typed onto that."""
    return st.session_state.setdefault(f"opened-{record.id}", record)


def _save(save: Any, base: Client | Recording, notes_now: str) -> None:
    try:
        save()
    except ChangedMeanwhile as error:
        frame.say(error)
        st.write("The notes there say now:")
        clients.exactly(notes_now)
        st.write("What you typed is still above. Copy what you want to keep, load the newer one, and change that.")
        st.session_state[f"newer-{base.id}"] = True
    except EvenstrideError as error:
        frame.say(error)
    else:
        st.session_state.pop(f"opened-{base.id}", None)
        st.rerun()


def offer_newer(record: Client | Recording) -> None:
    """Offer to drop what was typed onto an older record."""
    if st.session_state.get(f"newer-{record.id}"):
        st.button("Load the newer one", key=f"load-{record.id}", on_click=_load_newer, args=(record.id,))


def _load_newer(record_id: str) -> None:
    st.session_state.pop(f"opened-{record_id}", None)
    st.session_state.pop(f"newer-{record_id}", None)


# --- their data


def _export(store: Store, client: Client) -> None:
    st.subheader("Everything about this client", anchor=False)
    st.write(
        "One ZIP file with all numbers, notes, reports, posture pictures, places of the joints, and films if kept."
    )
    st.download_button(
        "Export (ZIP)",
        lambda: _zip(store, client.id),
        file_name=f"evenstride-client-{client.id[:8]}.zip",
        mime="application/zip",
        key="client-export",
        on_click="ignore",
    )


def _zip(store: Store, client_id: str) -> bytes:
    packed = io.BytesIO()
    export_client(store, client_id, packed)
    return packed.getvalue()


def _delete(store: Store, client: Client, recordings: list[Recording]) -> None:
    st.subheader("Delete for good", anchor=False)
    count = f"{len(recordings)} recording" + ("" if len(recordings) == 1 else "s")
    st.write(
        f"The card, {count}, the posture pictures and the films are overwritten on the disk. Nothing brings them back."
    )
    sure = st.checkbox("Yes, delete this client for good", key=f"sure-{client.id}")
    if st.button("Delete this client", key=f"delete-{client.id}", disabled=not sure):
        with st.spinner("Deleting and overwriting"):
            done = store.delete_client(client.id)
        clients.forget_unpacked()
        clients.forget_saved(client.id)
        st.session_state["clients-message"] = done.sentence()
        pages.go("clients")
