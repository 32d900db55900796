"""A past date built again, in a workspace of its own beside the live tables (law 12)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from pipelines import nights, policy, publishing
from pipelines.nights import Night
from pipelines.publishing import Edition
from pipelines.settings import Settings
from pipelines.warehouse import connect, rooms
from pipelines.workspace import Workspace


class RebuildError(Exception):
    """A date that cannot be rebuilt."""


@contextmanager
def rebuilding(
    settings: Settings,
    business_date: date,
    run_id: str,
    current_policy: bool = False,
    keep: bool = False,
) -> Iterator[Night]:
    """A night that builds a published date again; the caller runs its steps inside. Its workspace goes after.

    It takes the policy version that the date's edition names, with ``current_policy`` the folder as it is.
    Its step ``publish`` replaces that edition where the digests differ. ``keep`` leaves the workspace to be
    looked at.
    RebuildError for a date after the current edition's; NightError while the same rebuild is at work.
    """
    version = _policy_version(settings, business_date, current_policy)
    workspace = Workspace(f"rebuild_{business_date:%Y%m%d}")
    night = nights.open_night(settings, business_date, run_id, workspace)
    if version:
        nights.note_policy(settings, night, version)
    with connect(settings) as connection:
        rooms.drop_workspace(connection, workspace)  # what a rebuild that was killed left behind
        rooms.create_workspace(connection, workspace)
    try:
        yield night
    finally:
        if not keep:
            with connect(settings) as connection:
                rooms.drop_workspace(connection, workspace)


def _policy_version(settings: Settings, business_date: date, current_policy: bool) -> str | None:
    """The version to build with, on record; None (today's) where the date had no edition yet."""
    former = _former_edition(settings, business_date)
    if not current_policy:
        return former and former.policy_version
    rules = policy.read_policy(settings.policy_folder, settings.bank)
    rules.require(business_date)
    with connect(settings, "yihu_loader") as connection:
        policy.record_policy(connection, rules)
    return rules.version


def _former_edition(settings: Settings, business_date: date) -> Edition | None:
    """The date's kept edition, else the last it had."""
    editions = publishing.list_editions(settings)
    current = next((edition for edition in editions if edition.state == "kept"), None)
    if current is None or business_date > current.business_date:
        published = f"published up to {current.business_date}" if current else "nothing is published"
        raise RebuildError(
            f"business date {business_date} is no past date ({published}): nothing was built; "
            f"use `yihu night --date {business_date}`"
        )
    same_date = [edition for edition in editions if edition.business_date == business_date]
    kept = [edition for edition in same_date if edition.state == "kept"]
    return next(iter(kept + same_date), None)
