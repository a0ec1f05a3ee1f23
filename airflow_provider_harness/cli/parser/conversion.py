"""The commands that turn contracts into what others read, and back."""

from __future__ import annotations

from airflow.cli.cli_config import Arg

from airflow_provider_harness.cli.parser.arguments import action

_OUTPUT = Arg(
    ("-o", "--output"),
    choices=("text", "json"),
    default="text",
    help="text: the file itself, with the lost parts on standard error; json: text and lost (place, why)",
)
CONVERSION = (
    action(
        "contract import",
        "Draft a contract from another tool's description of a table, on standard output; reports the parts that a "
        "contract cannot have",
        Arg(("file",), nargs="?", default="", metavar="FILE", help="a dbt schema file, or a rule set"),
        Arg(
            ("--from",),
            dest="source",
            required=True,
            choices=("dbt", "ruleset", "database"),
            help="dbt: models, seeds, snapshots and sources with their tests; ruleset: common.dataquality; "
            "database: a PostgreSQL "
            "table's columns, keys, constraints and comments",
        ),
        Arg(("--conn-id",), default="", help="with database: connection of the database"),
        Arg(("--table",), default="", help="dbt: only this table; ruleset and database: schema.table"),
        _OUTPUT,
        module="authoring.converting",
        epilog="Example: airflow harness contract import --from dbt models/schema.yml",
    ),
    action(
        "contract export",
        "Write a contract in the form of another tool, on standard output; reports the parts that this form cannot "
        "have",
        Arg(("file",), metavar="FILE", help="ODCS file; FILE#NAME for one of its tables"),
        Arg(
            ("--to",),
            dest="target",
            required=True,
            choices=("dbt", "ruleset", "html", "openlineage", "dcat"),
            help="html: a page for people, without scripts; openlineage: datasets with facets; dcat: JSON-LD for a "
            "catalogue",
        ),
        Arg(("--namespace",), default="", help="with openlineage: the server, such as postgres://host:5432"),
        _OUTPUT,
        module="authoring.converting",
        epilog="Example: airflow harness contract export --to dbt dags/contracts/flights.odcs.yaml",
    ),
)
