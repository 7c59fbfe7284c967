"""``evenstride client ...``: a trainer's clients on the command line."""

from __future__ import annotations

import json
import sys
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from evenstride.store import Client, Recording, Store

app = typer.Typer(
    help="Clients and their recordings: list, add, show, export, import, delete.",
    no_args_is_help=True,
    epilog="EVENSTRIDE_DATABASE names another place for them: a file, or postgresql://USER:PASSWORD@HOST/DATABASE.",
)

Who = Annotated[str, typer.Argument(metavar="CLIENT", help="The name, a part of it, or the id.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]


@app.command("list")
def list_clients(
    search: Annotated[str, typer.Argument(help="Words that occur in the name.")] = "", as_json: Json = False
) -> None:
    """List clients, or those whose name holds all words of SEARCH."""
    with _errors(as_json):
        found = _open().clients(search)
        if as_json:
            _print_json([vars(one) for one in found])
            return
        rows = [(one.name, one.birth_year or "", one.recordings, _day(one.last_recorded_at), one.id) for one in found]
        _print_table(("name", "born", "recordings", "last film", "id"), rows)


@app.command("add")
def add_client(
    name: Annotated[str, typer.Argument(help="As you want to read it: a name, a nickname, a number.")],
    born: Annotated[int | None, typer.Option(metavar="YEAR", help="Year of birth.")] = None,
    height_cm: Annotated[float | None, typer.Option(metavar="H", help="Body height.")] = None,
    notes: Annotated[str, typer.Option(metavar="TEXT")] = "",
    consent: Annotated[
        str | None, typer.Option(metavar="DAY", help="The client agreed on this day (2026-03-01, or today).")
    ] = None,
    keep_videos: Annotated[bool, typer.Option("--keep-videos", help="Keep the films of this client, too.")] = False,
    as_json: Json = False,
) -> None:
    """Add a client."""
    with _errors(as_json):
        fields = {"birth_year": born, "height_cm": height_cm, "notes": notes, "keeps_videos": keep_videos}
        client = _open().add_client(name, **fields, consent_on=None if consent is None else _parse_day(consent))
        if as_json:
            _print_json(_card(client))
        else:
            print(f"Added {shown(client.name)} ({client.id}).")


@app.command("show")
def show_client(who: Who, as_json: Json = False) -> None:
    """Show a client, the recordings, and what changed from the last but one to the last."""
    with _errors(as_json):
        store = _open()
        client = find(store, who)
        recordings = store.recordings(client.id)
        if as_json:
            _print_json({**_card(client), "recordings": [_recording(one) for one in recordings]})
            return
        _show_card(client)
        rows = [(_day(one.recorded_at), _verdict(one), _conditions(one), one.notes, one.id) for one in recordings]
        _print_table(("filmed", "result", "conditions", "notes", "id"), rows)
        if len(recordings) > 1:
            _show_change(recordings)


@app.command("export")
def export(
    who: Who,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="The ZIP file to write.")] = None,
) -> None:
    """Write everything about a client into a ZIP file."""
    with _errors(as_json=False):
        from evenstride.exchange import export_client

        store = _open()
        client = find(store, who)
        path = out or Path(f"evenstride-client-{client.id[:8]}.zip")
        export_client(store, client.id, path)
        print(path)


@app.command("import")
def import_(file: Annotated[Path, typer.Argument(metavar="FILE", help="What export has written.")]) -> None:
    """Take in a client that was exported elsewhere."""
    with _errors(as_json=False):
        from evenstride.exchange import import_client

        done = import_client(_open(), file)
        print(f"{shown(done.client.name)} ({done.client.id}): {done.sentence()}")


@app.command("delete")
def delete(
    who: Who, yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether you are sure.")] = False
) -> None:
    """Delete a client with all recordings and films, for good."""
    with _errors(as_json=False):
        store = _open()
        client = find(store, who, exactly=True)
        count = len(store.recordings(client.id))
        question = f"Delete {shown(client.name)} with {count} recordings for good? Nothing brings them back."
        if not yes and not typer.confirm(question):
            print("Nothing was deleted.")
            return
        print(store.delete_client(client.id).sentence())


@app.command("tidy")
def tidy() -> None:
    """Rebuild the database, so that not a byte of what was deleted is left in it. Takes time when it is large."""
    with _errors(as_json=False):
        done = _open().rebuild()
        print("Rebuilt." if done else "Rebuilt; the last traces go when the other windows are closed.")


@dataclass(frozen=True)
class Card:
    """A client to whom `evenstride analyze --client` adds what it measures."""

    store: Store
    client: Client

    def add(self, folder: Path) -> str:
        """Add a result folder, and say so."""
        self.store.add_recording(self.client.id, folder)
        return f"Added to {shown(self.client.name)}."


def open_card(who: str) -> Card:
    """Find the client before the long work starts.

    Raises
    ------
    StoreError
    """
    store = _open()
    return Card(store, find(store, who))


def find(store: Store, who: str, *, exactly: bool = False) -> Client:
    """Return the one client with this id or name; unless `exactly`, part of a name will do when only one has it.

    Raises
    ------
    NotFound
        If there is none, or more than one.
    """
    from evenstride.store import NotFound

    with suppress(NotFound):
        return store.client(who)
    found = store.named(who)
    if not found and not exactly:
        found = [store.client(one.id) for one in store.clients(who, limit=2)]
    if len(found) == 1:
        return found[0]
    if found:
        raise NotFound(f"More than one client is called {shown(who)}.", "Use the id; evenstride client list shows it.")
    advice = "evenstride client list shows all names; evenstride client add NAME adds one."
    raise NotFound(f"There is no client {shown(who)}.", advice)


def shown(text: str) -> str:
    r"""Return a text that a terminal shows and does not obey: control characters are spelled out.

    >>> shown("a\x1b[31mb")
    'a\\x1b[31mb'
    """
    return "".join(repr(c)[1:-1] if unicodedata.category(c) in ("Cc", "Cs") else c for c in text)


def _errors(as_json: bool) -> Any:
    from evenstride.cli import _errors as edge

    return edge(as_json)


def _open() -> Store:
    from evenstride.store import open_store

    return open_store()


def _parse_day(text: str) -> date:
    from evenstride.store import StoreError

    if text == "today":
        return date.today()
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise StoreError(f"{shown(text)} is not a day.", "Write it like 2026-03-01.") from error


def _day(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone().date().isoformat()


def _card(client: Client) -> dict[str, Any]:
    return {name: value for name, value in vars(client).items() if name != "origin"}


def _recording(recording: Recording) -> dict[str, Any]:
    return {
        "id": recording.id,
        "recorded_at": recording.recorded_at,
        "conditions": recording.conditions.to_dict(),
        "notes": recording.notes,
        "has_video": recording.has_video,
        "result": json.loads(recording.result_json),
    }


def _verdict(recording: Recording) -> str:
    from evenstride import words
    from evenstride.results import ResultError

    try:
        return words.favoring_verdict(recording.result).headline
    except ResultError as error:
        return error.message


def _conditions(recording: Recording) -> str:
    return ", ".join(value for value in recording.conditions.to_dict().values() if value)


def _show_card(client: Client) -> None:
    print(shown(client.name))
    consent = f"agreed on {client.consent_on}" if client.consent_on else "no consent noted"
    films = "films are kept" if client.keeps_videos else "films are not kept"
    facts = [f"born {client.birth_year}" if client.birth_year else "", consent, films]
    facts.insert(1, f"{client.height_cm:g} cm" if client.height_cm else "")
    print(", ".join(fact for fact in facts if fact))
    if client.notes:
        print("\n".join(shown(line) for line in client.notes.splitlines()))
    print()


def _show_change(recordings: list[Recording]) -> None:
    from evenstride.change import ABOUT_CHANGE, compare

    comparison = compare(recordings[-2], recordings[-1], recordings)
    print(f"\nFrom the last film but one to the last. {shown(comparison.summary())}")
    for line in (*comparison.cautions, *(f"{one.title}: {one.sentence()}" for one in comparison.changed)):
        print(f"  {shown(line)}")
    print(ABOUT_CHANGE)


def _print_table(headings: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    """Print a table for people, or lines with tabs for programs."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    cells = [[shown(str(cell)) for cell in row] for row in rows]
    console = Console(highlight=False)
    if not console.is_terminal:
        for row in (headings, *cells):
            print("\t".join(row))
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in cells:
        # Text, not markup: brackets in a name are only brackets.
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def _print_json(data: Any) -> None:
    from evenstride.cli import _write_json

    text = json.dumps(data, ensure_ascii=False, indent=2, default=lambda value: value.isoformat())
    _write_json(text + "\n")
    sys.stdout.flush()
