"""Quirks of access, addresses, load and failures: numbers 12 to 15 and 24 of the field notes."""

from __future__ import annotations

from tests.provider.verifier import Verifier
from tests.provider_lab.district import in_version
from tests.provider_lab.server import CLIENT_ID, CLIENT_SECRET, Answer, LabProvider, Request, said, web_page
from tests.provider_lab.table import as_it_is, nothing, quirk

REFUSED = {"truth": nothing, "held": as_it_is}


@quirk(
    12,
    "The token dies in mid-run",
    who="Aeries (6 hours), long syncs everywhere",
    ours="Asks for a new one, once for each 401, and goes on.",
)
def token_dies(provider: LabProvider) -> None:
    def before(asked: Request) -> Answer | None:
        if asked.collection == "users" and asked.count == 1:
            provider.tokens.clear()
            provider.tokens.add("token-0")  # so that the next token has another name
            return said({}, 401)
        return None

    provider.before = before


@quirk(
    12,
    "Answers 401 for one collection, whatever the token",
    who="code.org: “401 that is really a permission”",
    ours="One fresh token, then it is a permission: the run ends and says so.",
    code=6,
    says="a fresh token too: it is a permission, not the token's age",
    **REFUSED,
)
def permission_as_401(provider: LabProvider) -> None:
    provider.before = lambda asked: said({}, 401) if asked.collection == "enrollments" else None


@quirk(
    12,
    "Gives one token for ever, without `expires_in`",
    who="ClassLink's proxy",
    ours="Uses it until a 401 says otherwise.",
)
def no_expiry(provider: LabProvider) -> None:
    provider.token = lambda asked: said(provider.new_token())


@quirk(12, "Says `expires_in` as text, as 0 or as nonsense", ours="Reads text; nonsense is no expiry.")
def odd_expiry(provider: LabProvider) -> None:
    provider.token = lambda asked: said(provider.new_token(expires_in="soon", token_type="BEARER", scope=["a"]))


def signed(provider: LabProvider) -> None:
    """Only requests with a good signature pass, as oauthlib judges it."""
    verifier = Verifier(CLIENT_ID, CLIENT_SECRET)

    def allows(asked: Request) -> bool:
        with provider.gate:
            return verifier.accepts(asked.url, asked.headers.get("Authorization", ""))

    provider.allows = allows


@quirk(
    12,
    "Wants OAuth 1.0a, signed with HMAC-SHA1",
    who="1.0 and older 1.1 servers",
    ours="Signs every request anew; a choice of the config in every version.",
    version="1.0",
    connection={"oauth_version": "1.0a", "oauth1_signature": "HMAC-SHA1"},
)
def signed_with_sha1(provider: LabProvider) -> None:
    signed(provider)


@quirk(
    12,
    "Wants OAuth 1.0a, signed with HMAC-SHA256",
    who="certified 1.1 servers, ClassLink",
    ours="Signs so by default; 1.2 has no OAuth 1.0a, but who wants it gets it.",
    version="1.2",
    connection={"oauth_version": "1.0a"},
)
def signed_with_sha256(provider: LabProvider) -> None:
    signed(provider)


@quirk(13, "Refuses the scopes that the version has", who="servers that know no scopes", ours="Asks again without any.")
def refuses_scopes(provider: LabProvider) -> None:
    provider.token = lambda asked: (
        said({"error": "invalid_scope"}, 400) if asked.form.get("scope") else provider.good_token(asked)
    )


@quirk(
    13,
    "Wants a scope with a prefix of its own",
    who="Visma",
    ours="`scopes` in the config.",
    connection={"scopes": ("one-roster-api:roster",)},
)
def own_scopes(provider: LabProvider) -> None:
    provider.token = lambda asked: (
        provider.good_token(asked)
        if asked.form.get("scope") == "one-roster-api:roster"
        else said({"error": "invalid_scope"}, 400)
    )


def body_only(provider: LabProvider) -> None:
    """The token endpoint does not read Basic."""
    provider.token = lambda asked: (
        said({"error": "invalid_client"}, 401) if "client_secret" not in asked.form else provider.good_token(asked)
    )


@quirk(
    13,
    "Takes client id and secret in the body only",
    who="several",
    ours="Says what to set.",
    code=6,
    says='some providers want client_auth = "body"',
    **REFUSED,
)
def basic_refused(provider: LabProvider) -> None:
    body_only(provider)


@quirk(
    13,
    "Takes client id and secret in the body only, and the config says so",
    ours='`client_auth = "body"`.',
    connection={"client_auth": "body"},
)
def body_wanted(provider: LabProvider) -> None:
    body_only(provider)


@quirk(
    13,
    "Answers a web page at the token address",
    ours="Says which setting to check.",
    code=7,
    says="The token endpoint answered with a web page instead of a token.",
    **REFUSED,
)
def token_page(provider: LabProvider) -> None:
    provider.token = lambda asked: web_page()


@quirk(
    13,
    "Says `error` with status 200",
    ours="Takes it for the refusal it is.",
    code=6,
    says="The token endpoint refused this client (200). It said: invalid_client: no",
    **REFUSED,
)
def token_error_as_200(provider: LabProvider) -> None:
    provider.token = lambda asked: said({"error": "invalid_client", "error_description": "no"})


@quirk(
    13,
    "Needs a query string in the token address",
    who="multi-tenant servers",
    ours="Keeps it.",
    token="/token?tenant=7&env=a%20b",
)
def token_query(provider: LabProvider) -> None:
    provider.token = lambda asked: (
        provider.good_token(asked) if asked.params == {"tenant": "7", "env": "a b"} else said({}, 404)
    )


@quirk(
    14,
    "Keeps 1.1 below a prefix that root_url already names",
    who="Aeries, ClassLink, Infinite Campus",
    ours="A whole base path is used as given.",
    base="/campus/app/ims/oneroster/v1p1/",
)
def whole_base_path(provider: LabProvider) -> None:
    provider.base = "/campus/app/ims/oneroster/v1p1"


@quirk(
    14,
    "Keeps 1.1 below a prefix, and root_url names only the prefix",
    who="Aeries (`/aeries`)",
    ours="Puts the version's path behind it.",
    base="/aeries",
)
def prefix_only(provider: LabProvider) -> None:
    provider.base = "/aeries/ims/oneroster/v1p1"


@quirk(14, "Keeps the collections right below root_url", ours="Finds them there after one 404.", base="/roster/app7/")
def no_base_path(provider: LabProvider) -> None:
    provider.base = "/roster/app7"


@quirk(14, "Keeps 1.1 below `/api`", who="Infinite Campus", ours="Finds it there after one 404.", base="/campus")
def below_api(provider: LabProvider) -> None:
    provider.base = "/campus/api/ims/oneroster/v1p1"


@quirk(
    14,
    "Shows its web site at every address but the right one",
    ours="A web page is no service: looks further.",
    base="/campus",
)
def site_everywhere(provider: LabProvider) -> None:
    below_api(provider)
    provider.after = lambda asked, answer: web_page() if answer.status == 404 else answer


@quirk(
    14,
    "Is not there at all",
    ours="Looks at the known places, once, and says which address was wrong.",
    code=7,
    says="do: Check root_url and oneroster_version in [connection]",
    base="/wrong",
    **REFUSED,
)
def not_there(provider: LabProvider) -> None:
    pass


@quirk(
    14,
    "Was configured with 1.2's gradebook address",
    ours="Takes the rostering service beside it.",
    version="1.2",
    base="/x/ims/oneroster/gradebook/v1p2/",
)
def gradebook_given(provider: LabProvider) -> None:
    provider.base = "/x/ims/oneroster/rostering/v1p2"


@quirk(
    14,
    "Speaks 1.2 at 1.1's address",
    ours="Reads what comes: each record tells its version.",
    connection={"oneroster_version": "1.1"},
)
def speaks_another_version(provider: LabProvider) -> None:
    provider.rows = in_version(provider.rows, "1.2")


def now_and_then(provider: LabProvider, failure: Answer, every: int = 3) -> None:
    """Every third request fails, and goes well when it is made again."""
    seen: set[tuple[str, str]] = set()

    def after(asked: Request, answer: Answer) -> Answer:
        key = (asked.path, str(sorted(asked.params.items())))
        with provider.gate:
            first = key not in seen
            seen.add(key)
            return failure if first and len(seen) % every == 0 else answer

    provider.after = after


@quirk(15, "Answers 429 with `Retry-After`", who="ClassLink, Ed-Fi", ours="Waits as long as it says, and asks again.")
def busy_with_time(provider: LabProvider) -> None:
    now_and_then(provider, said({}, 429, Retry_After="7"))


@quirk(15, "Answers 429 without `Retry-After`", who="ClassLink", ours="Waits longer each time, and asks again.")
def busy_without_time(provider: LabProvider) -> None:
    now_and_then(provider, said({"errors": [{"codeMinor": "server_busy"}]}, 429))


@quirk(
    15,
    "Answers 502, 503 and 504 with a web page, for a while",
    who="gateways everywhere",
    ours="Asks again, five times in all.",
)
def gateway_pages(provider: LabProvider) -> None:
    now_and_then(provider, web_page(503))


@quirk(
    15,
    "Answers 503 for good",
    ours="Gives up after five tries: nothing changes.",
    code=7,
    says="The provider did not answer: it said 503 Service Unavailable five times.",
    connection={"page_size": 5},
    **REFUSED,
)
def out_of_order(provider: LabProvider) -> None:
    provider.before = lambda asked: web_page(503) if asked.collection == "users" else None


@quirk(
    15,
    "Fails for large pages, or takes too long over them",
    who="Ed-Fi, Infinite Campus",
    ours="Asks for half as much.",
    connection={"page_size": 100},
)
def large_pages_fail(provider: LabProvider) -> None:
    provider.before = lambda asked: said({}, 413) if int(asked.params.get("limit", "0")) > 60 else None


@quirk(15, "Sends requests elsewhere on the same server", ours="Follows, and signs anew.")
def redirects(provider: LabProvider) -> None:
    def after(asked: Request, answer: Answer) -> Answer:
        if answer.status == 404 or asked.params.get("again") or asked.path == "/token":
            return answer
        query = "&".join(f"{name}={value}" for name, value in asked.params.items())
        return said({}, 307, Location=f"{asked.path}?{query}&again=1")

    provider.after = after


@quirk(
    15,
    "Sends requests to another server",
    ours="Credentials never leave the server they are for.",
    code=7,
    says="do: Credentials are never sent to another server: put the right address into root_url.",
    **REFUSED,
)
def redirects_away(provider: LabProvider) -> None:
    provider.before = lambda asked: said({}, 307, Location="http://localhost:1/elsewhere")


@quirk(
    24,
    "Reports a failure with status 200",
    ours="Takes it for the failure it is.",
    code=7,
    says="the provider's answer is a failure: unauthorized: not for you",
    **REFUSED,
)
def failure_as_200(provider: LabProvider) -> None:
    info = {"imsx_codeMajor": "failure", "imsx_codeMinor": "unauthorized", "imsx_description": "not for you"}
    provider.wrap = lambda page, rows, asked: (
        {"statusInfoSet": [info], asked.collection: []} if asked.collection == "classes" else {asked.collection: page}
    )


@quirk(
    24,
    "Answers a web page with status 200 in mid-run",
    ours="The run ends, and nothing changes.",
    code=7,
    says="The provider answered with a web page instead of JSON.",
    **REFUSED,
)
def page_as_200(provider: LabProvider) -> None:
    provider.before = lambda asked: web_page() if asked.collection == "users" else None


@quirk(
    24,
    "Speaks 1.2's `imsx_StatusInfo` on a refusal",
    who="1.2; Ed-Fi with a small c",
    ours="Shows its words.",
    version="1.2",
    code=6,
    says="It said: forbidden: The client may not.",
    **REFUSED,
)
def status_info(provider: LabProvider) -> None:
    field = {"imsx_codeMinorFieldName": "TargetEndSystem", "imsx_codeMinorFieldValue": "forbidden"}
    info = {
        "imsx_codeMajor": "failure",
        "imsx_severity": "error",
        "imsx_description": "The client may not.",
        "imsx_CodeMinor": {"imsx_codeMinorField": [field]},
    }
    provider.before = lambda asked: said(info, 403) if asked.collection == "orgs" else None
