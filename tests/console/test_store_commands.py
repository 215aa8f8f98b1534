"""``report`` and ``sql``: the store through the command line, as the user who may only read."""

import io
from pathlib import Path

import pyarrow as pa
import pytest

from console.refusal import ExitCode
from storage.client import StoreAddress
from tests.console import seeded
from tests.console.command_line import Said, run
from tests.fixtures_engine import EmbeddedEngine

pytestmark = pytest.mark.stack


class Store:
    """The seeded store, asked by commands whose settings come from the environment."""

    def __init__(self, address: StoreAddress, engine: EmbeddedEngine, home: Path) -> None:
        secret = home / "secret"
        secret.write_text(engine.readonly_password, encoding="utf-8")
        self.home = home
        self._variables = {
            "PHOTONWATCH_STORE_ADDRESS": f"{address.host}:{address.port}",
            "PHOTONWATCH_STORE_DATABASE": address.database,
            "PHOTONWATCH_STORE_READONLY_USER": engine.readonly_user,
            "PHOTONWATCH_STORE_READONLY_PASSWORD_FILE": str(secret),
        }

    def ask(self, *arguments: str, **variables: str) -> Said:
        return run(self.home, *arguments, **{**self._variables, **variables})


@pytest.fixture
def store(fleet_store: StoreAddress, engine: EmbeddedEngine, tmp_path: Path) -> Store:
    return Store(fleet_store, engine, tmp_path)


def test_report_is_the_object_of_analyse(store: Store, now_s: int) -> None:
    said = store.ask("report", "--device", seeded.BAD, "--json", "--histogram")
    assert said.code == 0, said.err
    report = said.document
    assert (report["device"], report["run"]) == (seeded.BAD, seeded.RUN)
    assert report["tags"] == {"0": 90 * 700, "1": 90 * 900}
    assert report["duration_s"] == 90.0
    assert report["g2"]["period_ps"] == seeded.PERIOD_PS
    assert report["g2"]["zero_delay_ps"] == pytest.approx(seeded.ZERO_PS, abs=50)
    assert report["g2"]["value"] == pytest.approx(0.8, abs=0.06)
    assert report["verdict"] == "bad"
    stored = sum(seeded.counts_of(seeded.Second(seeded.BAD, second, 0.8)).astype(int) for second in range(now_s - 90, now_s))
    assert report["histogram"]["counts"] == stored.tolist()


def test_report_draws_and_speaks(store: Store, tmp_path: Path) -> None:
    picture = tmp_path / "g2.png"
    said = store.ask("report", "--device", seeded.GOOD, "--run", seeded.RUN, "--plot", str(picture))
    assert said.code == 0, said.err
    assert "● good" in said.out
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_what_is_not_there_is_said_with_what_is(store: Store) -> None:
    device = store.ask("report", "--device", "nobody")
    assert device.code == ExitCode.NOT_FOUND
    assert seeded.GOOD in device.err
    tagless = store.ask("report", "--device", seeded.COUPLING)
    assert (tagless.code, "sends no tags" in tagless.err) == (ExitCode.NOT_FOUND, True)
    run_ = store.ask("report", "--device", seeded.GOOD, "--run", "never")
    assert run_.code == ExitCode.NOT_FOUND
    assert seeded.RUN in run_.err


def test_sql_in_every_format(store: Store) -> None:
    query = f"SELECT channel, sum(tags) AS tags FROM v_singles_1s WHERE device = '{seeded.BAD}' GROUP BY channel ORDER BY channel"
    assert store.ask("sql", query).out == '"channel","tags"\n0,63000\n1,81000\n'
    assert store.ask("sql", query, "--format", "csv").out == '"channel","tags"\n0,63000\n1,81000\n'
    assert [row["channel"] for row in store.ask("sql", query, "--format", "json").document["data"]] == [0, 1]
    assert "63000" in store.ask("sql", query, "--format", "pretty").out


def test_sql_as_arrow(store: Store, fleet_store: StoreAddress, engine: EmbeddedEngine) -> None:
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-m", "console", "--home", str(store.home), "sql", "SELECT 7 AS seven", "--format", "arrow"],
        capture_output=True,
        check=True,
        env={**store._variables, "PATH": "/usr/bin:/bin"},
    )
    assert pa.ipc.open_stream(io.BytesIO(done.stdout)).read_all().to_pylist() == [{"seven": 7}]


@pytest.mark.parametrize(
    ("query", "what"),
    [
        ("SELECT * FROM nowhere", "nowhere"),
        ("SELEC 1", "SELEC"),
        ("DROP TABLE blocks", "DROP"),
        ("INSERT INTO blocks (device) VALUES ('x')", "INSERT"),
        ("SELECT file('/etc/passwd')", "file"),
        ("SELECT * FROM url('http://127.0.0.1/', 'CSV')", "url"),
    ],
)
def test_sql_refuses_in_one_line(store: Store, query: str, what: str) -> None:
    said = store.ask("sql", query)
    assert said.code == ExitCode.BAD_INPUT
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert what.lower() in said.err.lower()
    assert "DB::Exception" not in said.err


def test_a_store_that_is_away_is_unavailable(store: Store) -> None:
    said = store.ask("sql", "SELECT 1", PHOTONWATCH_STORE_ADDRESS="127.0.0.1:9")
    assert said.code == ExitCode.UNAVAILABLE
    assert said.err.count("\n") == 1


def test_without_a_read_only_user_nothing_is_asked(store: Store) -> None:
    said = store.ask("sql", "SELECT 1", PHOTONWATCH_STORE_READONLY_USER="")
    assert said.code == ExitCode.SETTINGS
    assert "store.readonly_user" in said.err


def test_doctor_looks_at_an_existing_store(store: Store) -> None:
    checks = {check["name"]: check for check in store.ask("doctor", "--json").document["checks"]}
    assert "answers at" in checks["store"]["finding"]
    assert "engine" not in checks
    away = store.ask("doctor", "--json", PHOTONWATCH_STORE_ADDRESS="127.0.0.1:9")
    assert away.code == ExitCode.NEGATIVE
    assert {check["name"]: check["outcome"] for check in away.document["checks"]}["store"] == "fail"
