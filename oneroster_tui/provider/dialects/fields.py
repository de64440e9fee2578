"""The short list: the fields of a person that a sync needs. Where `fields` works, nothing more is asked for.

Grades, phone numbers, passwords and all else stay with the provider. A field that is unknown to the version is not named:
1.2 answers that with 400, 1.1 with everything (spec 2.5).
"""

from __future__ import annotations

from typing import Final

_ALWAYS: Final = (
    "sourcedId,status,dateLastModified,username,enabledUser,givenName,familyName,middleName,identifier,email,agents"
)

USER_FIELDS: Final = {
    "1.0": f"{_ALWAYS},role,orgs,userId",
    "1.1": f"{_ALWAYS},role,orgs",
    "1.2": f"{_ALWAYS},roles,primaryOrg,userMasterIdentifier",
}
"""The value of `fields` for users, by version (spec 4.3 to 4.5)."""
