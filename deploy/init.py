"""Prepare an installation before its services start: Airflow's metadata, its operator, the bank's rooms.

Run by the service ``airflow-init`` at every start; running it again changes nothing.
"""

import json
import os
import subprocess
from pathlib import Path

from pipelines.settings import load_settings
from pipelines.warehouse import connect


def main() -> None:
    """Migrate Airflow's database, write the operator's password file, make the bank's database and rooms."""
    subprocess.run(["airflow", "db", "migrate"], check=True)
    write_operator(
        Path(os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"]),
        os.environ["AIRFLOW_OPERATOR_PASSWORD"],
    )
    settings = load_settings()
    with connect(settings):
        print(f"bank {settings.bank}: rooms are ready")


def write_operator(passwords: Path, password: str) -> None:
    """Give Airflow's user ``operator`` this password, in a file that only its owner may read."""
    draft = passwords.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump({"operator": password}, file)
    draft.replace(passwords)


if __name__ == "__main__":
    main()
