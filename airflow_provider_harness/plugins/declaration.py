"""The plugin as a declaration. Its pages come with their own issue; it is registered so that they need no new step."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin


class HarnessPlugin(AirflowPlugin):
    name = "harness"
