"""The map room: every rostering operation of OneRoster, its path in each version, and the scopes it needs. No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from oneroster_tui.records import Collection

BASE_PATHS = {
    "1.0": "/learningdata/v1",
    "1.1": "/ims/oneroster/v1p1",
    "1.2": "/ims/oneroster/rostering/v1p2",
}
"""Where each version keeps its rostering service, below the server's root (spec 1.1)."""

_SCOPE_PREFIXES = {
    "1.1": "https://purl.imsglobal.org/spec/or/v1p1/scope/",
    "1.2": "https://purl.imsglobal.org/spec/or/v1p2/scope/",
}
_OTHER_BASE_PATHS = {
    "1.0": ("/ims/oneroster/v1p0", "/api/learningdata/v1"),
    "1.1": ("/api/ims/oneroster/v1p1", "/v1p1"),
    "1.2": ("/api/ims/oneroster/rostering/v1p2", "/ims/oneroster/v1p2", "/rostering/v1p2"),
}
"""Where providers keep it besides: Infinite Campus below `/api`, some without a part of the path (quirk 14)."""

_OTHER_SERVICE = re.compile(r"(/ims/oneroster)/(?:gradebook|resources)(/v1p2)$", re.IGNORECASE)
_WITH_VERSION = re.compile(r"/(?:v1p[012]|learningdata/v1)$", re.IGNORECASE)
_FULL_BASE = re.compile(r"/ims/oneroster(?:/|$)|/v1p[12]$|/learningdata/v1$", re.IGNORECASE)
_VARIABLE = re.compile(r"\{\w+\}")

_CORE = "roster-core.readonly"
_FULL = "roster.readonly"
_DEMOGRAPHICS = "roster-demographics.readonly"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the rostering service (spec 1.3); all are GET.

    Exactly one of `list_key` and `single_key` is set: the body's key names the entity, not the endpoint (spec 1.2).
    `scope` is the narrowest one that grants the operation.
    """

    name: str
    path: str
    list_key: str
    single_key: str
    scope: str

    @property
    def is_collection(self) -> bool:
        """Whether the answer is a list, with paging, rather than one object."""
        return bool(self.list_key)

    @property
    def endpoint(self) -> str:
        """The word in the path that names what is listed: `schools`, `terms`, `students` and so on."""
        return [part for part in self.path.split("/") if not part.startswith("{")][-1]

    def url_path(self, *sourced_ids: str) -> str:
        """Fill the path's variables from left to right, each percent-encoded (a sourcedId may hold `/`, `?`, blanks).

        Raises:
            ValueError: when the count of ids is not the count of variables.
        """
        if len(sourced_ids) != len(_VARIABLE.findall(self.path)):
            raise ValueError(f"{self.name} does not take {len(sourced_ids)} ids: {self.path}")
        ids = iter(sourced_ids)
        return _VARIABLE.sub(lambda _: quote(next(ids), safe=""), self.path)

    def scopes(self, version: str) -> tuple[str, ...]:
        """The scope URIs of which any one should do; in 1.2 the full scope holds the core one, and 1.0 has none."""
        prefix = _SCOPE_PREFIXES.get(version)
        if prefix is None:
            return ()
        words = (_FULL, _CORE) if version == "1.2" and self.scope == _CORE else (self.scope,)
        return tuple(prefix + word for word in words)


def _many(name: str, path: str, key: str, scope: str = _CORE) -> Operation:
    return Operation(name, path, key, "", scope)


def _one(name: str, path: str, key: str, scope: str = _CORE) -> Operation:
    return Operation(name, path, "", key, scope)


_SCHOOL_CLASS = "/schools/{schoolSourcedId}/classes/{classSourcedId}"

OPERATIONS: tuple[Operation, ...] = (
    _many("getAllAcademicSessions", "/academicSessions", "academicSessions"),
    _one("getAcademicSession", "/academicSessions/{sourcedId}", "academicSession"),
    _many("getAllClasses", "/classes", "classes"),
    _many("getStudentsForClass", "/classes/{classSourcedId}/students", "users", _FULL),
    _many("getTeachersForClass", "/classes/{classSourcedId}/teachers", "users", _FULL),
    _one("getClass", "/classes/{sourcedId}", "class"),
    _many("getAllCourses", "/courses", "courses"),
    _many("getClassesForCourse", "/courses/{courseSourcedId}/classes", "classes", _FULL),
    _one("getCourse", "/courses/{sourcedId}", "course"),
    _many("getAllDemographics", "/demographics", "demographics", _DEMOGRAPHICS),
    _one("getDemographics", "/demographics/{sourcedId}", "demographics", _DEMOGRAPHICS),
    _many("getAllEnrollments", "/enrollments", "enrollments"),
    _one("getEnrollment", "/enrollments/{sourcedId}", "enrollment"),
    _many("getAllGradingPeriods", "/gradingPeriods", "academicSessions"),
    _one("getGradingPeriod", "/gradingPeriods/{sourcedId}", "academicSession"),
    _many("getAllOrgs", "/orgs", "orgs"),
    _one("getOrg", "/orgs/{sourcedId}", "org"),
    _many("getAllSchools", "/schools", "orgs"),
    _many("getClassesForSchool", "/schools/{schoolSourcedId}/classes", "classes", _FULL),
    _many("getEnrollmentsForClassInSchool", f"{_SCHOOL_CLASS}/enrollments", "enrollments", _FULL),
    _many("getStudentsForClassInSchool", f"{_SCHOOL_CLASS}/students", "users", _FULL),
    _many("getTeachersForClassInSchool", f"{_SCHOOL_CLASS}/teachers", "users", _FULL),
    _many("getCoursesForSchool", "/schools/{schoolSourcedId}/courses", "courses", _FULL),
    _many("getEnrollmentsForSchool", "/schools/{schoolSourcedId}/enrollments", "enrollments", _FULL),
    _many("getStudentsForSchool", "/schools/{schoolSourcedId}/students", "users", _FULL),
    _many("getTeachersForSchool", "/schools/{schoolSourcedId}/teachers", "users", _FULL),
    _many("getTermsForSchool", "/schools/{schoolSourcedId}/terms", "academicSessions", _FULL),
    _one("getSchool", "/schools/{sourcedId}", "org"),
    _many("getAllStudents", "/students", "users"),
    _one("getStudent", "/students/{sourcedId}", "user"),
    _many("getClassesForStudent", "/students/{studentSourcedId}/classes", "classes", _FULL),
    _many("getAllTeachers", "/teachers", "users"),
    _one("getTeacher", "/teachers/{sourcedId}", "user"),
    _many("getClassesForTeacher", "/teachers/{teacherSourcedId}/classes", "classes", _FULL),
    _many("getAllTerms", "/terms", "academicSessions"),
    _one("getTerm", "/terms/{sourcedId}", "academicSession"),
    _many("getClassesForTerm", "/terms/{termSourcedId}/classes", "classes", _FULL),
    _many("getGradingPeriodsForTerm", "/terms/{termSourcedId}/gradingPeriods", "academicSessions", _FULL),
    _many("getAllUsers", "/users", "users"),
    _one("getUser", "/users/{sourcedId}", "user"),
    _many("getClassesForUser", "/users/{userSourcedId}/classes", "classes", _FULL),
)
"""The 41 rostering operations, the same set in 1.1 and 1.2 (spec 1.3), in the order of their paths."""

BY_NAME = {operation.name: operation for operation in OPERATIONS}

SINGLE = {
    Collection.ORGS: BY_NAME["getOrg"],
    Collection.ACADEMIC_SESSIONS: BY_NAME["getAcademicSession"],
    Collection.COURSES: BY_NAME["getCourse"],
    Collection.CLASSES: BY_NAME["getClass"],
    Collection.USERS: BY_NAME["getUser"],
    Collection.ENROLLMENTS: BY_NAME["getEnrollment"],
}
"""How a single record of a collection is asked for."""

_WORDS = frozenset(operation.endpoint for operation in OPERATIONS)


def base_url(root_url: str, version: str) -> str:
    """Where the rostering service starts, without a slash at the end.

    A server's root gets the version's path appended; a root that holds a whole base path is used as given, because
    providers put prefixes of their own before and behind it (spec 1.1; quirk 14).

    Args:
        root_url: the setting, with scheme and host, without a query.
        version: "1.0", "1.1" or "1.2".
    """
    return base_urls(root_url, version)[0]


def base_urls(root_url: str, version: str) -> tuple[str, ...]:
    """Where the rostering service may start, the likeliest first; all on the same server, all of the same version.

    A path that ends in a version is meant as it is, but for 1.2's gradebook and resources services: there the rostering
    service beside them is meant. Otherwise, after what `base_url` says: the root as given, then the version's other
    known paths below it, or below what stands before `/ims/oneroster`.
    """
    root = _OTHER_SERVICE.sub(r"\1/rostering\2", root_url.strip().rstrip("/"))
    known = (BASE_PATHS[version], *_OTHER_BASE_PATHS[version])
    if _WITH_VERSION.search(urlsplit(root).path):
        return (root,)
    if found := _FULL_BASE.search(urlsplit(root).path):
        prefix = root.removesuffix(urlsplit(root).path) + urlsplit(root).path[: found.start()]
        tried = (root, *(prefix + path for path in known))
    else:
        tried = (root + known[0], root, *(root + path for path in known[1:]))
    return tuple(dict.fromkeys(tried))


def scopes_for(version: str) -> tuple[str, ...]:
    """The scopes a rostering consumer asks for when the settings name none (spec 3.4); 1.0 knows no scopes.

    Both are asked for: Aeries wants the two together for some calls (spec 3.3).
    """
    prefix = _SCOPE_PREFIXES.get(version)
    return () if prefix is None else (prefix + _CORE, prefix + _FULL)


def collection_of(path: str) -> str:
    """What a path lists or reads, for messages: `/schools/7/terms?limit=1` is about `terms`; "" when it is unknown."""
    parts = urlsplit(path).path.split("/")
    return next((part for part in reversed(parts) if part in _WORDS), "")
