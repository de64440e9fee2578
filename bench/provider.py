"""A OneRoster 1.1 provider that is never the limit: a made-up district, every record serialised once, pages cut out of memory.

    python bench/provider.py S|M|L [latency in ms]

Prints its port and serves on loopback until its standard input closes. Beside the six collections (`limit`, `offset`,
`filter=dateLastModified>'…'`) it answers `POST /token`, `POST /churn/PERMILLE` (so many people and enrollments change) and
`GET /stats` (requests so far, and when the first one came).
"""

from __future__ import annotations

import json
import re
import socket
import sys
import threading
import time
from bisect import bisect_right
from datetime import UTC, datetime
from email.utils import formatdate
from random import Random
from urllib.parse import parse_qs, urlsplit

from names import FAMILY, GIVEN, SUBJECTS

SCALES = {"S": (2, 1_000, 100, 5_000), "M": (10, 20_000, 2_000, 120_000), "L": (50, 200_000, 20_000, 1_200_000)}
"""Schools, users, classes, enrollments."""
OLD = "2026-08-01T06:00:00.000Z"
BASE = "/ims/oneroster/v1p1/"


class Records:
    """A collection: its rows as JSON, joined by commas in one piece, with the place where each begins."""

    def __init__(self, name: str, rows: list[dict[str, object]]) -> None:
        self.name = name
        self.rows = [dump(row) for row in rows]
        self.changed: list[tuple[str, int]] = []  # (dateLastModified, place) of what changed since the beginning
        self.join()

    def join(self) -> None:
        """Puts the rows together anew."""
        self.whole = memoryview(b",".join(self.rows))
        self.starts = [0]
        for row in self.rows:
            self.starts.append(self.starts[-1] + len(row) + 1)

    def page(self, offset: int, limit: int, after: str) -> tuple[bytes, int]:
        """A page's JSON, and how many rows there are."""
        if after >= OLD:
            places = [place for _, place in self.changed[bisect_right(self.changed, (after, 1 << 60)) :]]
            some, total = b",".join([self.rows[place] for place in places[offset : offset + limit]]), len(places)
        else:
            total = len(self.rows)
            first, last = min(offset, total), min(offset + limit, total)
            some = bytes(self.whole[self.starts[first] : max(self.starts[last] - 1, self.starts[first])])
        return b'{"%s":[%s]}' % (self.name.encode(), some), total

    def change(self, permille: int, key: str, values: tuple[str, str], moment: str) -> None:
        """Changes some rows, as a provider does: with a new dateLastModified."""
        step = max(1000 // permille, 1)
        for place in range(0, len(self.rows), step):
            row = json.loads(self.rows[place])
            row[key] = values[row[key] == values[0]]
            self.rows[place] = dump(row | {"dateLastModified": moment})
        places = range(0, len(self.rows), step)
        newest = {place: when for when, place in self.changed} | dict.fromkeys(places, moment)
        self.changed = sorted((when, place) for place, when in newest.items())
        self.join()


def dump(row: dict[str, object]) -> bytes:
    """A row's JSON."""
    return json.dumps(row, separators=(",", ":"), ensure_ascii=False).encode()


def ref(kind: str, sourced_id: str) -> dict[str, str]:
    """A GUIDRef."""
    return {"href": f"http://127.0.0.1{BASE}{kind}/{sourced_id}", "sourcedId": sourced_id, "type": kind}


def uuid(kind: int, number: int) -> str:
    """An id as most providers have them."""
    return f"{kind:08x}-0a1b-4c2d-8e3f-{number:012x}"


def record(kind: int, number: int, **fields: object) -> dict[str, object]:
    """What every record has, and its own."""
    return {"sourcedId": uuid(kind, number), "status": "active", "dateLastModified": OLD, **fields}


def district(scale: str) -> dict[str, Records]:
    """The six collections. Six in ten people are students, three are parents; a class has about sixty enrollments."""
    schools, users, classes, enrollments = SCALES[scale]
    random = Random(scale)
    teachers, parents = users * 6 // 100, users * 3 // 10
    students = users - teachers - parents
    orgs = [record(1, 0, name="Bench District", type="district", identifier="D")]
    for n in range(1, schools + 1):
        school = {
            "name": f"School {n:03}",
            "type": "school",
            "identifier": f"S{n:03}",
            "parent": ref("org", uuid(1, 0)),
        }
        orgs.append(record(1, n, **school))
    terms = (("Autumn", "2026-08-17", "2026-12-18"), ("Spring", "2027-01-04", "2027-06-11"))
    sessions = [
        record(2, n, title=title, type="term", startDate=start, endDate=end, schoolYear="2027")
        for n, (title, start, end) in enumerate(terms)
    ]
    courses = [
        record(
            3, n, title=f"{SUBJECTS[n % 10]} {n:05}", courseCode=f"C{n:05}", org=ref("org", uuid(1, 1 + n % schools))
        )
        for n in range(max(classes // 4, 1))
    ]
    people = [person(n, students, teachers, schools, parents, random) for n in range(users)]
    rooms = [
        record(4, n, title=f"{SUBJECTS[n // schools % 10]} {n:05}", classCode=f"CL{n:05}", classType="scheduled",
               course=ref("course", uuid(3, n % len(courses))), school=ref("org", uuid(1, 1 + n % schools)),
               terms=[ref("academicSession", uuid(2, n % 2))])
        for n in range(classes)
    ]  # fmt: skip
    size = enrollments // classes
    members = [member(n, n // size, n % size, students, teachers, schools) for n in range(size * classes)]
    named = {"orgs": orgs, "academicSessions": sessions, "courses": courses, "classes": rooms, "users": people}
    return {name: Records(name, rows) for name, rows in (named | {"enrollments": members}).items()}


def person(n: int, students: int, teachers: int, schools: int, parents: int, random: Random) -> dict[str, object]:
    """A student, teacher or parent, by the number."""
    given, family = random.choice(GIVEN), random.choice(FAMILY)
    role = "student" if n < students else "teacher" if n < students + teachers else "parent"
    agents = [ref("user", uuid(5, students + teachers + n * parents // students))] if role == "student" else []
    school = 1 + (n if role != "parent" else (n - students - teachers) * students // parents) % schools
    name = f"{given}.{family}{n}".lower()
    return record(
        5, n, username=name, userIds=[{"type": "LDAP", "identifier": name}], enabledUser="true", givenName=given,
        familyName=family, middleName="", role=role, identifier=f"ID{n:07}", email=f"u{n}@example.invalid", sms="",
        phone=f"+1555{n:07}", agents=agents, orgs=[ref("org", uuid(1, school))], grades=["09"], password="",
    )  # fmt: skip


def member(n: int, room: int, seat: int, students: int, teachers: int, schools: int) -> dict[str, object]:
    """An enrollment: the first seat of a class is the teacher's."""
    school = room % schools  # of the people at this school, those whose number has this rest
    count = (students if seat else teachers) // schools
    user = (
        (room // schools * 59 + seat) % count * schools + school if seat else room // schools % count * schools + school
    )
    return record(
        6, n, user=ref("user", uuid(5, user if seat else students + (user - students % schools) % teachers)),
        **{"class": ref("class", uuid(4, room))}, school=ref("org", uuid(1, 1 + school)),
        role="student" if seat else "teacher", primary="false" if seat else "true", beginDate="2026-08-17", endDate="2027-06-11",
    )  # fmt: skip


class Service:
    """Answers requests, one thread a connection."""

    def __init__(self, collections: dict[str, Records], latency: float) -> None:
        self.collections = collections
        self.latency = latency
        self.requests = 0
        self.first = 0.0

    def serve(self, connection: socket.socket) -> None:
        """Answers one connection's requests until it closes."""
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        waiting = b""
        while True:
            while b"\r\n\r\n" not in waiting:
                piece = connection.recv(65536)
                if not piece:
                    return
                waiting += piece
            head, _, waiting = waiting.partition(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: *(\d+)", head)
            wanted = int(length[1]) if length else 0
            while len(waiting) < wanted:
                waiting += connection.recv(65536)
            waiting = waiting[wanted:]
            method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
            body, total = self.answer(method, target)
            count = "" if total is None else f"X-Total-Count: {total}\r\n"
            connection.sendall(
                f"HTTP/1.1 {200 if body else 404} OK\r\nContent-Type: application/json\r\nDate: {formatdate(usegmt=True)}\r\n"
                f"{count}Content-Length: {len(body)}\r\n\r\n".encode()
                + body
            )

    def answer(self, method: str, target: str) -> tuple[bytes, int | None]:
        """An answer's body, empty for 404, and the collection's size."""
        url = urlsplit(target)
        if url.path == "/stats":
            return dump({"requests": self.requests, "first": self.first}), None
        if url.path.startswith("/churn/"):
            moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
            permille = int(url.path.rpartition("/")[2])
            self.collections["users"].change(permille, "middleName", ("Ann", ""), moment)
            self.collections["enrollments"].change(permille, "beginDate", ("2026-08-18", "2026-08-17"), moment)
            return b"{}", None
        self.requests += 1
        if method == "POST":
            self.first = self.first or time.time()
            return dump({"access_token": "bench", "token_type": "bearer", "expires_in": 86400}), None
        found = self.collections.get(url.path.removeprefix(BASE))
        if found is None:
            return b"", None
        if self.latency:
            time.sleep(self.latency)
        asked = parse_qs(url.query)
        after = asked.get("filter", [""])[0].removeprefix("dateLastModified>").strip("'")
        return found.page(int(asked.get("offset", ["0"])[0]), int(asked.get("limit", ["100"])[0]), after)


def main() -> None:
    """Serves until standard input closes."""
    service = Service(district(sys.argv[1]), float(sys.argv[2]) / 1000 if len(sys.argv) > 2 else 0.0)
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)

    def accept() -> None:
        while True:
            threading.Thread(target=service.serve, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
