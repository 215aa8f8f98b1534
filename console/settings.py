"""Settings: one frozen tree. Defaults, then the TOML file, then the environment, then flags; each value knows where it is from.

In the file a key stands in its section (``[kafka]`` … ``address = "…"``); in the environment it is ``PHOTONWATCH_KAFKA_ADDRESS``;
for flags it is ``kafka.address``. A secret never stands in the file: there ``password_file`` names the file that holds it, and
the environment may give either.
"""

import re
import tomllib
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import NewType, Self

from console.quantities import QuantityError, picoseconds, picoseconds_text
from console.refusal import ExitCode, Refusal

PREFIX = "PHOTONWATCH_"
FILE_NAME = "photonwatch.toml"
OUTSIDE = frozenset({"HOME", "CONFIG", "DEBUG", "ATTEMPT"})
"""Variables with the prefix that are not settings of the tree."""

USUAL_PAGE_PORT = 8060

Picoseconds = NewType("Picoseconds", int)


@dataclass(frozen=True, slots=True)
class Secret:
    """A text that is never shown."""

    reveal: str = field(repr=False)

    def __str__(self) -> str:
        return "•••" if self.reveal else ""


@dataclass(frozen=True, slots=True)
class Kafka:
    """An address (``host:port[,host:port]``) replaces the embedded broker; ``port`` 0 lets the embedded one choose. The rest is
    named as Kafka's own clients name it.
    """

    address: str = ""
    port: int = 0
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str = "PLAIN"
    username: str = ""
    password: Secret = Secret("")
    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""


@dataclass(frozen=True, slots=True)
class Store:
    """An address (``host:port``) of a ClickHouse HTTP endpoint replaces the embedded engine."""

    address: str = ""
    port: int = 0
    database: str = "photonwatch"
    secure: bool = False
    user: str = "default"
    password: Secret = Secret("")
    readonly_user: str = ""
    """The user of ``sql`` and of the page. With an existing ClickHouse it must be named."""
    readonly_password: Secret = Secret("")


@dataclass(frozen=True, slots=True)
class Page:
    """Where the web page listens; ``port`` 0 is the usual one, or another where that is taken."""

    host: str = "127.0.0.1"
    port: int = 0
    allow_remote: bool = False
    """The page has no login. It listens beyond this machine only if this is said."""
    hosts: str = ""
    """Names, with commas between, under which it answers beside those of loopback and ``host``: see ``hosts_of``."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """How tags are counted. Results of other parameters are kept apart in the store."""

    bin_width: Picoseconds = Picoseconds(100)
    half_range: Picoseconds = Picoseconds(200_000)
    coincidence_window: Picoseconds = Picoseconds(1_000)


@dataclass(frozen=True, slots=True)
class Worker:
    """How the worker works. ``metrics_port`` 0 exposes none (``up`` chooses one)."""

    group: str = "photonwatch"
    name: str = ""
    """A name that no other worker has and that stays over restarts: its partitions come back to it at once. Empty: none."""
    metrics_port: int = 0
    raw_tags: bool = True
    """Whether every single tag is kept, or only what was counted from them."""
    compute_threads: int = 2
    waiting_megabytes: int = 64
    """Messages that may wait in memory."""
    insert_tokens: bool = True
    """Off only to see what they are for: without them a crash counts things twice."""


@dataclass(frozen=True, slots=True)
class Objectives:
    """A directory of OpenSLO files (empty: the shipped ones); files of planned exclusions, of what depends on what, of what is
    known by calibration.
    """

    definitions: str = ""
    exclusions: str = ""
    topology: str = ""
    calibrations: str = ""


@dataclass(frozen=True, slots=True)
class Fleet:
    """The simulated fleet of ``up`` and ``simulate``: its file (empty: the demo), whether ``up`` starts it, how many times as
    bright as the file says its sources are, and how much may wait on disk while the broker is away.
    """

    file: str = ""
    simulate: bool = True
    rate: float = 1.0
    waiting_megabytes: int = 1024


@dataclass(frozen=True, slots=True)
class Notify:
    """Who is told of alerts. ``receivers`` are Apprise addresses, one a line (``json://host:port/path``, ``mailtos://…``,
    ``slack://…``): they hold passwords, so they are a secret. ``alertmanager`` is the address of one, ``http://host:9093``.
    ``dead_man`` is asked for every minute while the platform hears anything: whoever stands behind it misses that otherwise.
    """

    receivers: Secret = Secret("")
    alertmanager: str = ""
    dead_man: Secret = Secret("")
    patience: float = 30.0
    """Seconds that a page waits in which what its subject depends on may turn out to be the cause."""


@dataclass(frozen=True, slots=True)
class Log:
    """``level`` is debug, info, warning or error."""

    level: str = "info"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set. ``home`` holds all data of the embedded stack; only environment and flag give it."""

    home: Path
    kafka: Kafka = Kafka()
    store: Store = Store()
    page: Page = Page()
    analysis: Analysis = Analysis()
    worker: Worker = Worker()
    objectives: Objectives = Objectives()
    fleet: Fleet = Fleet()
    notify: Notify = Notify()
    log: Log = Log()


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """The tree, and for each key (``kafka.address``) where its value came from."""

    tree: Settings
    origins: Mapping[str, str]

    @classmethod
    def load(cls, environment: Mapping[str, str], flags: Mapping[str, str] | None = None) -> Self:
        """Read all sources, the later the stronger.

        Args:
            environment: the process's environment.
            flags: key → text, as given on the command line; ``home`` among them.

        Raises:
            Refusal: an unreadable file, an unknown key, or a value that is not what its key holds; says which and where.
        """
        given = dict(flags or {})
        origins: dict[str, str] = {}
        home = _home(environment, given, origins)
        layers: list[_Layer] = []
        file = Path(environment[f"{PREFIX}CONFIG"]) if environment.get(f"{PREFIX}CONFIG") else home / FILE_NAME
        if f"{PREFIX}CONFIG" in environment or file.is_file():
            layers.append(_file_layer(file))
        layers.append(_environment_layer(environment))
        layers.append(_flags_layer(given))
        values: dict[str, dict[str, object]] = {}
        for section, leaf, kind in _leaves():
            key = f"{section}.{leaf.name}"
            origins[key] = "default"
            for layer in layers:
                if key in layer:
                    raw, origin = layer[key]
                    values.setdefault(section, {})[leaf.name] = _parse(kind, raw, key, origin)
                    origins[key] = origin
        known = set(origins)
        for layer in layers:
            for key, (_, origin) in layer.items():
                if key not in known:
                    raise _wrong(f"unknown setting “{key}”", origin, f"remove it, or use one of: {', '.join(sorted(known))}")
        sections = {f.name: typing.get_type_hints(Settings)[f.name] for f in fields(Settings) if f.name != "home"}
        tree = Settings(home=home, **{name: kind(**values.get(name, {})) for name, kind in sections.items()})
        _check(tree, origins)
        return cls(tree, types.MappingProxyType(origins))

    def shown(self) -> Iterator[tuple[str, str, str]]:
        """Key, value as text (secrets hidden), origin."""
        yield "home", str(self.tree.home), self.origins["home"]
        for section, leaf, kind in _leaves():
            key, value = f"{section}.{leaf.name}", getattr(getattr(self.tree, section), leaf.name)
            yield key, picoseconds_text(value) if kind is Picoseconds else str(value), self.origins[key]


def hosts_of(text: str) -> tuple[str, ...]:
    """The names in a list such as ``lab.example.org, *.example.com, [fd00::5]``."""
    return tuple(filter(None, map(str.strip, text.split(","))))


def variable_of(key: str) -> str:
    """The environment variable of a key: ``kafka.address`` → ``PHOTONWATCH_KAFKA_ADDRESS``."""
    return f"{PREFIX}{key.replace('.', '_')}".upper()


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Variables that carry the prefix but mean nothing: most likely misspelt."""
    known = {f"{PREFIX}{name}" for name in OUTSIDE}
    for section, leaf, kind in _leaves():
        name = variable_of(f"{section}.{leaf.name}")
        known |= {name, f"{name}_FILE"} if kind is Secret else {name}
    return sorted(name for name in environment if name.startswith(PREFIX) and name not in known)


_HOST_NAME = re.compile(r"\*|(\*\.)?[\w-]+(\.[\w-]+)*\.?|\[[0-9A-Fa-f:.]+\]")
_Layer = dict[str, tuple[object, str]]


def _leaves() -> Iterator[tuple[str, Field[object], object]]:
    """Section name, field, and the field's type, for every leaf of the tree."""
    for section, kind in typing.get_type_hints(Settings).items():
        if is_dataclass(kind):
            hints = typing.get_type_hints(kind)
            for leaf in fields(kind):
                yield section, leaf, hints[leaf.name]


def _home(environment: Mapping[str, str], flags: dict[str, str], origins: dict[str, str]) -> Path:
    if "home" in flags:
        origins["home"] = "flag home"
        return Path(flags.pop("home")).expanduser().absolute()
    if environment.get(f"{PREFIX}HOME"):
        origins["home"] = f"environment {PREFIX}HOME"
        return Path(environment[f"{PREFIX}HOME"]).expanduser().absolute()
    origins["home"] = "default"
    return Path("~/.photonwatch").expanduser().absolute()


def _file_layer(file: Path) -> _Layer:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise _wrong(f"cannot read the settings: {error.strerror}", str(file), "create it, or unset PHOTONWATCH_CONFIG") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _wrong(f"the settings are no TOML: {error}", str(file), "mend that place") from None
    secrets = {f"{section}.{leaf.name}" for section, leaf, kind in _leaves() if kind is Secret}
    layer: _Layer = {}
    for section, content in document.items():
        if not isinstance(content, dict):
            raise _wrong(
                f"unknown setting “{section}”", str(file), f"settings stand in sections, for example [kafka]; “{section}” is none"
            )
        for name, value in content.items():
            key = f"{section}.{name}"
            if key in secrets:
                raise _wrong(f"“{key}” is a secret", str(file), f"put it into a file of its own and name that in {key}_file")
            if key.removesuffix("_file") in secrets:
                secret = file.parent / Path(str(value)).expanduser()
                layer[key.removesuffix("_file")] = (_secret_text(secret, f"{file} {key}"), f"file {secret} (by {file})")
            else:
                layer[key] = (value, f"file {file}")
    return layer


def _environment_layer(environment: Mapping[str, str]) -> _Layer:
    layer: _Layer = {}
    for section, leaf, kind in _leaves():
        key = f"{section}.{leaf.name}"
        name = variable_of(key)
        if kind is Secret and f"{name}_FILE" in environment:
            file = Path(environment[f"{name}_FILE"]).expanduser()
            layer[key] = (_secret_text(file, f"environment {name}_FILE"), f"file {file} (by environment {name}_FILE)")
        if name in environment:
            layer[key] = (environment[name], f"environment {name}")
    return layer


def _flags_layer(given: Mapping[str, str]) -> _Layer:
    for section, leaf, kind in _leaves():
        key = f"{section}.{leaf.name}"
        if kind is Secret and key in given:
            cure = f"everybody on this machine can read command lines; use {variable_of(key)}_FILE or {key}_file"
            raise _wrong(f"“{key}” is a secret", f"flag {key}", cure)
    return {key: (text, f"flag {key}") for key, text in given.items()}


def _secret_text(file: Path, origin: str) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise _wrong(
            f"cannot read the secret in {file}: {error}", origin, "name a readable file that holds only the secret"
        ) from None


def _parse(kind: object, raw: object, key: str, origin: str) -> object:
    parse = _PARSERS[kind]
    try:
        return parse(raw)
    except (QuantityError, ValueError, TypeError) as error:
        raise _wrong(f"“{raw}” is no value for “{key}”", origin, str(error)) from None


def _text(raw: object) -> str:
    if not isinstance(raw, str):
        raise TypeError("write a text in quotes")
    return raw


def _number(raw: object) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int | str):
        raise TypeError("write a whole number")
    try:
        return int(raw)
    except ValueError:
        raise ValueError("write a whole number") from None


def _real(raw: object) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        raise TypeError("write a number")
    try:
        return float(raw)
    except ValueError:
        raise ValueError("write a number") from None


def _flag(raw: object) -> bool:
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and raw.lower() in {"true", "yes", "on", "1", "false", "no", "off", "0"}:
        return raw.lower() in {"true", "yes", "on", "1"}
    raise ValueError("write true or false")


_PARSERS: Mapping[object, Callable[[object], object]] = {
    str: _text,
    int: _number,
    float: _real,
    bool: _flag,
    Secret: lambda raw: Secret(_text(raw)),
    Picoseconds: lambda raw: picoseconds(_text(raw)),
}


def _check(tree: Settings, origins: Mapping[str, str]) -> None:
    for key, port in (("kafka.port", tree.kafka.port), ("store.port", tree.store.port), ("page.port", tree.page.port)):
        if not 0 <= port <= 65_535:
            raise _wrong(f"“{key}” is {port}", origins[key], "ports go from 0 (choose a free one) to 65535")
    for key, address in (("kafka.address", tree.kafka.address), ("store.address", tree.store.address)):
        for one in filter(None, address.split(",")):
            _endpoint(one.strip(), key, origins[key])
    for name in hosts_of(tree.page.hosts):
        _host_name(name, origins["page.hosts"])
    _check_notify(tree.notify, origins)
    if tree.log.level not in {"debug", "info", "warning", "error"}:
        raise _wrong(f"“log.level” is “{tree.log.level}”", origins["log.level"], "use debug, info, warning or error")
    analysis = tree.analysis
    if analysis.bin_width < 1 or analysis.half_range < analysis.bin_width or analysis.half_range % analysis.bin_width:
        raise _wrong(
            f"“analysis.half_range” ({analysis.half_range} ps) is no multiple of “analysis.bin_width” ({analysis.bin_width} ps)",
            f"{origins['analysis.half_range']}, {origins['analysis.bin_width']}",
            "make it one",
        )


def _endpoint(address: str, key: str, origin: str) -> None:
    host, colon, port = address.rpartition(":")
    if not colon or not host or not port.isdigit():
        raise _wrong(f"“{key}” is “{address}”", origin, "write host:port, for example 127.0.0.1:9092")


def _check_notify(notify: Notify, origins: Mapping[str, str]) -> None:
    if notify.alertmanager and not notify.alertmanager.startswith(("http://", "https://")):
        raise _wrong(
            f"“notify.alertmanager” is “{notify.alertmanager}”",
            origins["notify.alertmanager"],
            "write its address, for example http://127.0.0.1:9093",
        )
    if notify.patience < 0:
        raise _wrong(f"“notify.patience” is {notify.patience:g}", origins["notify.patience"], "write seconds, 0 or more")
    if notify.dead_man.reveal and not notify.dead_man.reveal.startswith(("http://", "https://")):
        raise _wrong("“notify.dead_man” is no address", origins["notify.dead_man"], "write one such as https://host/secret")


def _host_name(name: str, origin: str) -> None:
    if _HOST_NAME.fullmatch(name) is None:
        cure = "write names without scheme and port, for example lab.example.org or *.example.org; or * alone for any"
        raise _wrong(f"“page.hosts” names “{name}”", origin, cure)


def _wrong(what: str, where: str, do: str) -> Refusal:
    return Refusal(ExitCode.SETTINGS, what, where=where, do=do)
