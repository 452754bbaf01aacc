"""What is safe, and when: a pure library without clock, database or network."""

from __future__ import annotations

from screening.answers import AnswerErrors, FieldError, check_answers, pin_answers
from screening.assessment import clearance
from screening.catalogue import (
    Area,
    Course,
    Deadline,
    RedFlag,
    Silence,
    Source,
    Step,
    Text,
    Treatment,
)
from screening.clearance import Clearance
from screening.differences import Difference
from screening.edits import EditError
from screening.facts import Record
from screening.loading import (
    SHIPPED,
    content_of,
    load,
    load_content,
    load_edited,
    version_of,
)
from screening.loosening import Looser, loosens
from screening.questions import Choice, Follow, Page, Question
from screening.readers.rules import PROFILES
from screening.reading import RulebookError
from screening.requirements import Requirement, kinds_lacking
from screening.rulebook import Rulebook, questionnaire
from screening.rules.model import Rule
from screening.windows import Authority, Conflict, Notice, Verdict, Window

__all__ = [
    "PROFILES",
    "SHIPPED",
    "AnswerErrors",
    "Area",
    "Authority",
    "Choice",
    "Clearance",
    "Conflict",
    "Course",
    "Deadline",
    "Difference",
    "EditError",
    "FieldError",
    "Follow",
    "Looser",
    "Notice",
    "Page",
    "Question",
    "Record",
    "RedFlag",
    "Requirement",
    "Rule",
    "Rulebook",
    "RulebookError",
    "Silence",
    "Source",
    "Step",
    "Text",
    "Treatment",
    "Verdict",
    "Window",
    "check_answers",
    "clearance",
    "kinds_lacking",
    "content_of",
    "load",
    "load_content",
    "load_edited",
    "loosens",
    "pin_answers",
    "questionnaire",
    "version_of",
]
