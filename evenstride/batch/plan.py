"""What a batch has to measure: videos from folders, lists and manifests, on any file system that fsspec knows."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem
from pydantic import ValidationError

from evenstride import results
from evenstride.pipeline import AnalyzeOptions, what_is_wrong
from vision.errors import EvenstrideError

#: What a folder is searched for unless patterns are given; a file that is named outright may be called anything.
VIDEO_SUFFIXES = (
    ".3gp", ".asf", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".ogv", ".ts",
    ".webm", ".wmv",
)  # fmt: skip
LIST_SUFFIXES = (".txt", ".lst")
MANIFEST_SUFFIXES = (".csv", ".tsv")
FILE_COLUMN = "file"
SUBJECT_COLUMN = "subject"
CONDITION_COLUMN = "condition"
#: Manifest columns that are settings of the analysis; an empty cell leaves the setting of the whole batch.
OPTION_COLUMNS = ("height_cm", "treadmill_speed_m_s", "slow_motion", "mirrored", "person", "all_frames")
#: Letters that are fine in the name of a file on every system.
ORDINARY = re.compile(r"[\w .,()+=@&'~^!\[\]-]+", re.ASCII)
SLUG_LENGTH = 48
ID_LENGTH = 10


class BatchError(EvenstrideError):
    """The batch as a whole can't be done: what was asked for makes no sense."""

    code = "batch_usage"


@dataclass(frozen=True)
class Item:
    """One video to measure.

    Attributes
    ----------
    id : str
        Name of its result folder; depends on `file` alone.
    file : str
        As it is shown: relative to the folder it was found in, or as the list has it.
    url : str
        Where it is, for fsspec.
    options : AnalyzeOptions
        One process a video: a folder is shared out by videos.
    given : dict
        Its row of the manifest, as text.
    size : int
        Bytes; 0 where not known.
    """

    id: str
    file: str
    url: str
    options: AnalyzeOptions
    given: dict[str, str] = field(default_factory=dict)
    size: int = 0


@dataclass(frozen=True)
class Remark:
    """One row of errors.csv.

    `measured` tells whether there are figures all the same; about a video it is a hope, until it was tried.
    """

    file: str
    code: str
    message: str
    advice: str = ""
    measured: bool = False


@dataclass(frozen=True)
class Refused:
    """A video that can't even be tried: what it would have been, and why not."""

    item: Item
    remark: Remark


@dataclass(frozen=True)
class Plan:
    """Everything that a batch is about.

    Attributes
    ----------
    items : tuple of Item, sorted by file
        The videos to measure.
    remarks : tuple of Remark
        Why videos were refused, what is odd about others, and what else could not be searched.
    refused : tuple of Refused
        Videos that count as not measured from the start.
    columns : tuple of str
        Manifest columns, in their order, without ``file``.
    left_alone : dict
        How many files of the folders were not looked at, by suffix.
    """

    items: tuple[Item, ...]
    remarks: tuple[Remark, ...] = ()
    columns: tuple[str, ...] = ()
    left_alone: dict[str, int] = field(default_factory=dict)
    refused: tuple[Refused, ...] = ()

    @property
    def videos(self) -> list[Item]:
        """All videos, sorted by file: those to measure and those that were refused."""
        return sorted([*self.items, *(one.item for one in self.refused)], key=lambda item: (item.file, item.id))


@dataclass(frozen=True)
class _Found:
    """A file before it becomes an item."""

    file: str
    url: str
    size: int = 0


def make_plan(
    sources: Sequence[str],
    options: AnalyzeOptions,
    *,
    manifest: str | None = None,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    out: str | None = None,
) -> Plan:
    """Find the videos.

    Parameters
    ----------
    sources : folders, videos, lists of videos (.txt, one a line), manifests (.csv)
        Paths or fsspec URLs.
    options : AnalyzeOptions
        For every video; a manifest's columns override them.
    manifest : path or URL, optional
        A CSV with a column ``file`` whose other columns come through to the tables. A source may be one too.
    include, exclude : patterns such as ``"*.mp4"`` or ``"pilot/*"``
        Matched against the name and against the path within the folder, whatever the case of letters.
    out : path or URL, optional
        Where the results go; never searched.

    Raises
    ------
    BatchError
        A source does not exist, or a manifest can't be read.
    """
    search = _Search(include, exclude, out)
    found: list[_Found] = []
    manifests = [manifest] if manifest else []
    for source in sources:
        if PurePosixPath(source).suffix.lower() in MANIFEST_SUFFIXES:
            manifests.append(source)
        else:
            found += search.source(source, alone=len(sources) == 1)
    rows, columns = _manifest_rows(manifests, [s for s in sources if s not in manifests])
    items = _Items(options, search.remarks)
    items.refuse_found(search.refused, rows)
    items.add_found(found, rows)
    items.add_rows(rows)
    return Plan(
        items=tuple(sorted(items.items.values(), key=lambda item: (item.file, item.id))),
        remarks=tuple(_sorted(search.remarks)),
        columns=columns,
        left_alone=dict(sorted(search.left_alone.items())),
        refused=tuple(items.refused.values()),
    )


def _sorted(remarks: Iterable[Remark]) -> list[Remark]:
    return sorted(remarks, key=lambda remark: (remark.file, remark.code, remark.message))


def shown(name: str) -> str:
    """Return a file name as text that can be printed: what is no text, or would disturb a terminal, is spelled out."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def item_id(file: str) -> str:
    """Return the name of the result folder of a file: readable, and never that of another file."""
    digest = hashlib.sha256(os.fsencode(file)).hexdigest()[:ID_LENGTH]
    slug = re.sub(r"[^A-Za-z0-9]+", "-", PurePosixPath(file).stem).strip("-")[:SLUG_LENGTH]
    return f"{slug or 'video'}-{digest}"


# --------------------------------------------------------------------------------------------------------------------
# Looking through folders


class _Search:
    """Finds files; keeps what was odd on the way."""

    def __init__(self, include: Sequence[str], exclude: Sequence[str], out: str | None) -> None:
        self.include, self.exclude = tuple(include), tuple(exclude)
        self.out = None if out is None else _absolute(out)
        self.remarks: list[Remark] = []
        self.refused: list[tuple[_Found, Remark]] = []
        self.left_alone: Counter[str] = Counter()

    def source(self, source: str, *, alone: bool) -> list[_Found]:
        """Return the files behind one argument; of several folders, names begin with their folder's."""
        fs, path = _file_system(source)
        if fs.isdir(path):
            before = "" if alone else f"{source.rstrip('/')}/"
            walk = self._walk_local(Path(path)) if isinstance(fs, LocalFileSystem) else self._walk_remote(fs, path)
            return [_Found(before + one.file, one.url, one.size) for one in walk]
        if not fs.exists(path):
            raise BatchError(f"There is nothing at {shown(source)}.", "Check the name of the folder or file.")
        if PurePosixPath(source).suffix.lower() in LIST_SUFFIXES:
            lines = _read_text(source).splitlines()
            return [self._listed(line.strip(), source) for line in lines if line.strip() and line[0] != "#"]
        return [_Found(source, source, int(fs.info(path).get("size") or 0))]

    def _listed(self, line: str, source: str) -> _Found:
        return _Found(line, _beside(line, source))

    def _wanted(self, relative: str) -> bool:
        name = PurePosixPath(relative).name
        if any(_matches(relative, pattern) for pattern in self.exclude):
            return False
        if self.include:
            wanted = any(_matches(relative, pattern) for pattern in self.include)
        else:
            wanted = name.lower().endswith(VIDEO_SUFFIXES)
        # "._walk.mp4" is what macOS leaves beside walk.mp4 on other disks.
        if wanted and not name.startswith("."):
            return True
        self.left_alone[PurePosixPath(name).suffix.lower() or name] += 1
        return False

    def _walk_local(self, root: Path) -> Iterator[_Found]:
        """Yield the wanted files, links followed, and each folder searched once even where links lead round."""
        entered: set[tuple[int, int]] = set()
        for folder, folders, names in os.walk(root, followlinks=True, onerror=self._unreadable_folder):
            here = Path(folder)
            if self.out is not None and str(here.resolve()) == self.out:
                folders.clear()
                continue
            about = here.stat()
            if (about.st_dev, about.st_ino) in entered:
                folders.clear()
                relative = here.relative_to(root).as_posix()
                message = f"{shown(relative)} leads to a folder that is searched already."
                self.remarks.append(Remark(shown(relative), "symlink_loop", message, "Nothing is missing.", True))
                continue
            entered.add((about.st_dev, about.st_ino))
            folders.sort()
            folders[:] = [name for name in folders if not name.startswith(".")]
            is_result = results.RESULT_NAME in names
            for name in sorted(names):
                if is_result and name == results.VIDEO_NAME:
                    continue
                path = here / name
                relative = path.relative_to(root).as_posix()
                if self._wanted(relative) and (size := self._size(path, relative)) is not None:
                    yield _Found(relative, str(path), size)

    def _size(self, path: Path, relative: str) -> int | None:
        try:
            about = path.stat()
        except OSError as error:
            code = "missing" if isinstance(error, FileNotFoundError) else "symlink_loop"
            message = f"{shown(relative)} is a link that leads nowhere."
            remark = Remark(shown(relative), code, message, "Put the video itself there.")
            self.refused.append((_Found(relative, str(path)), remark))
            return None
        if not stat.S_ISREG(about.st_mode):  # opening a pipe would wait for ever
            message = f"{shown(relative)} is not a file."
            remark = Remark(shown(relative), "not_a_file", message, "Put the video itself there.")
            self.refused.append((_Found(relative, str(path)), remark))
            return None
        return about.st_size

    def _unreadable_folder(self, error: OSError) -> None:
        name = shown(str(error.filename))
        message = f"The folder {name} could not be searched: {error.strerror}."
        self.remarks.append(Remark(name, "unreadable_folder", message, "Change its permissions, or copy it."))

    def _walk_remote(self, fs: Any, root: str) -> Iterator[_Found]:
        out = None if self.out is None else self.out.split("://", 1)[-1].strip("/")
        for path, about in sorted(fs.find(root, detail=True).items()):
            relative = path[len(root) :].lstrip("/")
            if out is not None and path.strip("/").startswith(f"{out}/"):
                continue
            if self._wanted(relative):
                yield _Found(relative, fs.unstrip_protocol(path), int(about.get("size") or 0))


def _matches(relative: str, pattern: str) -> bool:
    relative, pattern = relative.lower(), pattern.lower()
    return fnmatch(relative, pattern) or fnmatch(PurePosixPath(relative).name, pattern)


def _file_system(url: str) -> tuple[Any, str]:
    try:
        return fsspec.core.url_to_fs(url)
    except (ValueError, ImportError) as error:
        raise BatchError(
            f"{shown(url)} can't be opened: {error}.", "Check the address, or install what it needs."
        ) from error


def _absolute(url: str) -> str:
    fs, path = _file_system(url)
    # Unlike Path.resolve, this does not mind a link that leads round.
    return os.path.realpath(path) if isinstance(fs, LocalFileSystem) else str(fs.unstrip_protocol(path))


def _read_text(url: str) -> str:
    fs, path = _file_system(url)
    try:
        content: bytes = fs.cat_file(path)
        return content.decode("utf-8-sig")
    except OSError as error:
        raise BatchError(f"{shown(url)} could not be read: {error.strerror or error}.", "Check its name.") from error
    except UnicodeDecodeError as error:
        raise BatchError(f"{shown(url)} is not text in UTF-8.", "Save it as UTF-8 (CSV UTF-8 in Excel).") from error


def _beside(name: str, source: str) -> str:
    """Return where a file is that a list names: relative names are looked for beside the list."""
    if "://" in name or Path(name).is_absolute():
        return name
    return f"{source.rpartition('/')[0]}/{name}" if "/" in source else name


# --------------------------------------------------------------------------------------------------------------------
# Manifests


@dataclass(frozen=True)
class _Row:
    """One line of a manifest: the file as written, where it may be, and all cells."""

    file: str
    places: tuple[str, ...]
    cells: dict[str, str]


def _manifest_rows(manifests: Sequence[str], sources: Sequence[str]) -> tuple[list[_Row], tuple[str, ...]]:
    """Return the rows of all manifests; a file is looked for in the folders that are searched, then beside it."""
    rows: list[_Row] = []
    columns: dict[str, None] = {}
    for manifest in manifests:
        text = _read_text(manifest)
        header = text.partition("\n")[0]
        delimiter = max(",;\t", key=header.count)
        reader = csv.DictReader(io.StringIO(text), delimiter=delimiter, restkey="_more", restval="")
        names = [name.strip() for name in reader.fieldnames or ()]
        reader.fieldnames = names
        if FILE_COLUMN not in names:
            raise BatchError(
                f"{shown(manifest)} has no column called {FILE_COLUMN}.", "Its first line names the columns."
            )
        if len(set(names)) < len(names):
            raise BatchError(f"{shown(manifest)} has two columns of the same name.", "Give each column its own name.")
        columns |= dict.fromkeys(name for name in names if name and name != FILE_COLUMN)
        for cells in reader:
            tidy = {name: (cells[name] or "").strip() for name in names if name}
            file = tidy.pop(FILE_COLUMN)
            if file:
                places = (*(f"{source.rstrip('/')}/{file}" for source in sources), _beside(file, manifest))
                rows.append(_Row(file, places, tidy))
    return rows, tuple(columns)


class _Items:
    """Turns files and manifest rows into items."""

    def __init__(self, options: AnalyzeOptions, remarks: list[Remark]) -> None:
        self.options = options.model_copy(update={"out": None, "workers": 1})
        self.remarks = remarks
        self.items: dict[str, Item] = {}
        self.refused: dict[str, Refused] = {}
        self.used: set[int] = set()

    def refuse_found(self, found: Iterable[tuple[_Found, Remark]], rows: Sequence[_Row]) -> None:
        """Note files of folders that can't be tried, each with the row that names it."""
        by_place = _by_place(rows)
        for one, remark in found:
            self._refuse(one, self._cells(one, rows, by_place), remark)

    def add_found(self, found: Iterable[_Found], rows: Sequence[_Row]) -> None:
        """Add files of folders, each with the row that names it."""
        by_place = _by_place(rows)
        names: dict[str, list[_Found]] = {}
        for one in found:
            if self._add(one, self._cells(one, rows, by_place)):
                names.setdefault(PurePosixPath(one.file).name.casefold(), []).append(one)
        for same in names.values():
            for one in same if len(same) > 1 else ():
                message = f"{len(same)} videos are called {shown(PurePosixPath(one.file).name)}."
                kept = "Each has a row and a folder of its own; give them different names to tell them apart."
                self.remarks.append(Remark(shown(one.file), "duplicate_name", message, kept, True))

    def add_rows(self, rows: Sequence[_Row]) -> None:
        """Add files that only a manifest names."""
        # A file that was refused is listed all the same.
        refused = [one.item for one in self.refused.values()]
        taken = {_absolute(item.url): item for item in (*refused, *self.items.values())}
        for k, row in enumerate(rows):
            if k in self.used:
                continue
            place = next((place for place in row.places if _exists(place)), None)
            if place is None:
                message = f"{shown(row.file)} is in the manifest, but there is no such file."
                remark = Remark(shown(row.file), "missing", message, "Check its name and folder.")
                self._refuse(_Found(row.file, row.places[-1]), row.cells, remark)
            elif _absolute(place) in taken:
                message = f"{shown(row.file)} is listed more than once; its first line counts."
                self._remark_duplicate(taken[_absolute(place)], message)
            else:
                added = self._add(_Found(row.file, place), row.cells)
                taken[_absolute(place)] = added or self._known(item_id(row.file))

    def _cells(self, one: _Found, rows: Sequence[_Row], by_place: dict[str, int]) -> dict[str, str]:
        """Return the cells of the row that names a file; that row is used up."""
        k = by_place.get(_absolute(one.url)) if by_place else None
        if k is None:
            return {}
        self.used.add(k)
        return rows[k].cells

    def _refuse(self, one: _Found, cells: dict[str, str], remark: Remark) -> None:
        key = item_id(one.file)
        if key not in self.items and key not in self.refused:
            self.refused[key] = Refused(Item(key, shown(one.file), one.url, self.options, dict(cells)), remark)
            self.remarks.append(remark)

    def _known(self, key: str) -> Item:
        return self.items[key] if key in self.items else self.refused[key].item

    def _remark_duplicate(self, item: Item, message: str) -> None:
        measured = item.id not in self.refused
        self.remarks.append(Remark(item.file, "duplicate", message, "List every video once.", measured))

    def _add(self, one: _Found, cells: dict[str, str]) -> Item | None:
        file = shown(one.file)
        key = item_id(one.file)
        if key in self.items or key in self.refused:
            self._remark_duplicate(self._known(key), f"{file} is listed more than once.")
            return None
        try:
            options = AnalyzeOptions(**(self.options.model_dump() | _options_in(cells)))
        except ValidationError as error:
            name, given, rule = what_is_wrong(error)
            message = f"{file}: {name} {given!r} is not possible: it must be {rule}."
            self._refuse(one, cells, Remark(file, "manifest", message, "Correct this line of the manifest."))
            return None
        if not ORDINARY.fullmatch(PurePosixPath(one.file).name) or file != one.file:
            message = f"The name of {file} holds letters that some programs do not like."
            self.remarks.append(
                Remark(file, "odd_name", message, f"It keeps this name; its folder is called {key}.", True)
            )
        self.items[key] = Item(key, file, one.url, options, dict(cells), one.size or _size_of(one.url))
        return self.items[key]


def _by_place(rows: Sequence[_Row]) -> dict[str, int]:
    """Return which row names the file at a place; of several, the first."""
    return {_absolute(place): k for k, row in reversed(list(enumerate(rows))) for place in row.places}


def _options_in(cells: dict[str, str]) -> dict[str, str]:
    return {name: cells[name] for name in OPTION_COLUMNS if cells.get(name)}


def _size_of(url: str) -> int:
    fs, path = _file_system(url)
    try:
        return int(fs.info(path).get("size") or 0)
    except OSError:  # measuring it will say what is wrong
        return 0


def _exists(url: str) -> bool:
    fs, path = _file_system(url)
    return bool(fs.isfile(path))
