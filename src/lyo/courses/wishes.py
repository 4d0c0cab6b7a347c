"""The bodies of `POST /v1/courses:generate`."""

import re
import unicodedata
from collections.abc import Callable
from typing import Annotated, Final
from uuid import UUID

from pydantic import AfterValidator, Field

from lyo.courses.values import CourseWish, Level
from lyo.web.schemas import TAGS, Form, Locale, RequestModel, ResponseModel

_CONTROLS: Final = r"\u0000-\u0008\u000e-\u001b\u007f-\u0084\u0086-\u009f"
"""What no keyboard types. Line breaks and tabs are not in it: they are white space, which is folded."""
_MARKS: Final = (
    r"\u0000-/:-@\[-`{-\u00a9\u00ab-\u00b1\u00b4\u00b6-\u00b8\u00bb\u00bf\u00d7\u00f7\u02c2-\u02c5"
    r"\u02d2-\u02df\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u206f\u20a0-\u20cf\u2190-\u245f\u2500-\u2bff"
    r"\u3000-\u3004\u3008-\u3020\u3030\u3164\ufe00-\ufe6f\ufeff\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\uffa0\uffe0-\uffff"
)
"""White space, punctuation, signs and what cannot be seen: a wish of these alone says nothing."""
_SAYS_SOMETHING: Final = re.compile(f"[^{_MARKS}{TAGS}]")
_WORDS: Final = rf"^[^{_CONTROLS}]*[^{_MARKS}][^{_CONTROLS}]*$"
"""Said in ranges, since `\\w` means one thing to Swift's and JavaScript's expressions and another to Python's."""


def _folded(limit: int) -> Callable[[str], str]:
    def fold(text: str) -> str:
        """Normalise to NFKC, in which one character may become several, and fold white space."""
        normal = " ".join(unicodedata.normalize("NFKC", text).split())
        if not _SAYS_SOMETHING.search(normal):
            raise ValueError(_IN_WORDS.sentence)
        if len(normal) > limit:
            raise ValueError(f"At most {limit} characters are allowed.")
        return normal

    return fold


_IN_WORDS: Final = Form(_WORDS, "Say it in words, and without control characters.")
TOPIC_LENGTH: Final = 200
INTEREST_LENGTH: Final = 100

Topic = Annotated[
    str,
    Field(min_length=1, max_length=TOPIC_LENGTH, examples=["genai"]),
    _IN_WORDS,
    AfterValidator(_folded(TOPIC_LENGTH)),
]
Interest = Annotated[
    str,
    Field(min_length=1, max_length=INTEREST_LENGTH, examples=["ml"]),
    _IN_WORDS,
    AfterValidator(_folded(INTEREST_LENGTH)),
]


class GenerateRequest(RequestModel):
    """What you want to learn."""

    topic: Annotated[Topic, Field(description="In your own words.")]
    interests: Annotated[
        list[Interest], Field(max_length=10, description="What else you like.", examples=[["ml"]], default_factory=list)
    ]
    level: Annotated[Level, Field(description="How much you know already.", examples=["beginner"])] = Level.BEGINNER
    locale: Annotated[Locale, Field(description="BCP 47 tag of the language to learn in.", examples=["en"])] = "en"

    def wish(self) -> CourseWish:
        """The checked wish."""
        return CourseWish(topic=self.topic, interests=tuple(self.interests), level=self.level, locale=self.locale)


class KickOffBody(ResponseModel):
    """The promise of a course. The provisional course is the course: it can be read from now on."""

    task_id: UUID
    provisional_course_id: UUID
