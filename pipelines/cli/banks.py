"""Where the two banks that come with Yihu get their deliveries from."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

from pipelines.demo_bank import DemoBankError, FaultsError, keep_demo_bank
from pipelines.settings import Settings
from pipelines.sources import load_bank
from pipelines.sources.berka_archive import BerkaArchiveError, deliver_archive


class BankError(Exception):
    """A bank whose deliveries cannot be made from what was given."""


def last_date(settings: Settings) -> date:
    """The bank's last date of receipt; BankError where it is open."""
    day = load_bank(settings.bank).last_date
    if day is None:
        raise BankError(f"bank {settings.bank} has no last date: name one, as in DATE=1994-02-28")
    return day


def deliver(
    settings: Settings,
    archive: Path | None,
    until: date,
    progress: Callable[[int, int], None] | None = None,
) -> str:
    """Make the deliveries up to a date where they are missing; says in one line what was done.

    A demo bank of any size or world that lies there already (`yihu demo write`) is left as it is.
    """
    if settings.bank == "demo":
        if archive is not None:
            raise BankError("the demo bank makes its own files: leave BANK_FILES out")
        try:
            keep_demo_bank(settings.landing, progress)
        except (DemoBankError, FaultsError) as error:
            raise BankError(str(error)) from error
        return f"the demo bank delivers into {settings.landing}"
    if settings.bank == "berka":
        if archive is None:
            raise BankError(
                "bank berka needs its archive: BANK_FILES=<folder with account.asc.gz and the others>"
            )
        try:
            count = deliver_archive(archive, settings.landing, until)
        except BerkaArchiveError as error:
            raise BankError(str(error)) from error
        return f"{count} new days of bank berka in {settings.landing}"
    return f"bank {settings.bank} delivers into {settings.landing}"
