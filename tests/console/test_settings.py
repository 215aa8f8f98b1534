"""Settings: which source wins, and how wrong ones are refused."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from console.refusal import ExitCode, Refusal
from console.settings import LoadedSettings, unknown_variables


def _load(home: Path, toml: str = "", flags: Mapping[str, str] | None = None, **variables: str) -> LoadedSettings:
    if toml:
        (home / "photonwatch.toml").write_text(toml, encoding="utf-8")
    return LoadedSettings.load({"PHOTONWATCH_HOME": str(home), **variables}, flags)


def test_defaults_name_themselves(tmp_path: Path) -> None:
    loaded = _load(tmp_path)
    assert loaded.tree.home == tmp_path
    assert loaded.tree.kafka.address == ""
    assert loaded.origins["kafka.address"] == "default"
    assert loaded.origins["home"] == "environment PHOTONWATCH_HOME"


def test_the_later_source_wins_and_is_named(tmp_path: Path) -> None:
    toml = '[kafka]\naddress = "file:1"\n[page]\nport = 1\n[worker]\nraw_tags = false\n[analysis]\nbin_width = "50 ps"\n'
    loaded = _load(
        tmp_path,
        toml,
        {"kafka.address": "flag:3"},
        PHOTONWATCH_KAFKA_ADDRESS="environment:2",
        PHOTONWATCH_PAGE_PORT="2",
    )
    assert loaded.tree.kafka.address == "flag:3"
    assert loaded.tree.page.port == 2
    assert loaded.tree.worker.raw_tags is False
    assert loaded.tree.analysis.bin_width == 50
    origins = {key: loaded.origins[key] for key in ("kafka.address", "page.port", "worker.raw_tags", "log.level")}
    assert origins == {
        "kafka.address": "flag kafka.address",
        "page.port": "environment PHOTONWATCH_PAGE_PORT",
        "worker.raw_tags": f"file {tmp_path / 'photonwatch.toml'}",
        "log.level": "default",
    }


def test_a_named_file_is_read_instead(tmp_path: Path) -> None:
    file = tmp_path / "other.toml"
    file.write_text('[log]\nlevel = "debug"\n', encoding="utf-8")
    assert _load(tmp_path, '[log]\nlevel = "error"\n', PHOTONWATCH_CONFIG=str(file)).tree.log.level == "debug"


@pytest.mark.parametrize(
    ("toml", "what"),
    [
        ('[kafka]\nadress = "a:1"', "unknown setting “kafka.adress”"),
        ("[kafaka]\nport = 1", "unknown setting “kafaka.port”"),
        ("port = 1", "unknown setting “port”"),
        ("[page]\nport = true", "no value for “page.port”"),
        ('[page]\nport = "eighty"', "no value for “page.port”"),
        ("[page]\nport = 70000", "“page.port” is 70000"),
        ('[page]\nhosts = "lab.example.org, http://lab"', "“page.hosts” names “http://lab”"),
        ('[page]\nhosts = "lab:8060"', "“page.hosts” names “lab:8060”"),
        ('[page]\nhosts = "*lab"', "“page.hosts” names “*lab”"),
        ("[kafka]\naddress = 9092", "no value for “kafka.address”"),
        ('[kafka]\naddress = "broker"', "“kafka.address” is “broker”"),
        ('[worker]\nraw_tags = "perhaps"', "no value for “worker.raw_tags”"),
        ('[analysis]\nbin_width = "3 ps"\nhalf_range = "100 ps"', "no multiple"),
        ('[analysis]\nbin_width = "soon"', "no value for “analysis.bin_width”"),
        ('[log]\nlevel = "loud"', "“log.level” is “loud”"),
        ('[store]\npassword = "hunter2"', "“store.password” is a secret"),
        ('[store]\npassword_file = "absent"', "cannot read the secret"),
        ("[store", "no TOML"),
    ],
)
def test_refusals_name_file_and_key(tmp_path: Path, toml: str, what: str) -> None:
    with pytest.raises(Refusal) as refused:
        _load(tmp_path, toml)
    assert refused.value.code is ExitCode.SETTINGS
    assert what in refused.value.what
    assert str(tmp_path / "photonwatch.toml") in refused.value.where
    assert refused.value.do
    assert "hunter2" not in refused.value.line()


def test_secrets_come_from_files_or_environment_and_stay_hidden(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from-file\n", encoding="utf-8")
    toml = '[store]\npassword_file = "secret"\n'
    loaded = _load(tmp_path, toml)
    assert loaded.tree.store.password.reveal == "from-file"
    assert loaded.origins["store.password"] == f"file {tmp_path / 'secret'} (by {tmp_path / 'photonwatch.toml'})"
    assert "from-file" not in repr(loaded.tree) + str(list(loaded.shown()))
    by_variable = _load(tmp_path, toml, PHOTONWATCH_STORE_PASSWORD="from-environment")
    assert by_variable.tree.store.password.reveal == "from-environment"
    by_file = _load(tmp_path, PHOTONWATCH_KAFKA_PASSWORD_FILE=str(tmp_path / "secret"))
    assert by_file.tree.kafka.password.reveal == "from-file"


def test_a_secret_on_the_command_line_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="is a secret") as refused:
        _load(tmp_path, flags={"store.password": "hunter2"})
    assert "hunter2" not in refused.value.line()
    assert "PHOTONWATCH_STORE_PASSWORD_FILE" in refused.value.do


def test_every_setting_is_documented(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
    missing = [key for key, _, _ in _load(tmp_path).shown() if f"`{key}`" not in page]
    assert missing == []


def test_an_unreadable_named_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="cannot read the settings"):
        _load(tmp_path, PHOTONWATCH_CONFIG=str(tmp_path / "absent.toml"))


def test_misspelt_variables_are_found() -> None:
    environment = {
        "PHOTONWATCH_HOME": "x",
        "PHOTONWATCH_STORE_PASSWORD_FILE": "x",
        "PHOTONWATCH_PAGE_PORT": "1",
        "PHOTONWATCH_PAGEPORT": "1",
        "HOME": "x",
    }
    assert unknown_variables(environment) == ["PHOTONWATCH_PAGEPORT"]
