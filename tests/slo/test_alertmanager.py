"""The generated Alertmanager configuration: amtool accepts it, and its routes go where they should."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from schemas.ids import SubjectId
from slo.alertmanager import Webhooks, configuration
from slo.definitions import load
from slo.metrics import ALERT, DEAD_MAN
from slo.topology import Topology
from tests.slo.samples import objective

CRYOSTAT, DOT = SubjectId("cryostat-1"), SubjectId("qdp.1")
TOPOLOGY = Topology({DOT: (CRYOSTAT,), SubjectId("link-1"): (DOT,)})
GOLDEN = Path(__file__).parent / "golden"
HOOKS = Webhooks({"page": "http://127.0.0.1:1/page", "ticket": "http://127.0.0.1:1/ticket"}, "http://127.0.0.1:1/alive")
needs_amtool = pytest.mark.skipif(
    shutil.which("amtool") is None, reason="amtool is not installed (Debian's package prometheus-alertmanager has it)"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "alertmanager.yml"
    path.write_text(configuration(load().objectives, HOOKS, TOPOLOGY), "utf-8")
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
        ({"alertname": ALERT, "severity": "page", "subject": "qdp.1"}, "page"),
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


def test_golden() -> None:
    """To accept a change: write the configuration to the golden file and read the difference."""
    assert configuration([objective()], HOOKS, TOPOLOGY) == (GOLDEN / "alertmanager.yml").read_text("utf-8")


def test_a_page_silences_the_ticket_of_its_own_subject_and_all_that_depends_on_it(file: Path) -> None:
    own, cryostat, dot = yaml.safe_load(file.read_text())["inhibit_rules"]
    assert own == {
        "source_matchers": ['severity="page"'],
        "target_matchers": ['severity="ticket"', 'critical!="true"'],
        "equal": ["objective", "subject"],
    }
    assert cryostat == {
        "source_matchers": ['severity="page"', 'subject="cryostat-1"'],
        "target_matchers": ['critical!="true"', r'subject=~"link\\-1|qdp\\.1"'],
    }
    assert dot["target_matchers"][1] == r'subject=~"link\\-1"'


def test_a_severity_that_goes_nowhere_is_refused() -> None:
    with pytest.raises(ValueError, match="no receiver for severity ticket"):
        configuration(load().objectives, Webhooks({"page": "http://127.0.0.1:1/page"}), TOPOLOGY)
