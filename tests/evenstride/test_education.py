"""The texts of the Learn page: every statement has a source, plain words, nothing that may not be said."""

from __future__ import annotations

import re

import pyphen
import pytest

from evenstride import education, words
from evenstride.education import TopicError, read_topic, topic_for, topics

TOPICS = list(topics().values())
#: What results, reports and pages link to.
LINKED = [
    "favoring",
    "step_time",
    "stance",
    "knee_bend",
    "knee_loading",
    "trunk_forward",
    "trunk_lateral",
    "cadence",
    "walking_speed",
    "posture",
    "knee_problems",
    "back_pain",
    "prevention",
    "what_helps",
    "faq",
    "red_flags",
    "how_sure",
    "film_well",
]
#: Flesch-Kincaid grade: the school year that follows a text with ease. A 14-year-old is in the eighth or ninth.
MAX_GRADE = 7.0
#: Terms that have no shorter word and that the texts explain; each counts as one syllable a part.
TERMS = re.compile(r"\b(osteoarthritis|arthritis|arthroscopy|tendinopathy|paracetamol|glucosamine|Evenstride)\b", re.I)
FORBIDDEN = re.compile(
    r"\b(abnormal\w*|diagnos\w*|risk scores?|severity|leads? to|will cause|pathological|patients?|sciatica|"
    r"your limp|\d+ ?mg|milligrams?|times a day|sets of \d+|repetitions)\b",
    re.I,
)
SYLLABLES = pyphen.Pyphen(lang="en_US")


def running_text(topic: education.Topic) -> list[str]:
    """Return the paragraphs and points of a topic without marks, headings and emphasis."""
    return [re.sub(r"\[\^[\w-]+\]|\*\*|[-*] (?=\S)|\"", "", block) for block in blocks(topic)]


def blocks(topic: education.Topic) -> list[str]:
    """Split a topic into paragraphs and points; headings are left out."""
    parts = re.split(r"\n\s*\n|\n(?=- )", re.sub(r"^#+ .*$", "\n", topic.body, flags=re.M))
    return [" ".join(part.split()) for part in parts if part.strip()]


def syllables(word: str) -> int:
    """Return the larger of two counts, by hyphenation and by groups of vowels: each alone misses some."""
    if TERMS.fullmatch(word):
        return 1
    groups = len(re.findall(r"[aeiouy]+", word.lower())) - bool(re.search(r"[^l]e$", word.lower()))
    return max(1, len(SYLLABLES.positions(word)) + 1, groups)


def grade(text: str) -> float:
    """Return the Flesch-Kincaid grade of a text (Kincaid and others 1975)."""
    found = re.findall(r"[A-Za-z']+", text)
    sentences = max(1, len(re.findall(r"[.!?:](?=\s|$)", text)))
    return 0.39 * len(found) / sentences + 11.8 * sum(map(syllables, found)) / len(found) - 15.59


def test_grade_tells_plain_from_learned():
    assert grade("The cat sat on the mat. It was warm.") < 3
    assert grade("Unilateral symptomatic gonarthrosis necessitates individualized multidisciplinary management.") > 14


@pytest.mark.parametrize("topic", TOPICS, ids=lambda t: t.key)
def test_a_fourteen_year_old_follows(topic):
    text = " ".join([topic.summary, *running_text(topic)])
    assert grade(text) <= MAX_GRADE, f"{topic.key} reads like grade {grade(text):.1f}"


@pytest.mark.parametrize("topic", TOPICS, ids=lambda t: t.key)
def test_sentences_are_short(topic):
    for block in running_text(topic):
        for sentence in re.split(r"(?<=[.!?:])\s", block):
            assert len(sentence.split()) <= 34, sentence


@pytest.mark.parametrize("topic", TOPICS, ids=lambda t: t.key)
def test_every_paragraph_and_point_has_a_source(topic):
    own = [f"- {sign.text}" for sign in words.HELP_SIGNS] + [f"- **{t}** {text}" for t, text in words.HOW_TO_FILM]
    for block in blocks(topic):
        assert re.search(r"\[\^[\w-]+\]\W*$", block) or block in own, f"{topic.key}: no source for {block!r}"


@pytest.mark.parametrize("topic", TOPICS, ids=lambda t: t.key)
def test_sources_exist_and_are_used(topic):
    assert set(topic.cited) == set(topic.sources)
    assert all(len(source) > 20 for source in topic.sources.values())


def test_a_mark_means_the_same_source_everywhere():
    seen: dict[str, str] = {}
    for topic in TOPICS:
        for key, source in topic.sources.items():
            assert seen.setdefault(key, source) == source, (topic.key, key)


def test_own_figures_name_pages_that_exist():
    root = education.Path(education.__file__).parents[2]
    named = {page for topic in TOPICS for s in topic.sources.values() for page in re.findall(r"docs/[\w.]+md", s)}
    assert named and all((root / page).exists() for page in named)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda t: t.key)
def test_nothing_is_said_that_may_not_be_said(topic):
    found = FORBIDDEN.search(" ".join([topic.title, topic.summary, topic.body]))
    assert found is None, f"{topic.key}: {found[0]!r}"


def test_the_link_between_knee_and_back_is_called_unsettled():
    text = topics()["knee_and_back"].body
    assert "may contribute" in text and "not been shown" in text and "go together" in text
    assert not re.search(r"\bcauses?\b(?! back pain is not)", text)


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        (
            "what_helps",
            ("Relative rest, not rest", "Ice is for comfort only", "opposite", "**not** recommended for worn"),
        ),
        ("what_helps", ("Belts, corsets and insoles for the back** are not recommended", "disc replacement")),
        ("prevention", ("not** been shown to prevent back pain", "no single right posture")),
        ("knee_problems", ("Osteoarthritis", "Meniscus tear", "Tendinitis", "ACL", "MCL", "Arthritis")),
        ("back_pain", ("dull ache low down", "Shooting pain", "Spasms", "Stiffness")),
        ("favoring", ("Even steps do not mean that nothing hurts", "People whose knees hurt on both sides")),
    ],
)
def test_what_has_to_be_said_is_said(topic, said):
    text = " ".join(topics()[topic].body.split())
    assert [phrase for phrase in said if phrase.lower() not in text.lower()] == []


def test_topics_that_others_link_to():
    assert set(LINKED) <= set(topics())
    assert {key for topic in TOPICS for key in topic.see} <= set(topics())
    assert len({topic.order for topic in TOPICS}) == len(TOPICS)


def test_links_of_the_pages_lead_somewhere():
    pages = (education.Path(education.__file__).parents[1] / "ui").glob("*.py")
    linked = {key for page in pages for key in re.findall(r'topic="([\w-]+)"', page.read_text(encoding="utf-8"))}
    assert linked and [key for key in linked if education.find(key) is None] == []


def test_parts_of_the_contents_stand_together():
    parts = [topic.part for topic in TOPICS]
    assert [p for i, p in enumerate(parts) if i == 0 or parts[i - 1] != p] == list(dict.fromkeys(parts))


@pytest.mark.parametrize("measure", [*words.MEASURES, *words.COMPONENTS])
def test_every_measure_has_its_topic(measure):
    assert measure in topics()[topic_for(measure)].measures


def test_topics_explain_only_measures_that_exist():
    assert {m for topic in TOPICS for m in topic.measures} <= set(words.MEASURES)
    assert topic_for("something new") == education.HOW_SURE


@pytest.mark.parametrize("spelling", ["knee_bend", "knee-bend", " Knee_Bend "])
def test_links_may_be_spelled_either_way(spelling):
    assert education.find(spelling).key == "knee_bend"
    assert education.find("no such thing") is None and education.find(None) is None


def test_red_flags_have_one_source():
    body = topics()["red_flags"].body
    assert all(f"- {sign.text}" in body for sign in words.HELP_SIGNS)
    raw = (education.Path(education.__file__).parent / "red_flags.md").read_text(encoding="utf-8")
    assert not any(sign.text in raw for sign in words.HELP_SIGNS)


def test_marks_become_numbers_in_reading_order():
    topic = read_topic(
        "t", "---\ntitle: T\npart: P\norder: 1\nsummary: S\n---\nOne.[^b] Two.[^a][^b]\n\n[^a]: A.\n[^b]: B.\n"
    )
    assert topic.numbered() == "One.[\\[1\\]](#sources) Two.[\\[2\\]](#sources)[\\[1\\]](#sources)"
    assert topic.source_list() == "1. B.\n2. A."


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("no front matter", "does not start"),
        ("---\ntitle: T\norder: 1\nsummary: S\n---\nText", "part"),
        ("---\ntitle: T\npart: P\norder: first\nsummary: S\n---\nText", "whole number"),
    ],
)
def test_a_file_laid_out_wrongly_says_so(text, says):
    with pytest.raises(TopicError, match=says):
        read_topic("t", text)


def test_the_two_clips_show_what_they_say():
    (_, even), (_, favoring) = (education.clip(name) for name in education.CLIPS)
    assert (even["verdict"], favoring["verdict"], favoring["spared"]) == ("none", "clear", "right")
    for film, shown in map(education.clip, education.CLIPS):
        assert film.stat().st_size < 500_000
        assert shown["near_side"] == "right" and shown["time_s"] == sorted(shown["time_s"])
        assert len(shown["time_s"]) == len(shown["knee_left_deg"]) == len(shown["knee_right_deg"])
    gap = favoring["swing_peak_deg"]["left"] - favoring["swing_peak_deg"]["right"]
    assert gap > 5 and abs(even["swing_peak_deg"]["left"] - even["swing_peak_deg"]["right"]) < 3
