"""YAML as people write it: every way in which it cannot be read is one clear error, a key given twice among them."""

from __future__ import annotations

from typing import Any

from airflow_provider_harness.core.errors import ConfigurationError


def parse(text: bytes, place: str, fix: str) -> Any:
    """The document that this text says.

    :param place: the file, for the error.
    :param fix: what to do about it.
    :raises ConfigurationError: it is no YAML, or a mapping in it gives a key twice, of which one would be ignored.
    """
    import yaml

    class Strict(yaml.SafeLoader):
        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            keys = [str(key.value) for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
            if twice := sorted({key for key in keys if keys.count(key) > 1}):
                raise yaml.constructor.ConstructorError(None, None, f"given twice: {', '.join(twice)}", node.start_mark)
            return super().construct_mapping(node, deep)

    try:
        return yaml.load(text, Strict)
    except (yaml.YAMLError, ValueError, RecursionError, AttributeError, TypeError) as error:
        raise ConfigurationError(place, f"cannot be read: {error}", fix=fix) from error
