"""The commands about data for models, and models, as Airflow's CLI takes them."""

from __future__ import annotations

from airflow.cli.cli_config import Arg, GroupCommand

from airflow_provider_harness.cli.parser.arguments import OUTPUT, action

_AS_OF = Arg(
    ("--as-of",),
    default="",
    help="moment as of which freshness is judged (ISO 8601 with zone); now where it is not given",
)
LEARNING = (
    action(
        "readiness",
        "An audit of a warehouse: which level of readiness each table reaches, under its contract or without one, what it lacks, and "
        "the text to add; exit 1 where a table falls short of --level, or of the level that its contract claims",
        Arg(
            ("files",),
            nargs="*",
            metavar="CONTRACT",
            help="ODCS files; none = all *.odcs.yaml in Airflow's Dags folder",
        ),
        Arg(
            ("--conn-id",),
            default="",
            help="connection of the warehouse, PostgreSQL or BigQuery: its tables are looked at, those without a contract too; "
            "none = contracts alone",
        ),
        Arg(
            ("--level",),
            choices=("bronze", "silver", "gold", "ai_ready"),
            default="",
            help="the level that each table must reach; none = the one that its contract claims",
        ),
        _AS_OF,
        Arg(("-o", "--output"), choices=("text", "json"), default="text", help="text for people, json for programs"),
        module="learning.readiness",
        epilog="Example: airflow harness readiness --conn-id warehouse --level silver",
    ),
    action(
        "card",
        "The card of a table or a model, made of its contract, gates, lineage, drift and registry, in the form of Hugging Face; "
        "exit 1 where something on it is not borne out: a claim whose check did not pass, a number that is missing",
        Arg(("name",), metavar="TABLE|MODEL", help="schema.table, or the name in harness.model of a contract"),
        Arg(
            ("--contract",),
            nargs="+",
            metavar="FILE",
            help="ODCS files in which it is looked for; none = all *.odcs.yaml in Airflow's Dags folder",
        ),
        Arg(
            ("--conn-id",),
            default="",
            help="connection of the warehouse, to count and judge the whole table; none = what gates found",
        ),
        Arg(
            ("--registry-conn-id",),
            default="",
            help="connection of the registry of models (MLflow); none = the harness's own",
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
                "Each feature table that was published: its newest version, its features, and the models that learn from them",
                OUTPUT,
                module="learning.features",
                epilog="Example: airflow harness features list",
            ),
            action(
                "features show",
                "Every version of a feature table, and which training set and model took which one; exit 2 where it is not known",
                Arg(("table",), help="schema.table; public where no schema is given"),
                OUTPUT,
                module="learning.features",
                epilog="Example: airflow harness features show features.carrier_delay",
            ),
        ),
    ),
)
