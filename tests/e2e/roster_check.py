"""Compares a synced roster with its provider, by code of its own: urllib, json and SQL, nothing of the product.

    python tests/e2e/roster_check.py ROOT_URL DATABASE CLIENT_ID CLIENT_SECRET SCHOOL… [--mapped ROLE…] [--version 1.1]

Computes from the provider's raw JSON, by the words of the contract, who and what must be active for the selected schools, and
compares ids and fields with SQLite. Prints a line a table; exits 1 on any difference. OneRoster 1.0, 1.1 and
1.2, OAuth 2.0.
"""

from __future__ import annotations

import argparse
import base64
import json
import sqlite3
import sys
import urllib.request
from typing import Any

Rows = dict[str, dict[str, Any]]
MAPPED = ("student", "teacher", "aide", "parent", "guardian", "relative", "ext:aide")
PATHS = {"1.0": "/learningdata/v1", "1.1": "/ims/oneroster/v1p1", "1.2": "/ims/oneroster/rostering/v1p2"}


def fetch(root: str, client_id: str, secret: str, version: str = "1.1") -> dict[str, Rows]:
    """All six collections, by sourcedId."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    basic = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    prefix = f"https%3A%2F%2Fpurl.imsglobal.org%2Fspec%2For%2Fv{version.replace('.', 'p')}%2Fscope%2F"
    scopes = "+".join(f"{prefix}{scope}.readonly" for scope in ("roster-core", "roster"))
    form = f"grant_type=client_credentials&scope={scopes}".encode()
    request = urllib.request.Request(f"{root}/token", form, {"Authorization": f"Basic {basic}"})
    token = json.load(opener.open(request))["access_token"]
    found: dict[str, Rows] = {}
    for name in ("orgs", "academicSessions", "courses", "classes", "users", "enrollments"):
        rows: Rows = {}
        while True:
            url = f"{root}{PATHS[version]}/{name}?limit=1000&offset={len(rows)}"
            page = json.load(opener.open(urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})))[
                name
            ]
            rows |= {row["sourcedId"]: row for row in page}
            if not page:
                break
        found[name] = rows
    return found


def living(rows: Rows) -> Rows:
    """Records that are not marked for deletion."""
    return {key: row for key, row in rows.items() if row["status"] == "active"}


def roles(user: dict[str, Any]) -> list[tuple[str, str]]:
    """(role, org) of a user: 1.2's roles, or 1.1's one role at each of its orgs."""
    if "roles" in user:
        return [(role["role"], role["org"]["sourcedId"]) for role in user["roles"]]
    return [(user["role"], org["sourcedId"]) for org in user["orgs"]]


def expected(provider: dict[str, Rows], schools: set[str], mapped: set[str]) -> dict[str, set[Any]]:
    """What must be active, as sets of comparable tuples."""
    sessions = living(provider["academicSessions"])
    classes = {k: c for k, c in living(provider["classes"]).items() if c["school"]["sourcedId"] in schools}
    users = living(provider["users"])
    enrollments = {
        k: e
        for k, e in living(provider["enrollments"]).items()
        if e["class"]["sourcedId"] in classes and e["role"] in mapped and e["user"]["sourcedId"] in users
    }
    kept = {k for k, u in users.items() if schools & {org for _, org in roles(u)}}
    kept |= {e["user"]["sourcedId"] for e in enrollments.values()}
    links = {
        (k, a["sourcedId"]) for k in kept if "student" in dict(roles(users[k])) for a in users[k].get("agents", [])
    }
    kept |= {agent for _, agent in links if agent in users}
    named = {c["course"]["sourcedId"] for c in classes.values()}
    courses = {k for k, c in living(provider["courses"]).items() if c["org"]["sourcedId"] in schools or k in named}

    def span(terms: list[dict[str, str]]) -> tuple[str | None, str | None]:
        dates = [(sessions[t["sourcedId"]]["startDate"], sessions[t["sourcedId"]]["endDate"]) for t in terms]
        return min((start for start, _ in dates), default=None), max((end for _, end in dates), default=None)

    return {
        "orgs": {
            (k, o["name"], o["type"], (o.get("parent") or {}).get("sourcedId"))
            for k, o in living(provider["orgs"]).items()
        },
        "academic_sessions": {(k,) for k in sessions},
        "courses": {(k,) for k in courses},
        "classes": {(k, c["title"], *span(c["terms"])) for k, c in classes.items()},
        "users": {
            (
                k,
                users[k]["username"].lower(),
                users[k]["givenName"],
                users[k]["familyName"],
                users[k].get("email") or "",
                users[k].get("identifier") or "",
                int(users[k].get("enabledUser", True) in (True, "true")),
            )
            for k in kept
        },
        "user_roles": {(k, org, role) for k in kept for role, org in roles(users[k])},
        "enrollments": {
            (
                k,
                e["class"]["sourcedId"],
                e["user"]["sourcedId"],
                e["role"],
                int(e.get("primary", False) in (True, "true")),
                e.get("beginDate"),
                e.get("endDate"),
            )
            for k, e in enrollments.items()
        },
        "relationships": {(s, a) for s, a in links if a in users and roles(users[a])[0][0] in mapped},
    }


QUERIES = {
    "orgs": "SELECT sourced_id, name, type, parent_sourced_id FROM orgs WHERE status = 'active'",
    "academic_sessions": "SELECT sourced_id FROM academic_sessions WHERE status = 'active'",
    "courses": "SELECT sourced_id FROM courses WHERE status = 'active'",
    "classes": "SELECT sourced_id, title, start_date, end_date FROM classes WHERE status = 'active'",
    "users": (
        "SELECT sourced_id, username, given_name, family_name, email, identifier, enabled FROM users WHERE status = 'active'"
    ),
    "user_roles": (
        "SELECT u.sourced_id, r.org_sourced_id, r.role FROM user_roles r JOIN users u ON u.id = r.user_id "
        "WHERE u.status = 'active'"
    ),
    "enrollments": (
        "SELECT e.sourced_id, c.sourced_id, u.sourced_id, e.role, e.is_primary, e.begin_date, e.end_date FROM enrollments e "
        "JOIN classes c ON c.id = e.class_id JOIN users u ON u.id = e.user_id WHERE e.status = 'active'"
    ),
    "relationships": (
        "SELECT s.sourced_id, a.sourced_id FROM relationships r JOIN users s ON s.id = r.student_id "
        "JOIN users a ON a.id = r.agent_id WHERE r.status = 'active'"
    ),
}


def compare(database: str, wanted: dict[str, set[Any]]) -> list[str]:
    """A line for each table that differs."""
    connection = sqlite3.connect(database)
    wrong = []
    for table, query in QUERIES.items():
        found = set(connection.execute(query).fetchall())
        missing, surplus = wanted[table] - found, found - wanted[table]
        print(
            f"{table:<18} provider {len(wanted[table]):>9,}  roster {len(found):>9,}  "
            f"missing {len(missing)}  surplus {len(surplus)}"
        )
        if missing or surplus:
            wrong.append(f"{table}: missing {sorted(missing)[:3]}, surplus {sorted(surplus)[:3]}")
    connection.close()
    return wrong


def main() -> int:
    """Compares what the arguments name."""
    parser = argparse.ArgumentParser(description="Compare a synced roster with its provider.")
    for name in ("root_url", "database", "client_id", "client_secret"):
        parser.add_argument(name)
    parser.add_argument("schools", nargs="*", help="default: every school")
    parser.add_argument("--mapped", nargs="*", default=MAPPED)
    parser.add_argument("--version", choices=PATHS, default="1.1")
    given = parser.parse_args()
    provider = fetch(given.root_url, given.client_id, given.client_secret, given.version)
    schools = set(given.schools) or {k for k, org in living(provider["orgs"]).items() if org["type"] == "school"}
    wrong = compare(given.database, expected(provider, schools, set(given.mapped)))
    print("\n".join(wrong) or "equal")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
