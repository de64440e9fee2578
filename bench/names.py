"""What invented people and classes are called, wherever something is measured."""

from __future__ import annotations

GIVEN = (
    "Ada",
    "Ben",
    "Chloé",
    "Dan",
    "Eva",
    "Finn",
    "Grace",
    "Hugo",
    "Ida",
    "Jack",
    "Kai",
    "Lena",
    "Mia",
    "Noah",
    "Zoë",
)
FAMILY = (
    "Adams", "Baker", "Clark", "Díaz", "Evans", "Fischer", "García", "Hill", "Ivanov", "Jones", "Kim", "Lopez", "Müller",
    "Nguyen", "O'Neil", "Patel", "Quinn", "Rossi", "Smith", "Turner", "Usman", "Vega", "Wang", "Young",
)  # fmt: skip
SUBJECTS = (
    "Algebra",
    "Biology",
    "Chemistry",
    "Drama",
    "English",
    "French",
    "Geometry",
    "History",
    "Mathematics",
    "Physics",
)
