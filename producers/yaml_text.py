"""YAML as people write numbers: 2e9 is one, as in YAML 1.2. (YAML 1.1, which PyYAML reads, takes it for text.)"""

import re
from typing import Any

import yaml


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, with YAML 1.2's floats."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)[eE][-+]?[0-9]+"), list("-+.0123456789")
)


def load_yaml(text: str) -> Any:
    """
    Raises:
        yaml.YAMLError: no YAML.
    """
    return yaml.load(text, _Loader)  # noqa: S506 - a safe loader
