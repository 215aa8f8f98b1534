"""``photonwatch correlate``: what scripts rely on, held against every pair counted by hand, and the real recordings."""

from pathlib import Path

import numpy as np
import pytest

from console import cli
from console.refusal import ExitCode
from tests.console.command_line import Said, run

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "hbt-raw-tags"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two recordings of about 3,000 tags in 3 ms on channels 0, 1, 5, with bursts and equal times."""
    folder = tmp_path_factory.mktemp("correlate")
    paths = []
    for seed in (1, 2):
        generator = np.random.default_rng(seed)
        time_ps = np.sort(np.concatenate([generator.integers(0, 3 * 10**9, 2_000), generator.integers(0, 3, 1_000)]))
        channel = generator.choice([0, 1, 1, 5], time_ps.size).astype(np.uint8)
        paths.append(folder / f"{seed}.npz")
        np.savez(paths[-1], time_ps=time_ps, channel=channel)
    return paths


@pytest.fixture
def correlate(capsys: pytest.CaptureFixture[str]):
    """The command, run inside of this process."""

    def call(*arguments: str) -> Said:
        code = cli.run(["correlate", *arguments])
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return call


def by_hand(path: Path, start: int, stop: int, edges, delays=None) -> np.ndarray:
    """Every start against every stop."""
    with np.load(path) as arrays:
        time_ps, channel = arrays["time_ps"], arrays["channel"]
    for number, delay_ps in (delays or {}).items():
        time_ps = time_ps + np.where(channel == number, delay_ps, 0)
    tau = time_ps[channel == stop][:, None] - time_ps[channel == start][None, :]
    if start == stop:
        tau = tau[np.tril_indices(len(tau), -1)]
    counts = np.zeros(len(edges) - 1, np.int64)
    inside = tau[(tau >= edges[0]) & (tau < edges[-1])]
    np.add.at(counts, np.searchsorted(edges, inside, side="right") - 1, 1)
    return counts


def test_one_file(correlate, files: list[Path], tmp_path: Path) -> None:
    arrays, picture = tmp_path / "c.npz", tmp_path / "c.svg"
    said = correlate(str(files[0]), "--channels", "1,0", "--json", "--out", str(arrays), "--plot", str(picture))
    assert said.code == 0, said.err
    found, edges = said.document, np.arange(-100_000, 100_001, 100)
    assert found["tau_ps"] == edges[:-1].tolist()
    assert found["counts"] == by_hand(files[0], 1, 0, edges).tolist()
    assert found["pairs"] == sum(found["counts"]) > 100_000
    assert found["tags"] == sum(found["singles"].values()) == 3_000
    assert set(found["singles"]) == {"0", "1", "5"}
    assert found["duration_s"] == pytest.approx(3e-3, rel=0.01)
    with np.load(arrays) as kept:
        assert kept["counts"].tolist() == found["counts"]
        assert kept["edges_ps"].tolist() == edges.tolist()
        assert kept["counts"].dtype == np.uint64
    assert "1.npz: channels 1 → 0" in picture.read_text(encoding="utf-8")


def test_files_add_up_with_delays(correlate, files: list[Path], tmp_path: Path) -> None:
    options = "--channels", "0,1", "--delay", "1=-250", "--delay", "0=0.5ns", "--bin", "50ps", "--window", "±2ns"
    said = correlate(*map(str, files), *options, "--json")
    assert said.code == 0, said.err
    edges, delays = np.arange(-2_000, 2_001, 50), {1: -250, 0: 500}
    assert said.document["counts"] == sum(by_hand(file, 0, 1, edges, delays) for file in files).tolist()
    assert said.document["tags"] == 6_000
    assert said.document["delays_ps"] == {"0": 500, "1": -250}


@pytest.mark.parametrize("channels", ["5,0", "1,1"])
def test_log_bins_and_a_channel_with_itself(correlate, files: list[Path], tmp_path: Path, channels: str) -> None:
    options = "--channels", channels, "--log", "--bin", "1us", "--window", "2ms"
    said = correlate(str(files[1]), *options, "--json")
    assert said.code == 0, said.err
    found = said.document
    edges = np.array([*found["tau_ps"], found["window_ps"]])
    assert (np.diff(edges)[len(edges) // 2 :][[0, 15, 16, 24]] == np.array([1, 1, 2, 4]) * 10**6).all()
    assert found["counts"] == by_hand(files[1], *map(int, channels.split(",")), edges).tolist()
    if channels == "1,1":
        assert found["g2"][0] is None


def test_people_get_words_and_a_picture(files: list[Path], tmp_path: Path) -> None:
    said = run(tmp_path, "correlate", str(files[0]))
    assert said.code == 0, said.err
    assert "1.npz: channels 0 → 1" in said.out
    assert "the two brightest of 3 detectors" in said.out
    assert "channel 5" in said.out
    assert "delay in ns" in said.out
    assert "\x1b" not in said.out


def test_the_only_detector_is_correlated_with_itself(correlate, tmp_path: Path) -> None:
    np.savez(tmp_path / "one.npz", time_ps=np.array([5, 6, 106]), channel=np.array([3, 3, 3], np.uint8))
    found = correlate(str(tmp_path / "one.npz"), "--bin", "100ps", "--window", "200ps", "--json").document
    assert (found["channels"], found["counts"], found["pairs"]) == ([3, 3], [0, 0, 1, 2], 3)
    said = correlate(str(tmp_path / "one.npz"), "--coincidences", "all")
    assert said.code == ExitCode.BAD_INPUT
    assert "fewer than two detectors" in said.err


def test_a_million_equal_times_in_a_file(correlate, tmp_path: Path) -> None:
    channel = (np.arange(10**6) % 2).astype(np.uint8)
    np.savez(tmp_path / "burst.npz", time_ps=np.full(10**6, 77), channel=channel)
    found = correlate(str(tmp_path / "burst.npz"), "--json").document
    assert found["pairs"] == found["counts"][1_000] == 500_000**2


@pytest.mark.parametrize(
    ("options", "code", "what"),
    [
        (("--channels", "0,9"), ExitCode.BAD_INPUT, "channel 9 holds no tags"),
        (("--channels", "0"), ExitCode.USAGE, "does not name 2 channels"),
        (("--delay", "7=5"), ExitCode.BAD_INPUT, "channel 7 holds no tags"),
        (("--gaps", "0", "--start-stop", "0,1"), ExitCode.USAGE, "two things at once"),
        (("--accidentals", "1us"), ExitCode.USAGE, "--accidentals says nothing of channels"),
        (("--coincidences", "0,1", "--log"), ExitCode.USAGE, "--log says nothing of coincidences"),
        (("--coincidences", "0,0"), ExitCode.USAGE, "2 to 8 different channels"),
        (("--coincidences", "0,1", "--plot", "c.png"), ExitCode.USAGE, "numbers without a picture"),
        (("--start-stop", "5,5"), ExitCode.USAGE, "different channels"),
        (("--gates", "0,0"), ExitCode.USAGE, "needs a herald and one to 7 others"),
        (("--gates", "0,1", "--bin", "1ns"), ExitCode.USAGE, "--bin says nothing of gates"),
        (("--gates", "0,9"), ExitCode.BAD_INPUT, "channel 9 holds no tags"),
        (("--gates", "0,1", "--plot", "c.png"), ExitCode.USAGE, "numbers without a picture"),
        (("--gates", "0,1", "--window", "100s"), ExitCode.USAGE, "it must end behind its beginning"),
        (("--scatter", "0", "--gates", "0,1"), ExitCode.USAGE, "two things at once"),
        (("--scatter", "0", "--bin", "1us", "--window", "1s"), ExitCode.USAGE, "choose --bin and --window so"),
        (("--scatter", "0", "--bin", "1ns", "--window", "1us"), ExitCode.USAGE, "they must be 100000"),
        (("--scatter", "0", "--delay", "1=5"), ExitCode.USAGE, "--delay says nothing of scatter"),
        (("--gaps", "9"), ExitCode.BAD_INPUT, "channel 9 holds no tags"),
        (("--delay", "1=5", "--delay", "1=6"), ExitCode.USAGE, "two delays of channel 1"),
        (("--delay", "1:5"), ExitCode.USAGE, "no delay of a channel"),
        (("--delay", "1=1h"), ExitCode.USAGE, "at most"),
        (("--bin", "3ns"), ExitCode.USAGE, "no multiple of a bin"),
        (("--bin", "1ps", "--window", "1s"), ExitCode.USAGE, "widen them or narrow the range"),
        (("--log", "--bin", "1us"), ExitCode.USAGE, "must be at least 1 ps and fit"),
        (("--out", "counts.csv"), ExitCode.USAGE, "end its name in .npz"),
        (("--out", "/nowhere/counts.npz"), ExitCode.BAD_INPUT, "cannot be written"),
        (("--plot", "counts.pdf"), ExitCode.USAGE, ".png or .svg"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(
    correlate, files: list[Path], options: tuple[str, ...], code: ExitCode, what: str
) -> None:
    said = correlate(str(files[0]), *options)
    assert said.code == code
    assert what in said.err
    assert said.err.count("\n") == 1
    assert not said.out


def test_coincidences_with_accidentals(correlate, files: list[Path], tmp_path: Path) -> None:
    wanted = "--coincidences", "all", "--coincidences", "0,5,1", "--window", "10ns", "--accidentals", "1us"
    said = correlate(str(files[0]), *wanted, "--json", "--out", str(tmp_path / "c.npz"))
    assert said.code == 0, said.err
    rows = {tuple(row["channels"]): row for row in said.document["coincidences"]}
    assert set(rows) == {(0, 1), (0, 5), (1, 5), (0, 1, 5)}
    edges = np.array([-5_000, 5_000])
    for pair in ((0, 1), (0, 5), (1, 5)):
        assert rows[pair]["count"] == by_hand(files[0], *pair, edges)[0]
        assert 0 <= rows[pair]["accidentals"] < rows[pair]["count"]
    with np.load(tmp_path / "c.npz") as kept:
        assert kept["channels"].tolist()[-1] == [0, 1, 5]
        assert kept["counts"].tolist() == [row["count"] for row in said.document["coincidences"]]
        assert kept["matrix"].tolist() == said.document["matrix"]["counts"]
    singles = [said.document["singles"][channel] for channel in ("0", "1", "5")]
    matrix = np.array(said.document["matrix"]["counts"])
    assert (matrix == matrix.T).all()
    assert matrix.diagonal().tolist() == singles
    assert matrix[1, 2] == rows[1, 5]["count"]
    expected = singles[0] * singles[1] * 10e-9 / said.document["live_s"]
    assert rows[0, 1]["accidentals_expected"] == pytest.approx(expected)
    assert "accidental:" in correlate(str(files[0]), *wanted).out


def test_stops_after_starts_and_gaps(correlate, files: list[Path], tmp_path: Path) -> None:
    with np.load(files[0]) as arrays:
        time_ps, channel = arrays["time_ps"], arrays["channel"]
    said = correlate(str(files[0]), "--start-stop", "0,1", "--window", "5us", "--bin", "50ns", "--json")
    assert said.code == 0, said.err
    starts, stops = time_ps[channel == 0], time_ps[channel == 1]
    latest = np.searchsorted(starts, stops, side="right") - 1
    tau = (stops - starts[latest])[latest >= 0]
    counts = said.document["counts"]["1"]
    assert counts == np.histogram(tau[tau < 5_000_000], np.arange(0, 5_000_001, 50_000))[0].tolist()
    assert sum(counts) + said.document["beyond"]["1"] == stops.size
    pictures = tmp_path / "gaps.svg"
    said = correlate(*map(str, files), "--gaps", "0,5", "--json", "--plot", str(pictures))
    assert said.code == 0, said.err
    assert sum(said.document["counts"]["0"]) == sum(np.count_nonzero(np.load(file)["channel"] == 0) - 1 for file in files)
    assert (np.diff([*said.document["gap_ps"], said.document["end_ps"]]) > 0).all()
    assert "gaps of channel 0" in pictures.read_text(encoding="utf-8")
    assert "gaps of channel 5" in (tmp_path / "gaps-2.svg").read_text(encoding="utf-8")
    assert "none below" in correlate(str(files[0]), "--gaps", "0", "--bin", "1us", "--window", "1ms").out


def test_gates_about_a_herald(correlate, files: list[Path], tmp_path: Path) -> None:
    """Against every gate looked at by hand: [-50, 50) ns about each tag of 5, the other channels moved."""
    wanted = "--gates", "5,0,1", "--window", "100ns", "--delay", "0=20000", "--delay", "1=-3ns"
    said = correlate(*map(str, files), *wanted, "--json", "--out", str(tmp_path / "g.npz"))
    assert said.code == 0, said.err
    heralds, clicked = 0, []
    for file in files:
        with np.load(file) as arrays:
            time_ps, channel = arrays["time_ps"], arrays["channel"]
        ends = 20_000, int(time_ps[-1]) + 1 - 3_000  # live is where every channel could be seen
        time_ps = time_ps + np.choose(np.minimum(channel, 2), [20_000, -3_000, 0])
        for herald in time_ps[channel == 5]:
            if herald - 50_000 >= ends[0] and herald + 50_000 <= ends[1]:
                heralds += 1
                inside = (time_ps >= herald - 50_000) & (time_ps < herald + 50_000)
                clicked.append(frozenset({0, 1} & set(channel[inside].tolist())))
    found = said.document
    assert found["heralds"] == heralds > 50
    for row in found["clicked"]:
        assert row["gates"] == sum(row["channel"] in one for one in clicked)
        assert row["lower"] < row["probability"] < row["upper"]
    assert {frozenset(row["channels"]): row["gates"] for row in found["patterns"]} == {one: clicked.count(one) for one in clicked}
    both = clicked.count(frozenset({0, 1}))
    singles = [row["gates"] for row in found["clicked"]]
    assert found["g2"][0]["value"] == pytest.approx(heralds * both / (singles[0] * singles[1]))
    with np.load(tmp_path / "g.npz") as kept:
        assert kept["pattern_gates"].sum() == kept["heralds"] == heralds
    assert "heralded g²" in correlate(str(files[0]), *wanted).out


def test_a_file_that_lost_time(correlate, tmp_path: Path) -> None:
    """10 µs of every 50 µs were lost: what is counted in live time stops at each, and rates are over what was live."""
    generator = np.random.default_rng(9)
    time_ps = np.unique(generator.integers(0, 2 * 10**9, 20_000))
    starts = np.arange(20_000_000, 2 * 10**9, 50_000_000)
    lost_ps = np.stack((starts, starts + 10_000_000), axis=1)
    channel = generator.choice([0, 1], time_ps.size).astype(np.uint8)
    np.savez(tmp_path / "holes.npz", time_ps=time_ps, channel=channel, lost_ps=lost_ps)
    file, live_s = str(tmp_path / "holes.npz"), (int(time_ps[-1]) + 1 - 10_000_000 * starts.size) / 1e12
    stretch = np.searchsorted(lost_ps.reshape(-1), time_ps, side="right")  # odd: inside of a loss
    live = {number: [time_ps[(channel == number) & (stretch == k)] for k in range(0, stretch.max() + 1, 2)] for number in (0, 1)}
    said = correlate(file, "--coincidences", "0,1", "--window", "200ns", "--json")
    assert said.code == 0, said.err
    expected = sum(
        int((np.searchsorted(b, a + 100_000) - np.searchsorted(b, a - 100_000)).sum())
        for a, b in zip(*live.values(), strict=True)
    )
    found = said.document["coincidences"][0]
    assert (said.document["lost_s"], said.document["live_s"]) == (pytest.approx(starts.size * 1e-5), pytest.approx(live_s))
    assert (found["count"], found["rate_hz"]) == (expected, pytest.approx(expected / live_s))
    said = correlate(file, "--gaps", "0", "--json")
    assert sum(said.document["counts"]["0"]) == sum(one.size - 1 for one in live[0] if one.size)
    assert said.document["live_s"] == pytest.approx(live_s)
    said = correlate(file, "--start-stop", "0,1", "--window", "1ms", "--bin", "1us", "--json")
    before = sum(int(np.searchsorted(b, a[0])) for a, b in zip(*live.values(), strict=True))
    assert said.document["beyond"]["1"] == before  # of each live stretch the stops before its first start
    said = correlate(file, "--gates", "0,1", "--window", "200ns", "--json")
    edges = [0, *lost_ps.reshape(-1).tolist(), int(time_ps[-1]) + 1]
    whole = sum(
        int(((a - 100_000 >= begin) & (a + 100_000 <= end)).sum())
        for a, begin, end in zip(live[0], edges[::2], edges[1::2], strict=True)
    )
    assert said.document["heralds"] == whole
    said = correlate(file, "--json")
    assert said.document["pairs"] == by_hand(tmp_path / "holes.npz", 0, 1, np.array([-100_000, 100_000]))[0]
    assert said.document["lost_s"] == pytest.approx(starts.size * 1e-5)
    assert "0.0004 s lost" in correlate(file).out
    kept = stretch % 2 == 0
    np.savez(tmp_path / "dark.npz", time_ps=time_ps[kept], channel=channel[kept], lost_ps=lost_ps)
    said = correlate(str(tmp_path / "dark.npz"), "--bin", "10ns", "--window", "100ns", "--json")
    assert said.document["live_s"] == pytest.approx(live_s)
    assert np.mean(said.document["g2"]) == pytest.approx(1, abs=5 / said.document["pairs"] ** 0.5)


def test_scatter_of_counts(correlate, tmp_path: Path) -> None:
    """Steady light has Q = 0 and a deviation of shot noise; light that is on and off has more."""
    generator = np.random.default_rng(6)
    steady = np.sort(generator.integers(0, 10**12, 200_000))
    switched = steady[steady // (5 * 10**8) % 2 == 0]
    time_ps = np.concatenate((steady, switched))
    order = np.argsort(time_ps, kind="stable")
    channel = np.repeat(np.array([3, 4], np.uint8), (steady.size, switched.size))[order]
    np.savez(tmp_path / "light.npz", time_ps=time_ps[order], channel=channel)
    wanted = "--scatter", "4,3", "--bin", "100us", "--window", "2ms"
    said = correlate(str(tmp_path / "light.npz"), *wanted, "--json", "--out", str(tmp_path / "s.npz"))
    assert said.code == 0, said.err
    rows = said.document["scatter"]
    assert [(row["channel"], row["width_ps"]) for row in rows] == [
        (number, width * 10**8) for number in (3, 4) for width in (1, 2, 4, 8, 16)
    ]
    for row in rows[:5]:
        q, deviation = row["mandel_q"], row["allan_deviation"]
        assert abs(q["value"]) < 0.2
        assert deviation["value"] == pytest.approx(deviation["parameters"]["shot_noise_hz"], rel=0.2)
    assert all(row["mandel_q"]["lower"] > 1 for row in rows[5:])
    assert rows[7]["allan_deviation"]["lower"] > rows[7]["allan_deviation"]["parameters"]["shot_noise_hz"]
    with np.load(tmp_path / "s.npz") as kept:
        assert kept["mandel_q"].tolist() == [row["mandel_q"]["value"] for row in rows]
    twice = correlate(str(tmp_path / "light.npz"), str(tmp_path / "light.npz"), *wanted, "--json").document["scatter"]
    assert [row["mandel_q"]["counts"]["tags"] for row in twice] == [2 * row["mandel_q"]["counts"]["tags"] for row in rows]
    said = correlate(str(tmp_path / "light.npz"), "--scatter", "3")
    assert "Allan deviation" in said.out
    assert "at least 100 are needed" in said.out


@pytest.mark.skipif(not DATA.is_dir(), reason=f"the real measurements are not at {DATA}")
@pytest.mark.parametrize(
    ("name", "channels", "singles", "period_ps", "zero_ps", "central", "side", "each_side"),
    [
        ("200204_HH400_T2_320MHz_HBT.timeres", "0,1", (159_298, 224_721), 3_128.13, 23_940, 2, 505.4, 31),
        ("200213_HH400_T3_80MHz_HBT.timeres", "0,1", (160_953, 235_373), 12_495.5, 23_940, 1, 375.6, 10),
        ("19_qutag_80MHz_HBT_sync_filtered.qutag", "1,2", (79_314, 94_287), 12_500.0, -1_250, 0, 44.7, 10),
    ],
)
def test_the_real_recordings(correlate, name, channels, singles, period_ps, zero_ps, central, side, each_side) -> None:
    """Central peak and mean side peak, each one period wide, as the measurements' README has them."""
    said = correlate(str(DATA / name), "--channels", channels, "--window", "200ns", "--bin", "10ps", "--json")
    assert said.code == 0, said.err
    found = said.document
    assert tuple(found["singles"][channel] for channel in channels.split(",")) == singles
    tau, counts = np.array(found["tau_ps"]) + 5, np.array(found["counts"])
    peak = np.floor((tau - zero_ps) / period_ps + 0.5).astype(int)
    assert counts[peak == 0].sum() == central
    sides = [counts[peak == k].sum() for k in range(-each_side, each_side + 1) if k]
    assert np.mean(sides) == pytest.approx(side, rel=0.03)
