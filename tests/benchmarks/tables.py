"""A table of texts: preparing it once, an epoch of training, and the memory of both, each in a process of its own.

python -m tests.benchmarks.tables [ROWS]                        # 1,000,000 by default, of 20 words each
python -m tests.benchmarks.tables write reviews.csv             # the reviews of imdb.npz as a table of texts
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WORDS, VOCABULARY = 20, 50_000
PREPARE = """
import sys
from runner.config.plan import plan_of
from runner.datasets import catalog

catalog.register_built_in()
data = catalog.load(plan_of(sys.argv[1:]).jobs[0].config.dataset)
print(f"{len(data.train):,} rows, {data.train.features.shape[1]:,} words")
"""


def write_rows(path: Path, rows: int) -> None:
    """Texts of words as common as in a language (Zipf), in four classes that a tenth of the words tell apart."""
    import numpy as np

    random = np.random.default_rng(0)
    with path.open("w") as stream:
        stream.write("text,topic\n")
        for first in range(0, rows, 50_000):
            count = min(50_000, rows - first)
            topics = random.integers(0, 4, count)
            words = (VOCABULARY ** random.random((count, WORDS))).astype(int)
            told = random.random((count, WORDS)) < 0.1
            words[told] = words[told] // 4 * 4 + np.repeat(topics, WORDS).reshape(count, WORDS)[told]
            lines = (
                f"{' '.join(f'w{word}' for word in row)},t{topic}" for row, topic in zip(words, topics, strict=True)
            )
            stream.write("\n".join(lines) + "\n")


def write_reviews(path: Path) -> None:
    """The training and test reviews of the real data, in the order of its rows, as texts: two tables."""
    import numpy as np

    from runner.config.plan import plan_of
    from runner.datasets import catalog, npz
    from runner.datasets.ranked_texts import SHUFFLE_SEED

    catalog.register_built_in()
    data = catalog.load(plan_of(["dataset.source=full", "dataset.num_words=null"]).jobs[0].config.dataset)
    assert data.vocabulary
    raw = npz.read(Path(os.environ["RUNNER_DATA_DIR"]) / "imdb.npz", ("x_train", "y_train", "x_test", "y_test"))
    order = np.random.RandomState(SHUFFLE_SEED)
    for split, file in (("train", path), ("test", path.with_stem(f"{path.stem}-test"))):
        indices = np.arange(len(raw[f"x_{split}"]))
        order.shuffle(indices)
        with file.open("w", encoding="utf-8") as stream:
            stream.write("review,sentiment\n")
            for index in indices:
                words = data.vocabulary.decode(rank + 3 for rank in raw[f"x_{split}"][index])
                stream.write(f'"{" ".join(words)}",{("negative", "positive")[int(raw[f"y_{split}"][index])]}\n')


def measured(what: str, command: list[str]) -> None:
    """Run a command, and print its time and the most memory that it had at once."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    output, _ = process.communicate()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(
        f"{what}: {cpu:.1f} CPU s, {time.perf_counter() - began:.1f} s, at most {after.ru_maxrss / 1024:,.0f} MB so far"
    )
    print("  " + "\n  ".join(output.splitlines()[-9:]))


def main(rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["RUNNER_CACHE_DIR"] = f"{folder}/cache"
        path = Path(folder) / "t.csv"
        write_rows(path, rows)
        print(f"{rows:,} rows, {path.stat().st_size >> 20} MB")
        words = ["dataset=csv", f"dataset.path={path}", "dataset.text=text", "dataset.target=topic"]
        measured("prepared", [sys.executable, "-c", PREPARE, *words])
        for encoding in ("multi_hot", "tf_idf"):
            run = [*words, f"dataset.encoding={encoding}", "training.epochs=1", f"hydra.run.dir={folder}/{encoding}"]
            measured(f"one epoch, {encoding}", [sys.executable, "-m", "runner", *run])
            print("  " + (Path(folder) / encoding / "timings.csv").read_text().replace("\n", "  "))


if __name__ == "__main__":
    if sys.argv[1:2] == ["write"]:
        write_reviews(Path(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else 1_000_000)
