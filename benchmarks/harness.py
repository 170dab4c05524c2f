"""One benchmark harness: interleaved rounds, medians, ratios.

A case is a function decorated with `@case("pdf.sign.softhsm.100k")` that is given a `Bench` and names its
contestants: `bench.limit(...)` (what physics asks), `bench.ours(...)`, `bench.peer("pyhanko", ...)`. The rounds
go limit, ours, peer, limit, ours, … so that a machine whose speed drifts slows all of them alike. pyperf
gives the clock, the statistics and the machine's metadata. Absolute times are printed for orientation only; what
counts are the ratios: `limit_ratio` is ours / limit, a peer's figure is peer / ours.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pyperf

ROUNDS = 15
MIN_SLICE_S = 0.02  # one sample lasts at least this long, so that the clock's grain does not matter
MAX_CALIBRATION = 1 << 14

Call = Callable[[], object]


@dataclass
class Bench:
    """What a case fills: the contestants, and a stack for what must be closed afterwards."""

    name: str
    rounds: int
    stack: ExitStack
    contestants: dict[str, Call] = field(default_factory=dict)
    starts: dict[str, str] = field(default_factory=dict)
    bases: list[str] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    times: dict[str, float] = field(default_factory=dict)

    def limit(self, call: Call) -> None:
        """The physical limit: the operations that nobody can leave out."""
        self.contestants["limit"] = call

    def ours(self, call: Call) -> None:
        self.contestants["ours"] = call

    def peer(self, name: str, call: Call, *, start: Call | None = None, times: float = 1) -> None:
        """Another program or library. `start`: the same process doing nothing, to be told from its work.

        With `start` there is one more row, `NAME without start`: the peer's time less that of `start`. `times`: how
        much larger our task is than the part of it that the peer is given.
        """
        self.contestants[name] = call
        self.times[name] = times
        if start is not None:
            self.contestants[name + " start"] = start
            self.starts[name] = name + " start"

    def base(self, name: str, call: Call) -> None:
        """A smaller task of our own, to be compared with; the figure is ours / base."""
        self.contestants[name] = call
        self.bases.append(name)

    def note(self, key: str, text: str) -> None:
        """A word that belongs beside the figure, such as what the limit consists of."""
        self.notes[key] = text


@dataclass(frozen=True)
class Result:
    """Medians in milliseconds per call."""

    name: str
    ms: dict[str, float]
    starts: dict[str, str] = field(default_factory=dict)
    base_names: tuple[str, ...] = ()
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def limit_ratio(self) -> float | None:
        return self.ms["ours"] / self.ms["limit"] if "limit" in self.ms else None

    @property
    def peers(self) -> dict[str, float]:
        """How many times longer each peer takes than we do."""
        own = {"ours", "limit", *self.starts.values(), *self.base_names}
        found = {who: t / self.ms["ours"] for who, t in self.ms.items() if who not in own}
        for who, start in self.starts.items():
            found[f"{who} without start"] = (self.ms[who] - self.ms[start]) / self.ms["ours"]
        return found

    @property
    def bases(self) -> dict[str, float]:
        """How many times longer than each smaller task of our own we take."""
        return {who: self.ms["ours"] / self.ms[who] for who in self.base_names}

    def to_json(self) -> dict[str, object]:
        ratio = self.limit_ratio
        found: dict[str, object] = {
            "ms": round(self.ms["ours"], 4),
            "limit_ratio": None if ratio is None else round(ratio, 3),
            "peers": {who: round(r, 2) for who, r in self.peers.items()},
        }
        if self.bases:
            found["bases"] = {who: round(r, 2) for who, r in self.bases.items()}
        if self.notes:
            found["notes"] = self.notes
        return found


CASES: dict[str, Callable[[Bench], None]] = {}


def case(name: str) -> Callable[[Callable[[Bench], None]], Callable[[Bench], None]]:
    """Registers a case under its flat name (`area.operation.key.input`)."""

    def register(function: Callable[[Bench], None]) -> Callable[[Bench], None]:
        if name in CASES:
            raise ValueError(f"the benchmark {name} is registered twice")
        CASES[name] = function
        return function

    return register


def run(name: str, rounds: int = ROUNDS) -> Result:
    """Sets the case up, measures it and takes it down."""
    with ExitStack() as stack:
        bench = Bench(name, rounds, stack)
        CASES[name](bench)
        loops = {who: _calibrate(call) for who, call in bench.contestants.items()}
        samples: dict[str, list[float]] = {who: [] for who in loops}
        for _ in range(rounds):
            for who, call in bench.contestants.items():
                samples[who].append(_time(call, loops[who]))
    medians = {who: _median_ms(name, who, values) * bench.times.get(who, 1) for who, values in samples.items()}
    return Result(name, medians, bench.starts, tuple(bench.bases), bench.notes)


def _time(call: Call, loops: int) -> float:
    """Seconds per call."""
    start = pyperf.perf_counter()
    for _ in range(loops):
        call()
    return float(pyperf.perf_counter() - start) / loops


def _calibrate(call: Call) -> int:
    """How many calls make a sample; also the warm-up."""
    call()
    loops = 1
    while _time(call, loops) * loops < MIN_SLICE_S and loops < MAX_CALIBRATION:
        loops *= 2
    return loops


def _median_ms(name: str, who: str, values: Sequence[float]) -> float:
    runs = [pyperf.Run(values, metadata={"name": f"{name}:{who}", "unit": "second"}, collect_metadata=False)]
    return float(pyperf.Benchmark(runs).median()) * 1000


def table(results: Sequence[Result]) -> str:
    """The results as people read them."""
    width = max((len(r.name) for r in results), default=4)
    lines = [f"{'name':<{width}}  {'ms':>10}  {'× limit':>8}  peers (how many times longer than kyso)"]
    for r in results:
        ratio = "" if r.limit_ratio is None else f"{r.limit_ratio:.2f}"
        peers = "  ".join(f"{who} {value:.1f}×" for who, value in r.peers.items())
        peers += "".join(f"  [{value:.2f} × {who}]" for who, value in r.bases.items())
        lines.append(f"{r.name:<{width}}  {r.ms['ours']:>10.3f}  {ratio:>8}  {peers}")
        lines += [f"{'':<{width}}  {key}: {text}" for key, text in r.notes.items() if key != "limit"]
    return "\n".join(lines)


def write(results: Sequence[Result], path: Path) -> None:
    """Merges the results into the flat map in `path`; written beside and renamed."""
    known = json.loads(path.read_text("utf-8")) if path.exists() else {}
    known.update({r.name: r.to_json() for r in results})
    beside = path.with_suffix(".tmp")
    beside.write_text(json.dumps(dict(sorted(known.items())), indent=2) + "\n", "utf-8")
    beside.replace(path)
