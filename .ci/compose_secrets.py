"""Makes the secrets that docker-compose.yaml reads from .secrets/, at random, once; what is there stays.

Standard library only. No file ends with a newline, which Airflow would take for a part of the secret. The files are
readable for every user id that a container may run as; the folder is closed.
"""

from __future__ import annotations

import base64
import json
import secrets
import sys
from pathlib import Path

USERS = ("admin", "harness", "oncall", "viewer")


def contents() -> dict[str, str]:
    """File name -> a new secret; those that name the same account agree."""
    database, redis = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    passwords = {user: secrets.token_urlsafe(12) for user in USERS}
    account = {"conn_type": "postgres", "host": "postgres", "port": 5432, "login": "airflow", "password": database}
    api = {"conn_type": "http", "schema": "http", "host": "api-server", "port": 8080}
    connections = {
        "harness_store": {**account, "schema": "harness"},
        "harness_airflow": {**api, "login": "harness", "password": passwords["harness"]},
    }
    return {
        "postgres_password": database,
        "redis_password": redis,
        "broker_url": f"redis://:{redis}@redis:6379/0",
        "result_backend": f"db+postgresql+psycopg2://airflow:{database}@postgres:5432/airflow",
        "airflow_database": f"postgresql+psycopg2://airflow:{database}@postgres:5432/airflow",
        "passwords.json": json.dumps(passwords),
        "connections.json": json.dumps(connections, indent=2),
        "fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "api_secret_key": secrets.token_hex(32),
        "jwt_secret": secrets.token_hex(32),
    }


def main(root: Path) -> int:
    """Writes all of them, or none when one is there: they belong together.

    :param root: the folder that gets ``.secrets``.
    """
    folder = root / ".secrets"
    made = contents()
    there = {name for name in made if (folder / name).exists()}
    if there:
        missing = sorted(made.keys() - there)
        if missing:
            print(f".secrets lacks {', '.join(missing)}: remove the folder to make all of them anew.", file=sys.stderr)
        return 2 if missing else 0
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / ".gitignore").write_text("*\n")
    for name, text in made.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o644)
    print(f"Made {len(made)} secrets in .secrets/; the passwords for Airflow are in passwords.json there.")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parent.parent))
