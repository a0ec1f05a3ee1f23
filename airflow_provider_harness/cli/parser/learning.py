"""The commands about data for models, and models, as Airflow's CLI takes them."""

from __future__ import annotations

from airflow.cli.cli_config import Arg, GroupCommand

from airflow_provider_harness.cli.parser.arguments import OUTPUT, action

_AS_OF = Arg(
    ("--as-of",),
    default="",
    help="moment for which freshness is measured (ISO 8601 with zone); default now",
)
LEARNING = (
    action(
        "readiness",
        "Audit a warehouse: the level of readiness of each table, with or without a contract, the standards that "
        "are not met, and the text to add; exit 1 if a table does not reach --level, or the level that its "
        "contract claims",
        Arg(
            ("files",),
            nargs="*",
            metavar="CONTRACT",
            help="ODCS files; default all *.odcs.yaml in Airflow's Dags folder",
        ),
        Arg(
            ("--conn-id",),
            default="",
            help="connection of the warehouse, PostgreSQL or BigQuery: the command reads its tables, also those "
            "without a contract; without it, only contracts",
        ),
        Arg(
            ("--level",),
            choices=("bronze", "silver", "gold", "ai_ready"),
            default="",
            help="the level that each table must reach; default the level that its contract claims",
        ),
        _AS_OF,
        Arg(("-o", "--output"), choices=("text", "json"), default="text", help="text for people, json for programs"),
        module="learning.readiness",
        epilog="Example: airflow harness readiness --conn-id warehouse --level silver",
    ),
    action(
        "card",
        "Print the card of a table or a model, made from its contract, gates, lineage, drift and registry, in the "
        "form of Hugging Face; exit 1 if a line of it is not borne out: a claim whose check did not pass, a "
        "missing number",
        Arg(("name",), metavar="TABLE|MODEL", help="schema.table, or the name in harness.model of a contract"),
        Arg(
            ("--contract",),
            nargs="+",
            metavar="FILE",
            help="ODCS files in which to look for the name; default all *.odcs.yaml in Airflow's Dags folder",
        ),
        Arg(
            ("--conn-id",),
            default="",
            help="connection of the warehouse, to count and check the whole table; without it, the card has the "
            "results of gates",
        ),
        Arg(
            ("--registry-conn-id",),
            default="",
            help="connection of the registry of models (MLflow); default the harness's own",
        ),
        _AS_OF,
        Arg(
            ("-o", "--output"),
            choices=("markdown", "json"),
            default="markdown",
            help="markdown for people and hubs, json for programs",
        ),
        module="learning.card",
        epilog="Example: airflow harness card public.flights --conn-id warehouse",
    ),
    GroupCommand(
        name="features",
        help="The registry of features",
        subcommands=(
            action(
                "features list",
                "Each published feature table: its newest version, its features, and the models that use them",
                OUTPUT,
                module="learning.features",
                epilog="Example: airflow harness features list",
            ),
            action(
                "features show",
                "Every version of a feature table, with the training sets and models that use it; exit 2 if the "
                "table is not known",
                Arg(("table",), help="schema.table; public where no schema is given"),
                OUTPUT,
                module="learning.features",
                epilog="Example: airflow harness features show features.carrier_delay",
            ),
        ),
    ),
)
