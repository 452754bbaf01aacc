"""A mistake in a rulebook is named by file, rule and line, and nothing is loaded."""

from __future__ import annotations

import pytest

import screening
from screening import RulebookError

FILES = ("sources", "treatments", "questions", "intervals", "rules", "messages")
TOXIN = '{ from = 14, until = 28, verdict = "hold", release_by = "reception", sources'
BTX_MN = '{ first = "BTX", then = "MN", days = 14, basis = "sourced", sources'
UNSURE = '    { value = "unsure", label = "I am not sure" },\n'
LAST_OF_DIABETES = UNSURE + ']\n\n[[question]]\nid = "heart_condition"'
# file, text to find, text to put there, rule named in the error, the error
COURSE = 'treatment = "MN"\ndefault = 3'
MISTAKES = [
    ("rules", TOXIN, TOXIN.replace("14", "15"), "R-55",
     "from: leaves a gap to the band before"),
    ("rules", TOXIN, TOXIN.replace("14", "13"), "R-55",
     "from: leaves an overlap to the band before"),
    ("rules", TOXIN, TOXIN.replace("28", "14"), "R-55",
     "until: must be later than from"),
    ("rules", TOXIN, TOXIN.replace("hold", "perhaps"), "R-55",
     "verdict: is 'perhaps', not one of refuse, hold, inform"),
    ("rules", TOXIN, TOXIN.replace("reception", "cleaner"), "R-55",
     "release_by: is 'cleaner', not one of reception, clinician, answer, nobody"),
    ("rules", TOXIN, TOXIN.replace("hold", "inform"), "R-55",
     "release_by: advice is not released"),
    ("rules", TOXIN, TOXIN.replace(', release_by = "reception"', ""), "R-55",
     "release_by: must say who may release it"),
    ("rules", TOXIN, TOXIN.replace("28", '"28"'), "R-55",
     "until: must be a whole number"),
    ("rules", TOXIN, TOXIN.replace("28", "true"), "R-55",
     "until: must be a whole number"),
    ("rules", TOXIN, TOXIN.replace("from", "form"), "R-55",
     "form: is not a word that this entry knows"),
    ("rules", '"hold", release_by = "reception", sources = ["S-032"]',
     '"hold", release_by = "reception", sources = ["S-999"]', "R-55",
     "sources: there is no source 'S-999'"),
    ("rules", '"hold", release_by = "reception", sources = ["S-032"]',
     '"hold", release_by = "reception"', "R-55",
     "names no source and is not marked unsourced = true"),
    ("rules", 'question = "last_toxin"', 'question = "last_taxi"', "R-55",
     "question: there is no question 'last_taxi'"),
    ("rules", 'question = "last_toxin"', 'question = "heart_condition"', "R-55",
     "question: is not a dated question"),
    ("rules", 'id = "R-55"', 'id = "R-54"', "R-54",
     "is there twice"),
    ("rules", 'treatments = ["BTX", "FIL"]', 'treatments = ["BTX", "FLI"]', "R-01",
     "there is no treatment 'FLI'"),
    ("rules", 'treatments = ["BTX", "FIL"]', 'treatments = ["BTX", "BTX"]', "R-01",
     "treatments: names a treatment twice"),
    ("rules", 'treatments = ["BTX", "FIL"]', 'treatments = "BTX"', "R-01",
     "treatments: must be a list of texts"),
    ("rules", 'areas = ["face"]', 'areas = ["elbow"]', "R-08",
     "areas: there is no area 'elbow'"),
    ("rules", 'sources = ["O-79"]', "sources = []", "R-01",
     "sources: names no source"),
    ("rules", 'title = "Under 18: injections"', 'title = " "', "R-01",
     "needs a title, a summary and a reason"),
    ("rules", 'kind = "age"', 'kind = "era"', "R-01",
     "kind: is 'era', not one of age, since, planned, state, tick, words, always, "
     "symptom, unanswered, spacing, neighbour"),
    ("rules", "  from = 18\n  until = 22", "  from = 22\n  until = 22", "R-03",
     "until: must be more than from"),
    ("rules", 'answers = ["few", "many", "painful_lumps"]', 'answers = ["some"]',
     "R-12",
     "answers: active_acne takes no answer 'some'"),
    ("rules", 'answers = ["few", "many", "painful_lumps"]', 'answers = ["unsure"]',
     "R-12",
     "answers: doubt is not for a rule to judge"),
    ("rules", 'answers = ["few", "many", "painful_lumps"]', "answers = []", "R-12",
     "answers: names no answer"),
    ("rules", 'profiles = ["Exceed"]', 'profiles = ["Exceeed"]', "R-12",
     "there is no profile 'Exceeed'"),
    ("rules", 'answers = ["up_to_1_5_mm"]', 'answers = ["over_1_5_mm"]', "R-53",
     "case: an answer stands in two cases"),
    ("rules", 'answers = ["0_5_mm"]', "answers = []", "R-54",
     "case: the cases do not fit the answers of home_roller_length: 0_5_mm"),
    ("rules", '    answers = ["over_1_5_mm"]\n    otherwise = true',
     '    answers = ["over_1_5_mm"]', "R-53",
     "case: exactly one case must be marked otherwise = true"),
    ("rules", 'from = 0, until = 42, verdict = "refuse", release_by = "clinician", '
     'sources = ["O-24"]', 'from = 0, until = 29, verdict = "refuse", release_by = '
     '"clinician", sources = ["O-24"]', "R-53",
     "case: the otherwise case is not the strictest"),
    ("rules", 'mode = "lasting"', 'mode = "fasting"', "R-04",
     "mode: is 'fasting', not one of lasting, passing"),
    ("rules", ", tail = 28", "", "R-13",
     "tail: must be a whole number"),
    ("rules", 'set_by = "staff"', 'set_by = "answers"', "R-78",
     "clause: has clauses if, and only if, answers set it"),
    ("rules", 'summary = "Nobody under 18 on the day of the visit."', "summary = 5",
     "R-02",
     "summary: must be a text"),
    ("rules", "passing = true", 'passing = "yes"', "R-12",
     "passing: must be true or false"),
    ("rules", "millimetres = 1.5", 'millimetres = "1.5"', "R-53",
     "millimetres: must be a number"),
    ("rules", 'kind = "words"', 'kind = "since"', "R-52",
     "verdict: is not a word that this entry knows"),
    ("rules", '"jext",', '"Jext",', "R-52",
     "mentions: 'Jext' must be in small letters"),
    ("rules", '"jext",', '" ",', "R-52",
     "mentions: ' ' must be in small letters"),
    ("rules", '  question = "other_allergy"', '  question = "lumps"', "R-52",
     "question: is not a question for words"),
    ("rules", '  question = "big_day"', '  question = "last_toxin"', "R-71",
     "question: is not about something planned"),
    ("rules", '  treatments = ["MN"]\n  profiles', '  treatments = ["WAX"]\n  profiles',
     "R-25",
     "the rule is not for waxing"),
    ("rules", '  missing = { verdict', '  msising = { verdict', "R-74",
     "msising: is not a word that this entry knows"),
    ("rules", 'kind = "unanswered"', 'kind = "symptom"', "R-74",
     "missing: is not a word that this entry knows"),
    ("rules", 'unless_record = ["MN", "RF", "CON"]', 'unless_record = ["XX"]', "R-76",
     "there is no treatment 'XX'"),
    ("questions", 'rules = ["R-08"]', 'rules = ["R-99"]', "cold_sore",
     "rules: there is no rule 'R-99'"),
    ("questions", 'rules = ["R-08"]', 'rules = ["R-07"]', "cold_sore",
     "rules: R-07 does not read this question"),
    ("questions", 'rules = ["R-08"]', "rules = []", "cold_sore",
     "rules: names no rule"),
    ("questions", 'page = "plans"', 'page = "planets"', "sun_trip",
     "page: there is no page 'planets'"),
    ("questions", 'clear_answer = "none"', 'clear_answer = "nil"', "active_acne",
     "clear_answer: is no answer to this question"),
    ("questions", 'clear_answer = "none"', 'clear_answer = "few"', "active_acne",
     "clear_answer: is not clear for microneedling"),
    ("questions", 'unsure_counts_as = "now"', 'unsure_counts_as = "yes"', "pregnant",
     "unsure_counts_as: is no answer to this question"),
    ("questions", 'asked_if = "last_peel"', 'asked_if = "next_peel"', "peel_strength",
     "asked_if: no dated question 'next_peel' stands above"),
    ("questions", 'implied_by = ["cold_sore"]', 'implied_by = ["lumps"]',
     "cold_sore_history",
     "implied_by: no dated question 'lumps' stands above"),
    ("questions", 'id = "lumps"', 'id = "cold_sore"', "cold_sore",
     "is there twice"),
    ("questions", 'value = "few"', 'value = "many"', "active_acne",
     "choices: names a value twice"),
    ("questions", 'kind = "text"', 'kind = "choice"', "other_allergy",
     "choices: a choice question cannot have these"),
    ("questions", 'kind = "text"', 'kind = "story"', "other_allergy",
     "kind: is 'story', not one of yes_no, when, date, choice, choices, text"),
    ("questions", 'label = "Other allergies"', 'label = ""', "other_allergy",
     "needs a text and a label"),
    ("questions", 'reports = [{ treatment = "filler" }]',
     'reports = [{ treatment = "putty" }]', "last_filler",
     "there is no treatment 'putty'"),
    ("questions", LAST_OF_DIABETES, LAST_OF_DIABETES[len(UNSURE) :], "diabetes",
     "choices: must offer unsure"),
    ("intervals", COURSE, COURSE.replace("3", "1"), "MN",
     "must rise from least to default to most, from 2 on"),
    ("intervals", "days = 42", "days = 29", "MN",
     "within: 29 days are fewer than the 30 that must lie between"),
    ("intervals", "[course.within]", "[course.whitin]", "MN",
     "whitin: is not a word that this entry knows"),
    ("intervals", COURSE, COURSE.replace("MN", "RF"), "RF",
     "treatment: has two courses"),
    ("intervals", BTX_MN, BTX_MN.replace("14", "-1"), "BTX to MN",
     "days: must not be negative"),
    ("intervals", BTX_MN, BTX_MN.replace("MN", "BTX"), "BTX to BTX",
     "this pair is there twice"),
    ("intervals", BTX_MN, BTX_MN.replace("MN", "RF"), "BTX to RF",
     "this treatment takes its intervals from another one"),
    ("intervals", BTX_MN, BTX_MN.replace("sourced", "guessed"), "BTX to MN",
     "basis: is 'guessed', not one of sourced, adjusted, unsourced"),
    ("intervals", BTX_MN, BTX_MN.replace("BTX", "XTB"), "XTB to MN",
     "there is no treatment 'XTB'"),
    ("treatments", 'overlaps = ["decolletage"]', "overlaps = []", "decolletage",
     "overlaps: 'neck' does not overlap back"),
    ("treatments", 'id = "prp"', 'id = "waxing"', "waxing",
     "is there twice"),
    ("treatments", 'areas = ["face", "neck", "decolletage", "scalp"]',
     'areas = ["face", "elbow"]', "facial",
     "areas: there is no area 'elbow'"),
    ("treatments", 'info = ["I-08", "I-13"]', 'info = ["I-99"]', "superficial_peel",
     "info: there is no text 'I-99'"),
    ("sources", 'id = "O-02"', 'id = "O-01"', "O-01",
     "the source O-01 is there twice"),
    ("sources", "year = 2018", 'year = "2018"', "O-14",
     "year: must be a whole number"),
    ("messages", "{numbing_minutes} minutes", "{minutes}", "P-13",
     "text: may only hold {numbing_minutes} and {next_date}"),
    ("messages", 'texts = ["P-03"]', 'texts = ["P-3"]', "prep-28d",
     "texts: there is no text 'P-3'"),
    ("messages", 'texts = ["P-03"]', "texts = []", "prep-28d",
     "texts: has no text"),
    ("messages", 'texts = ["P-03"]', 'texts = ["P-01"]', "words",
     "the text P-03 stands in no step"),
    ("messages", "days = -28", "days = 28", "prep-28d",
     "days: lies on the wrong side of the visit"),
    ("messages", "hours = 72", "hours = -72", "checkin-72h",
     "days: lies on the wrong side of the visit"),
    ("messages", 'kind = "recheck"', 'kind = "checkin"', "recheck-3d",
     "preparation is anchored to the visit, the rest after it"),
    ("messages", 'id = "prep-3d"', 'id = "prep-2d"', "prep-2d",
     "is there twice for prp"),
    ("messages", 'id = "A-02"', 'id = "A-01"', "A-01",
     "is there twice"),
    ("messages", 'sources = ["S-051"]', "sources = []", "I-03",
     "names no source and is not marked unsourced = true"),
    ("messages", 'sources = ["S-051"]', 'sources = ["S-151"]', "I-03",
     "sources: there is no source 'S-151'"),
    ("messages", 'action = "urgent"', 'action = "soon"', "F-04",
     "action: is 'soon', not one of emergency, urgent, same_day, within_2_days, "
     "within_3_days, within_7_days, none"),
    ("messages", "hours = 1\nsources = [\"O-97\"]", "hours = -1\nsources = [\"O-97\"]",
     "urgent", "days: lies before the report"),
    ("messages", 'action = "urgent"\nhours', 'action = "emergency"\nhours', "emergency",
     "is there twice"),
    ("messages", ']]\naction = "same_day"', 's]]\naction = "same_day"', "words",
     "no deadline for same_day"),
    ("messages", "repeat_hours = 24", "repeat_hours = 0", "unanswered",
     "repeat_hours: must be an hour or more"),
    ("messages", 'step = "checkin-72h"', 'step = "checkin-3d"', "unanswered",
     "step: there is no step 'checkin-3d'"),
    ("messages", '"microneedl"', '"Microneedl"', "words",
     "clinical: 'Microneedl' must be in lower case"),
    ("messages", 'text = "The holes are too small', 'text = " "\nx = "', "I-03",
     "x: is not a word that this entry knows"),
    ("questions", 'missing_counts_as = "now"', 'missing_counts_as = "yes"', "pregnant",
     "missing_counts_as: is no answer to this question"),
    ("questions", 'kind = "date"', 'kind = "choice"', "date_of_birth",
     "choices: a choice question cannot have these"),
    ("rules", '  end = "sun_trip_end"', '  end = "sun_trip_start"', "R-19",
     "end: there is no question 'sun_trip_start'"),
    ("rules", '  by = "skin_type"', '  by = "skin_tone"', "R-19",
     "by: there is no question 'skin_tone'"),
    ("rules", '  kind = "age"\n  question = "date_of_birth"',
     '  kind = "age"\n  question = "lumps"', "R-01",
     "question: an age needs a question for a date"),
    ("rules", '{ from = 0, until = 184, verdict = "refuse", release_by = "clinician", '
     'sources = ["O-12", "O-89"] }',
     '{ from = 1, until = 184, verdict = "refuse", release_by = "clinician", '
     'sources = ["O-12", "O-89"] }', "R-24", "from: must begin on day 0"),
    ("rules", '{ from = 0, until = 184, verdict = "refuse", release_by = "clinician", '
     'sources = ["O-12", "O-89"] }',
     '{ from = 0, verdict = "refuse", release_by = "clinician", '
     'sources = ["O-12", "O-89"] }', "R-24", "from: comes after a band without end"),
    ("rules", '  kind = "symptom"', '  kind = "symptom"\n  question = "lumps"', "R-82",
     "question: is not a word that this entry knows"),
    ("questions", 'reports = [{ treatment = "filler" }]', 'reports = ["filler"]',
     "last_filler", "reports: must be a list of tables"),
]  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    for name in FILES:
        text = (screening.SHIPPED / f"{name}.toml").read_text(encoding="utf-8")
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    return tmp_path


def _spoil(folder, name, old, new):
    path = folder / f"{name}.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{name}.toml no longer says {old}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


@pytest.mark.parametrize(
    ("name", "old", "new", "rule", "words"),
    MISTAKES,
    ids=[f"{name} {rule} {words}" for name, _, _, rule, words in MISTAKES],
)
def test_a_mistake_is_named(folder, name, old, new, rule, words):
    line = _spoil(folder, name, old, new)

    with pytest.raises(RulebookError) as mistake:
        screening.load(folder)

    error = mistake.value
    assert error.message == words
    assert error.rule == rule
    assert error.file == f"{name}.toml"
    assert str(error).startswith(f"{error.file}, line {error.line}")
    if rule not in ("words", "decolletage"):
        assert abs(error.line - line) <= 30


def test_an_untouched_copy_loads(folder):
    assert screening.load(folder).version == screening.load().version


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        # The line of the band itself, counted in the shipped file.
        (TOXIN, TOXIN.replace("14", "15"), 0),
        ('id = "R-66"\ntitle', 'id = "R-65"\ntitle', -1),
        ('  question = "lumps"', '  question = "bumps"', -2),
    ],
)
def test_the_line_is_that_of_the_entry(folder, old, new, line):
    at = _spoil(folder, "rules", old, new)

    with pytest.raises(RulebookError) as mistake:
        screening.load(folder)

    assert mistake.value.line == at + line


def test_a_cell_of_the_table_is_named_by_its_line(folder):
    at = _spoil(folder, "intervals", BTX_MN, BTX_MN.replace("14", '"14"'))

    with pytest.raises(RulebookError) as mistake:
        screening.load(folder)

    assert (mistake.value.file, mistake.value.line) == ("intervals.toml", at)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(folder, name):
    (folder / f"{name}.toml").unlink()

    with pytest.raises(RulebookError, match=f"{name}.toml, line 1: cannot be read"):
        screening.load(folder)


def test_broken_toml_is_named_with_its_line(folder):
    at = _spoil(folder, "rules", 'id = "R-30"', 'id = "R-30')

    with pytest.raises(RulebookError, match="is not TOML") as mistake:
        screening.load(folder)

    assert (mistake.value.file, mistake.value.line) == ("rules.toml", at)


def test_toml_that_breaks_off_is_named_with_its_last_line(folder):
    (folder / "rules.toml").write_text('[defaults]\nstill = """never\n')

    with pytest.raises(RulebookError) as mistake:
        screening.load(folder)

    assert mistake.value.line == 2


def test_a_file_that_is_not_text_is_named(folder):
    (folder / "sources.toml").write_bytes(b"\xff\xfe")

    with pytest.raises(RulebookError, match="cannot be read"):
        screening.load(folder)


def test_a_missing_pair_is_named(folder):
    path = folder / "intervals.toml"
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if 'first = "HF", then = "WAX"' not in line]
    path.write_text("\n".join(kept))

    with pytest.raises(RulebookError, match="facial to waxing: this pair is missing"):
        screening.load(folder)


def test_a_rulebook_must_say_what_silence_means(folder):
    path = folder / "rules.toml"
    text = path.read_text(encoding="utf-8")
    start = text.index('[[rule]]\nid = "R-74"')
    end = text.index('[[rule]]\nid = "R-75"')
    path.write_text(text[:start] + text[end:])

    with pytest.raises(RulebookError, match="no rule says what silence means"):
        screening.load(folder)


@pytest.mark.parametrize("section", ["defaults", "words"])
def test_a_missing_section_is_named(folder, section):
    name = "questions" if section == "defaults" else "messages"
    _spoil(folder, name, f"[{section}]", f"[{section}_]")

    with pytest.raises(RulebookError, match=f"{section}: this section is missing"):
        screening.load(folder)
