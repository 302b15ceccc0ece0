"""Is 5 % what it says? `python -m tests.calibration [PART…]`: verdicts on real training whose truth is known.

sample, imdb  runs of one setting, dealt out as settings of several seeds: each "better" is wrong
folds         the same, with five folds for the seeds
curves        a setting of steady curves and one of wobbling curves, made equal in worth: each "better" is wrong
power         differences that are there: a width of 8, and a tenth of the training labels wrong
margin        settings a little farther apart than the margin: each "practically the same" is wrong
test          what is better on 10,000 validation reviews, is it so on the 25,000 test reviews?
failures      as curves, with a setting of which some networks learn little: known to break its bound with few seeds

At most 5 % may be wrong; what that gives in 99 of 100 such counts is allowed, and more ends the command with 1. Beside
a count stands what was done before: each run at the best epoch of its own, Welch's test, Holm's correction. All parts
but sample and failures need an imdb.npz in RUNNER_DATA_DIR.
"""

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from runner.runs.reader import Run
from tests.calibration import against_test, differing, equal, unseen
from tests.calibration.pool import trained

EPOCHS = ["training.epochs=6"]
NO_STATES = ["training.keep_state=none"]
EACH_STATE = ["training.keep_state=all", "training.save_seconds=0"]
SAMPLE = ["dataset.source=sample", *EPOCHS, *NO_STATES]
IMDB = ["dataset.source=full", *EPOCHS, *NO_STATES]
FOLDS = ["training.folds=5", "training.validation_from=stratified"]
NOISE = ["plugins=[tests.calibration.label_noise]", "dataset.name=label_noise", *EPOCHS, *NO_STATES]

SETTINGS = {
    "sample": SAMPLE,
    "sample width 8": [*SAMPLE, "model.width=8"],
    "sample folds": [*SAMPLE, *FOLDS],
    "sample wrong 0.1": [*NOISE, "dataset.options.source=sample"],
    "imdb": IMDB,
    "imdb folds": [*IMDB, *FOLDS],
    "imdb wrong 0.1": NOISE,
    "steady": [*IMDB, "optimizer=adam"],
}
GRID = {
    f"width {width} batch {size}": [
        "dataset.source=full",
        *EPOCHS,
        *EACH_STATE,
        f"model.width={width}",
        f"training.batch_size={size}",
    ]
    for size in (512, 2048, 128)
    for width in (4, 8, 16, 32, 64)
}
SEEDS_OF_GRID = 8


@dataclass(frozen=True)
class Campaign:
    """`folder` holds the trained runs, `count` of each setting; `deals` of each kind are judged.

    A part gives the number of its counts that are too high.
    """

    folder: Path
    count: int
    deals: int

    def runs(self, name: str) -> list[Run]:
        return trained(self.folder, {name: SETTINGS[name]}, self.count)[name]

    def grid(self) -> dict[str, list[Run]]:
        return trained(self.folder, GRID, SEEDS_OF_GRID, unseen.answer)


def of_sample(campaign: Campaign) -> int:
    return sum(equal.of_seeds(name, campaign.runs(name), campaign.deals) for name in ("sample", "sample width 8"))


def of_imdb(campaign: Campaign) -> int:
    return sum(equal.of_seeds(name, campaign.runs(name), campaign.deals) for name in ("imdb", "steady"))


def of_folds(campaign: Campaign) -> int:
    return sum(equal.of_folds(name, campaign.runs(name), campaign.deals) for name in ("sample folds", "imdb folds"))


def of_curves(campaign: Campaign) -> int:
    return equal.of_unlike("steady", "imdb", campaign.runs("steady"), campaign.runs("imdb"), campaign.deals)


def of_failures(campaign: Campaign) -> int:
    runs = campaign.runs("sample"), campaign.runs("sample width 8")
    return equal.of_unlike("sample", "sample width 8", *runs, campaign.deals)


def of_power(campaign: Campaign) -> int:
    for worse, better in (("sample width 8", "sample"), ("sample wrong 0.1", "sample"), ("imdb wrong 0.1", "imdb")):
        differing.found(campaign.runs, worse, better, campaign.deals)
    return 0


def of_margin(campaign: Campaign) -> int:
    pairs = [
        ("sample width 8", "sample", 1_000),
        ("sample wrong 0.1", "sample", 1_000),
        ("imdb wrong 0.1", "imdb", 2_000),
        ("imdb", "steady", 2_000),
    ]
    return sum(
        differing.called_same(campaign.runs, worse, better, campaign.deals, examples)
        for worse, better, examples in pairs
    )


def of_test(campaign: Campaign) -> int:
    against_test.report(campaign.grid(), (3, 5, SEEDS_OF_GRID))
    return 0


PARTS: dict[str, Callable[[Campaign], int]] = {
    "sample": of_sample,
    "imdb": of_imdb,
    "folds": of_folds,
    "curves": of_curves,
    "power": of_power,
    "margin": of_margin,
    "test": of_test,
    "failures": of_failures,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.calibration", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", default=[*PARTS][:-1], metavar="PART", help="by default all but failures")
    parser.add_argument("--runs", type=int, default=60, help="of each setting, from 27 on; 8 in the test part")
    parser.add_argument("--deals", type=int, default=200, help="of each kind")
    parser.add_argument("--trained", type=Path, help="a folder that keeps the trained runs; by default none is kept")
    options = parser.parse_args()
    if unknown := [part for part in options.parts if part not in PARTS]:
        parser.error(f"a part is one of {', '.join(PARTS)}; got {', '.join(unknown)}")
    with tempfile.TemporaryDirectory() as folder:
        campaign = Campaign(options.trained or Path(folder), options.runs, options.deals)
        broken = [part for part in options.parts if PARTS[part](campaign)]
    if broken:
        raise SystemExit(f"more are wrong than 5 % allows: {', '.join(broken)}")


if __name__ == "__main__":
    main()
