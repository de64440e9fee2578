"""Notifications: on failure, hold and recovery, each once, again after a week, and never anybody's name or a secret."""

from __future__ import annotations

import time
from typing import Any

import pytest

from oneroster_tui.errors import ExitCode, RunLocked, Stopped, Unauthorized, Unreachable
from oneroster_tui.headless import delivery, notify
from oneroster_tui.headless.delivery import Undelivered, deliver
from oneroster_tui.headless.news import End
from oneroster_tui.roster import database
from oneroster_tui.sync import runs
from tests.headless.conftest import Hook, Night
from tests.lab import Lab

GUARDED = {"max_remove_percent": 10.0, "max_remove_count": 1}


def fail(lab: Lab, error: Exception) -> None:
    """From now on the provider's users answer with an error."""

    def answer(_: Any) -> Any:
        raise error

    lab.provider.faults["users"] = answer


def age(lab: Lab, days: float) -> None:
    """Lets days pass since everything that was remembered."""
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - days * 86400))
    lab.roster.execute("UPDATE notifications SET told_at = ?", (moment,))
    lab.roster.execute("UPDATE sync_runs SET finished_at = ?, started_at = ?", (moment, moment))


def test_good_nights_are_not_told(lab: Lab, night: Night, hook: Hook) -> None:
    for _ in range(3):
        assert night(notify={"webhook": hook.url}) is None
    assert hook.raw == []


def test_a_failure_is_told_once_and_its_end_once(lab: Lab, night: Night, hook: Hook) -> None:
    fail(lab, Unreachable("The provider did not answer: timed out."))
    for _ in range(3):
        assert night(notify={"webhook": hook.url}) is not None
    assert hook.kinds == ["failure"]
    lab.provider.faults.clear()
    for _ in range(3):
        assert night(notify={"webhook": hook.url}) is None
    assert hook.kinds == ["failure", "recovery"]
    failure, recovery = hook.news
    assert (failure["exit_code"], failure["run"], failure["outcome"]) == (7, 1, "failed")
    assert failure["message"] == "The provider did not answer: timed out."
    assert (recovery["exit_code"], recovery["run"], recovery["outcome"]) == (0, 4, "done")
    assert recovery["counts"]["users"]["created"] == 14
    assert recovery["source"] == "default"


def test_another_failure_is_news(lab: Lab, night: Night, hook: Hook) -> None:
    fail(lab, Unreachable("No answer."))
    night(notify={"webhook": hook.url})
    fail(lab, Unauthorized("Refused."))
    night(notify={"webhook": hook.url})
    assert [one["exit_code"] for one in hook.news] == [7, 6]


def test_a_failure_that_stays_is_told_again_after_a_week(lab: Lab, night: Night, hook: Hook) -> None:
    fail(lab, Unreachable("No answer."))
    night(notify={"webhook": hook.url})
    age(lab, 6.9)
    night(notify={"webhook": hook.url})
    assert hook.kinds == ["failure"]
    age(lab, 7.1)
    night(notify={"webhook": hook.url})
    assert hook.kinds == ["failure", "failure"]
    night(notify={"webhook": hook.url})
    assert hook.kinds == ["failure", "failure"]


def held(lab: Lab, night: Night, hook: Hook) -> None:
    """A night whose removals are held."""
    assert night(notify={"webhook": hook.url}, guards=GUARDED) is None
    assert lab.last_run()[0] == "held"


def test_a_hold_is_told_once_and_its_approval_as_recovery(lab: Lab, night: Night, hook: Hook) -> None:
    night(notify={"webhook": hook.url})
    lab.provider.drop("users", "s1-st1", "s1-st2", "s1-st3")
    held(lab, night, hook)
    held(lab, night, hook)
    assert hook.kinds == ["hold"]
    assert hook.news[0]["exit_code"] == 4
    assert "removals are held" in hook.news[0]["message"]
    assert hook.news[0]["counts"]["users"]["held"] == 3
    night("runs", mode="unguarded", notify={"webhook": hook.url})
    assert hook.kinds == ["hold", "recovery"]


def test_a_hold_that_was_discarded_is_news_when_it_comes_again(lab: Lab, night: Night, hook: Hook) -> None:
    night(notify={"webhook": hook.url})
    lab.provider.drop("users", "s1-st1", "s1-st2", "s1-st3")
    held(lab, night, hook)
    lab.roster.execute("UPDATE sync_runs SET decision = 'discarded' WHERE id = (SELECT MAX(id) FROM sync_runs)")
    held(lab, night, hook)
    held(lab, night, hook)
    assert hook.kinds == ["hold", "hold"]


def test_records_that_cannot_be_used_are_no_failure(lab: Lab, night: Night, hook: Hook) -> None:
    lab.provider.enroll("broken", "nobody", "s1-a")
    assert night(notify={"webhook": hook.url}) is None
    assert lab.last_run()[1] == ExitCode.RECORD_PROBLEMS
    assert hook.raw == []


def test_a_plan_tells_nobody(lab: Lab, night: Night, hook: Hook) -> None:
    fail(lab, Unreachable("No answer."))
    assert night("nothing", mode="plan", notify={"webhook": hook.url}) is not None
    assert hook.raw == []


def test_stopped_locked_and_blackout_are_not_told_while_the_roster_is_fresh(
    lab: Lab, night: Night, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    night(notify={"webhook": hook.url})
    fail(lab, Stopped(ExitCode.TERMINATED))
    night(notify={"webhook": hook.url})
    with runs.hold_lock(lab.roster, "default"):
        assert isinstance(night(notify={"webhook": hook.url}), RunLocked)
    assert hook.raw == []


def test_a_lock_that_is_never_given_back_is_told_once_the_roster_is_old(lab: Lab, night: Night, hook: Hook) -> None:
    night(notify={"webhook": hook.url})
    age(lab, 2)
    with runs.hold_lock(lab.roster, "default"):
        for _ in range(2):
            assert isinstance(night(notify={"webhook": hook.url}), RunLocked)
    assert hook.kinds == ["stale"]
    assert hook.news[0]["age_hours"] == pytest.approx(48, abs=0.2)
    night(notify={"webhook": hook.url})
    assert hook.kinds == ["stale", "recovery"]


def test_an_old_roster_in_a_blackout_is_no_news(lab: Lab, night: Night, hook: Hook) -> None:
    from oneroster_tui.config import Period

    night(notify={"webhook": hook.url})
    age(lab, 10)
    from datetime import date

    blackout = {"blackout": (Period(date(2000, 1, 1), date(2099, 1, 1)),)}
    error = night(notify={"webhook": hook.url}, guards=blackout)
    assert getattr(error, "exit_code", None) == ExitCode.BLACKOUT
    settings = lab.configured(notify={"webhook": hook.url}, guards=blackout)
    notify.tell_age(settings, lab.roster, print)
    assert hook.raw == []


def test_a_bug_is_told_by_kind_and_place_only(lab: Lab, night: Night, hook: Hook) -> None:
    fail(lab, ValueError("Zebulon Quartermain"))
    assert isinstance(night(notify={"webhook": hook.url}), ValueError)
    (news,) = hook.news
    assert news["exit_code"] == 1
    assert "ValueError in oneroster_tui/" in news["message"]
    assert b"Zebulon" not in hook.raw[0]


def test_what_a_server_says_is_left_out(lab: Lab, night: Night, hook: Hook) -> None:
    fail(lab, Unauthorized("The provider refused (401). It said: Zebulon Quartermain may not, see token abc123"))
    night(notify={"webhook": hook.url})
    assert hook.news[0]["message"] == "The provider refused (401)."


def test_what_nobody_took_is_not_counted_as_told(lab: Lab, night: Night, hook: Hook, capsys: Any) -> None:
    hook.answers = [404, 204]
    fail(lab, Unreachable("No answer."))
    night(notify={"webhook": hook.url})
    assert "did not take the notification: it answered 404." in capsys.readouterr().err
    night(notify={"webhook": hook.url})
    night(notify={"webhook": hook.url})
    assert len(hook.raw) == 2


def test_a_webhook_gets_three_tries_where_another_may_help(lab: Lab, night: Night, hook: Hook, capsys: Any) -> None:
    hook.answers = [503, 429, 200]
    fail(lab, Unreachable("No answer."))
    night(notify={"webhook": hook.url})
    assert len(hook.raw) == 3
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("status", [302, 400, 401, 404])
def test_other_refusals_are_not_tried_again_and_redirects_not_followed(
    lab: Lab, night: Night, hook: Hook, status: int, capsys: Any
) -> None:
    hook.answers = [status]
    fail(lab, Unreachable("No answer."))
    night(notify={"webhook": hook.url})
    assert len(hook.raw) == 1
    said = capsys.readouterr().err
    assert str(status) in said
    assert "hook-s3cret" not in said


def test_a_webhook_that_is_not_there_changes_nothing_about_the_run(lab: Lab, night: Night, capsys: Any) -> None:
    lab.provider.drop("users", "s1-st1")
    assert night(notify={"webhook": "http://127.0.0.1:9/hook-s3cret"}) is None
    fail(lab, Unreachable("No answer."))
    error = night(notify={"webhook": "http://127.0.0.1:9/hook-s3cret"})
    assert getattr(error, "exit_code", None) == ExitCode.INCOMPLETE
    said = capsys.readouterr().err
    assert (
        said
        == "Warning: The webhook at http://127.0.0.1 did not take the notification: it cannot be reached (ConnectError), 3 times.\n"
    )


def test_no_place_to_remember_in_is_no_reason_to_be_silent(lab: Lab, hook: Hook) -> None:
    settings = lab.configured(notify={"webhook": hook.url})
    end = End("full", "failed", ExitCode.INTERNAL, "The roster is damaged.")
    for _ in range(2):
        notify.tell_end(settings, None, end, print, lambda: False)
    assert hook.kinds == ["failure", "failure"]


def test_status_is_silent_where_it_cannot_remember(lab: Lab, hook: Hook) -> None:
    settings = lab.configured(notify={"webhook": hook.url})
    notify.tell_age(settings, lab.roster, print)  # no source yet: nothing to remember it by
    assert hook.raw == []
    lab.roster.execute("PRAGMA query_only = ON")
    with pytest.raises(database.RosterError):
        notify.tell_age(settings, lab.roster, print)
    assert hook.raw == []


def test_a_slow_channel_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "LONGEST", 0.2)
    began = time.monotonic()
    assert deliver(lambda: time.sleep(5)) == "it took longer than 0.2 s"
    assert time.monotonic() - began < 2


def test_a_stop_ends_the_telling() -> None:
    began = time.monotonic()
    assert deliver(lambda: time.sleep(5), lambda: True) == "stopped"
    assert time.monotonic() - began < 1


def test_whatever_goes_wrong_in_a_channel_stays_there() -> None:
    def broken() -> None:
        raise KeyError("secret")

    def refused() -> None:
        raise Undelivered("no", again=False)

    assert deliver(broken) == "it failed (KeyError)"
    assert deliver(refused) == "no"
    assert deliver(lambda: None) == ""
