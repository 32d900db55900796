"""Where this installation lives: the only place that reads the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Settings:
    """One bank's installation; every path is absolute."""

    root: Path
    bank: str
    var: Path
    landing: Path
    database_url: str | None = field(repr=False)
    policy_folder: Path
    schedule_zone: str | None = None
    messages: Path | None = None

    def environment(self) -> dict[str, str]:
        """The variables that give a child process the same settings."""
        return {
            "YIHU_BANK": self.bank,
            "YIHU_VAR": str(self.var),
            "YIHU_LANDING": str(self.landing),
            "YIHU_DATABASE_URL": self.database_url or "",
        }


def source_url(variable: str, environ: Mapping[str, str] = os.environ) -> str | None:
    """The address of a source's database, from the variable that its declaration names; None: not set."""
    return environ.get(variable) or None


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from the YIHU_ variables: BANK, VAR, LANDING, DATABASE_URL, TIME_ZONE and MESSAGES."""
    bank = environ.get("YIHU_BANK") or "demo"
    var = Path(environ.get("YIHU_VAR") or ROOT / "var").resolve()
    return Settings(
        root=ROOT,
        bank=bank,
        var=var,
        landing=Path(environ.get("YIHU_LANDING") or var / bank / "landing").resolve(),
        database_url=environ.get("YIHU_DATABASE_URL") or None,
        policy_folder=ROOT / "policy",
        schedule_zone=environ.get("YIHU_TIME_ZONE") or None,
        messages=Path(environ["YIHU_MESSAGES"]).resolve() if environ.get("YIHU_MESSAGES") else None,
    )
