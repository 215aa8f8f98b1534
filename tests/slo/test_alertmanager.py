"""The generated Alertmanager configuration: amtool accepts it, and its routes go where they should."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from slo.alertmanager import Webhooks, configuration
from slo.definitions import load
from slo.metrics import ALERT, DEAD_MAN

HOOKS = Webhooks({"page": "http://127.0.0.1:1/page", "ticket": "http://127.0.0.1:1/ticket"}, "http://127.0.0.1:1/alive")
needs_amtool = pytest.mark.skipif(
    shutil.which("amtool") is None, reason="amtool is not installed (Debian's package prometheus-alertmanager has it)"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "alertmanager.yml"
    path.write_text(configuration(load().objectives, HOOKS), "utf-8")
    return path


@needs_amtool
def test_amtool_accepts_it(file: Path) -> None:
    checked = subprocess.run(["amtool", "check-config", file], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "SUCCESS" in checked.stdout


@needs_amtool
@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        ({"alertname": ALERT, "severity": "page", "subject": "sps-1"}, "page"),
        ({"alertname": ALERT, "severity": "ticket", "subject": "sps-1"}, "ticket"),
        ({"alertname": ALERT, "severity": "unheard-of"}, "ticket"),
        ({"alertname": DEAD_MAN, "severity": "none"}, "dead-man"),
    ],
)
def test_routes(file: Path, labels: dict[str, str], receiver: str) -> None:
    tested = subprocess.run(
        ["amtool", "config", "routes", "test", f"--config.file={file}", f"--verify.receivers={receiver}"]
        + [f"{name}={value}" for name, value in labels.items()],
        capture_output=True,
        text=True,
        check=False,
    )
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_a_page_silences_the_ticket_of_its_own_subject_only(file: Path) -> None:
    (rule,) = yaml.safe_load(file.read_text())["inhibit_rules"]
    assert rule == {
        "source_matchers": ['severity="page"'],
        "target_matchers": ['severity="ticket"'],
        "equal": ["objective", "subject"],
    }


def test_a_severity_that_goes_nowhere_is_refused() -> None:
    with pytest.raises(ValueError, match="no receiver for severity ticket"):
        configuration(load().objectives, Webhooks({"page": "http://127.0.0.1:1/page"}))
