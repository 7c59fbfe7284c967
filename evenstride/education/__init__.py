"""What people can read: one Markdown file a topic, with its sources. README.md in this folder says how to edit them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from evenstride import words

#: Where a measure without a topic of its own leads.
HOW_SURE = "how_sure"
#: The topic that holds the signs that need a doctor.
RED_FLAGS = "red_flags"
#: The two films that show what favoring looks like; `clips/` holds a film and its figures for each.
CLIPS = ("even", "favoring")

_HEAD = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.S)
_SOURCE = re.compile(r"^\[\^([\w-]+)\]: (.+)$", re.M)
_MARK = re.compile(r"\[\^([\w-]+)\]")


class TopicError(ValueError):
    """A file of this folder is not laid out as README.md says."""


@dataclass(frozen=True)
class Topic:
    """One topic.

    Attributes
    ----------
    key : str
        Its name in links; the file's name without ``.md``.
    title, part, summary : str
        Heading, the part of the contents that it stands in, and one line about it.
    order : int
        Its place in the contents.
    measures : tuple of str
        The measures of a result that link here.
    see : tuple of str
        Keys of topics to read next.
    body : str
        Markdown, with marks such as ``[^creaby]`` for sources and with places for shared texts filled in.
    sources : mapping of str to str
        What each mark stands for, in the order of the file.
    """

    key: str
    title: str
    part: str
    summary: str
    order: int
    measures: tuple[str, ...]
    see: tuple[str, ...]
    body: str
    sources: dict[str, str] = field(default_factory=dict)

    @property
    def cited(self) -> tuple[str, ...]:
        """The marks of sources in the order in which the text first uses them."""
        return tuple(dict.fromkeys(_MARK.findall(self.body)))

    def numbered(self, anchor: str = "sources") -> str:
        """Return the text with its marks written as numbers that link to the list of sources."""
        number = {key: place for place, key in enumerate(self.cited, 1)}
        return _MARK.sub(lambda found: f"[\\[{number[found[1]]}\\]](#{anchor})", self.body)

    def source_list(self) -> str:
        """Return the sources as a numbered list, in the order in which the text uses them."""
        return "\n".join(f"{place}. {self.sources[key]}" for place, key in enumerate(self.cited, 1))


@cache
def topics() -> dict[str, Topic]:
    """Return all topics by key, in reading order.

    Raises
    ------
    TopicError
        If a file is not laid out as README.md says.
    """
    folder = files(__name__)
    texts = {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir() if file.name.endswith(".md")}
    read = [read_topic(name.removesuffix(".md"), text) for name, text in texts.items() if name != "README.md"]
    return {topic.key: topic for topic in sorted(read, key=lambda topic: topic.order)}


def read_topic(key: str, text: str) -> Topic:
    """Read one file: lines ``name: value`` between two lines of three dashes, then Markdown, then its sources."""
    found = _HEAD.match(text)
    if not found:
        raise TopicError(f"{key}.md does not start with its title, part, order and summary between two lines ---.")
    head = dict(line.split(":", 1) for line in found[1].splitlines() if ":" in line)
    head = {name.strip(): value.strip() for name, value in head.items()}
    missing = {"title", "part", "order", "summary"} - set(head)
    if missing:
        raise TopicError(f"{key}.md does not say its {' and '.join(sorted(missing))}.")
    if not head["order"].isdigit():
        raise TopicError(f"{key}.md: order must be a whole number, not {head['order']!r}.")
    return Topic(
        key=key,
        title=head["title"],
        part=head["part"],
        summary=head["summary"],
        order=int(head["order"]),
        measures=_names(head.get("measures", "")),
        see=_names(head.get("see", "")),
        body=_filled(_SOURCE.sub("", found[2]).strip()),
        sources=dict(_SOURCE.findall(found[2])),
    )


def topic_for(measure_id: str) -> str:
    """Return the key of the topic that explains a measure or a part of the favoring index."""
    return next((topic.key for topic in topics().values() if measure_id in topic.measures), HOW_SURE)


def find(name: str | None) -> Topic | None:
    """Return the topic that a link names, however spelled (``knee-bend``, ``Knee_Bend``); None if there is none."""
    return topics().get((name or "").strip().lower().replace("-", "_"))


def clip(name: str) -> tuple[Path, dict[str, Any]]:
    """Return one of `CLIPS`: its film, and the knee angles and landings measured in it (docs/make_learn_clips.py)."""
    folder = Path(__file__).parent / "clips"
    return folder / f"{name}.mp4", json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))


def _names(value: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in value.split(",") if name.strip())


def _filled(body: str) -> str:
    """Put in the texts that other parts of the app show too; they live in evenstride/words.py alone."""
    return body.replace("{{help_signs}}", _help_signs()).replace("{{how_to_film}}", _how_to_film())


def _help_signs() -> str:
    return "\n\n".join(
        "\n".join([f"### {heading}", "", *(f"- {sign.text}" for sign in words.HELP_SIGNS if sign.when == when)])
        for when, heading in words.HELP_WHEN.items()
    )


def _how_to_film() -> str:
    return "\n".join(f"- **{title}** {text}" for title, text in words.HOW_TO_FILM)
