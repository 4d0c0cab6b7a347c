"""The quiz of a lesson: questions about what the lesson taught, each proved by a quote of its source."""

from lyo.courses.generation.quizzes.making import make_quiz
from lyo.courses.generation.quizzes.values import Quiz, Taught

__all__ = ["Quiz", "Taught", "make_quiz"]
