"""The label maker: what the lists of Courses, Participants, People and History say: what `/` looks through, why nothing is there.

An empty state is what it says, a key, and what that does.
"""

from __future__ import annotations

CLASS_SEARCH = "class, course, code, school, teacher"
NO_CLASS = ("No class yet: a sync brings those of the selected schools.", "5", "goes to Sync")
NO_SUCH_CLASS = ("No class of this school or status.", "t", "shows another status, s all schools")

PARTICIPANT_SEARCH = "name, e-mail, username, id"
NO_PARTICIPANT = ("Nobody takes part in this class: no enrollment was synced for it.", "esc", "goes back")
NO_SUCH_PARTICIPANT = ("Nobody of this role and status.", "r", "and t show others")

PERSON_SEARCH = "name, username, e-mail, identifier, sourcedId"
NO_PERSON = ("Nobody yet: a sync brings the people of the selected schools.", "5", "goes to Sync")
ANYWHERE = "anywhere in a name or id"
FROM_THE_START = "by the beginning of a name or id"
LEGEND = "  ● Active  ■ Suspended  ✗ Removed"
NO_ROLE = "no role"

RUN_SEARCH = "outcome, mode, date or message"
NO_RUN = ("No run yet: every sync and every plan will be listed here.", "5", "goes to Sync")

THIS_LIST = "This list"
ALL_SCHOOLS = "All schools"
EXPORT_CLASSES = "Export classes"
EXPORT_PEOPLE = "Export people"


def export_participants(title: str) -> str:
    """The heading above where to write the participants of a class."""
    return f"Export participants of {title}"


def ticked(count: int) -> str:
    """What is ticked, as a list to export."""
    return f"{count:,} ticked"


def ticked_keys(count: int) -> str:
    """What is ticked, and what can be done with it; blank for nothing."""
    return f"   {ticked(count)}: y copies, e exports them" if count else ""
