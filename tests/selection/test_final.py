"""The final model: trained on all but the test set, tested once, whatever happens in between."""

import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from sklearn import metrics as oracle

import runner as runner_api
from runner.cli import compare, final, resume, train
from runner.cli import test as tested
from runner.config.plan import plan_of
from runner.datasets import catalog
from runner.runs import test_ledger
from tests.conftest import Command, metrics_of, record_of
from tests.processes import started, wait_until

pytestmark = pytest.mark.slow

SAMPLE = ["dataset.source=sample", "dataset.num_words=300", "model.depth=1"]
SWEEP = ["-m", *SAMPLE, "model.width=2,8", "seed=3,4", "training.epochs=3", "hydra.sweep.dir=s"]
LEDGER = Path("outputs/test-ledger.jsonl")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep, the final model of it, and one of two networks with that of all epochs beside it."""
    folder = tmp_path_factory.mktemp("final")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert train.main(SWEEP) == 0
        assert final.main(["s", "--to", "one", "--select", "model.width=8"]) == 0
        two = ["--seeds", "2", "--against-last", "--updates"]  # of at most 2 epochs, whichever was chosen
        assert final.main(["s", "--to", "two", "--select", "model.width=8", *two]) == 0
    return folder


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


@pytest.fixture(scope="module")
def rows() -> tuple[np.ndarray, np.ndarray]:
    """The test reviews as Keras takes them."""
    test = catalog.load(plan_of(SAMPLE).jobs[0].config.dataset).test
    return test.features.toarray().astype(np.float32), test.labels


def test_it_is_the_run_of_the_chosen_epochs_on_all_but_the_test_set(place: Path, runner: Command) -> None:
    choice, record = read(place / "one" / "choice.json"), record_of(place / "one")
    epochs = choice["epochs"]
    assert runner(*SAMPLE, "model.width=8", "seed=3", f"training.epochs={epochs}", "training.validation_split=0",
                  "hydra.run.dir=same", "reuse=false").returncode == 0  # fmt: skip
    assert metrics_of(Path("same")) == metrics_of(place / "one")
    assert record["dataset"]["train"] == 4000
    assert record["dataset"]["validation"] == 0
    assert (choice["setting"], choice["seeds"]) == ({"model.width": 8}, [3])


def test_what_the_test_says_is_what_keras_and_scikit_learn_say(
    place: Path, rows: tuple[np.ndarray, np.ndarray]
) -> None:
    features, labels = rows
    network = keras.models.load_model(place / "one" / "model.keras")
    loss, accuracy = network.evaluate(features, labels, verbose=0)
    outputs = network.predict(features, verbose=0)
    said = (outputs[:, 0] > 0.5).astype(int)
    found = read(place / "one" / "test.json")
    assert (found["examples"], found["looked_at_before"]) == (2000, 0)
    assert (found["loss"], found["accuracy"]) == pytest.approx((loss, accuracy), rel=1e-5)
    assert found["accuracy_standard_error"] == pytest.approx(np.std(said == labels) / np.sqrt(2000))
    assert found["confusion"] == oracle.confusion_matrix(labels, said).tolist()
    assert found["precision"] == pytest.approx(oracle.precision_score(labels, said, average=None))
    assert found["recall"] == pytest.approx(oracle.recall_score(labels, said, average=None))
    with np.load(place / "one" / "predictions.npz") as kept:
        assert (kept["labels"] == labels).all()
        assert (kept["examples"] == np.arange(2000)).all()
        assert kept["last"] == pytest.approx(outputs, abs=1e-3)
    assert (place / "one" / "confusion.png").read_bytes().startswith(b"\x89PNG")


def test_several_networks_answer_with_their_mean(place: Path, rows: tuple[np.ndarray, np.ndarray]) -> None:
    features, labels = rows
    members = [keras.models.load_model(place / "two" / f"seed={seed}" / "model.keras") for seed in (3, 4)]
    mean = np.mean([each.predict(features, verbose=0) for each in members], axis=0)
    whole = keras.models.load_model(place / "two" / "model.keras")
    assert whole.predict(features, verbose=0) == pytest.approx(mean, abs=1e-6)
    found = read(place / "two" / "test.json")
    assert found["accuracy"] == pytest.approx(np.mean((mean[:, 0] > 0.5) == labels))
    alone = [each.evaluate(features, labels, verbose=0)[1] for each in members]
    assert found["accuracy_of_each"] == pytest.approx(alone)
    assert record_of(place / "two")["seeds"] == [3, 4]
    assert record_of(place / "two")["parameter_count"] == whole.count_params()
    assert not (place / "two" / "seed=3" / "test.json").exists()


def test_each_network_has_the_words_that_train_it(place: Path) -> None:
    """They are those of the run that was chosen, with what is another value now."""
    one, two = (str(read(place / name / "choice.json")["epochs"]) for name in ("one", "two"))
    for name, changes in {
        "one": {"seed": "3", "training.epochs": one, "training.evaluate_test": "true"},
        "two/seed=4": {"seed": "4", "training.epochs": two},
        "two/last": {"seed": "3", "training.epochs": "3", "training.evaluate_test": "true"},
    }.items():
        record = record_of(place / name)
        wanted = {"training.validation_split": "0", **changes}
        words = dict(word.split("=") for word in record["overrides"])
        assert len(words) == len(record["overrides"])
        assert wanted.items() <= words.items()
        now = plan_of(record["overrides"]).jobs[0].config
        assert (now.seed, now.training.epochs, now.training.evaluate_test) == (
            record["seed"],
            record["epochs"],
            record["config"]["training"]["evaluate_test"],
        )


def test_an_ensemble_killed_after_its_test_is_completed(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the end of the look and that of the run."""
    monkeypatch.chdir(place)
    ledger, record = LEDGER.read_bytes(), record_of(Path("two"))
    Path("two/run.json").write_text(json.dumps(record | {"status": "running"}))
    assert resume.main(["two"]) == 0
    assert record_of(Path("two")) == record
    assert LEDGER.read_bytes() == ledger


def test_each_look_at_the_test_set_is_counted_and_told(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """That of the final model, that of the two networks with each of them, and that of all epochs."""
    monkeypatch.chdir(place)
    looks = test_ledger.read(LEDGER)
    assert [(each.run, each.examples) for each in looks] == [("one", 2000), ("two", 2000), ("two/last", 2000)]
    assert [read(Path(each.run, "test.json"))["looked_at_before"] for each in looks] == [0, 1, 2]
    assert compare.main(["s"]) == 0
    told = "the test set of imdb (sample) was opened 3 times (outputs/test-ledger.jsonl)"
    assert told in capsys.readouterr().out
    assert compare.main(["s", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tables"][0]["test_set_opened"] == 3


def test_the_last_lines_say_what_validation_and_test_said(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where the folder is resumed that needs nothing more: then the test set stays closed."""
    monkeypatch.chdir(place)
    ledger = LEDGER.read_bytes()
    choice, test, last = (read(Path("two", name)) for name in ("choice.json", "test.json", "last/test.json"))
    assert resume.main(["two"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"validation said {choice['value']:.4f}, ")
    assert lines[0].endswith(f"; the test says {test['accuracy']:.4f} ± {test['accuracy_standard_error']:.4f}")
    alone = test["accuracy_of_each"]
    said = f"the test says of the 2 networks alone {alone[0]:.4f}, {alone[1]:.4f}: their mean {np.mean(alone):.4f} is "
    assert lines[1].startswith(said)
    assert lines[2].startswith(f"the network of all 3 epochs would have had {last['accuracy']:.4f} ± ")
    assert lines[-2:] == ["folder:     two", "predict:    python -m runner predict two TEXT"]
    assert LEDGER.read_bytes() == ledger


def test_a_final_model_is_no_candidate_for_the_next(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(place)
    assert compare.main([".", "--json"]) == 0
    runs = [run for table in json.loads(capsys.readouterr().out)["tables"] for each in table["settings"]
            for run in each["runs"]]  # fmt: skip
    assert {Path(run).parts[0] for run in runs} == {"s"}
    assert compare.main(["one", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tables"][0]["settings"][0]["runs"] == ["one"]


def test_keeping_the_updates_takes_the_nearest_number_of_epochs(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An epoch has 5 updates of 2,400 reviews, and 8 of 4,000."""
    monkeypatch.chdir(place)
    assert final.main(["s", "--to", "kept", "--updates", "--select", "model.width=8"]) == 0
    choice = read(Path("kept/choice.json"))
    assert choice["epochs"] == max(1, round(choice["chosen_epochs"] * 5 / 8))
    assert f"nearest to the {choice['chosen_epochs'] * 5} updates of the choice" in capsys.readouterr().out


def test_what_failed_between_ledger_and_result_goes_on_with_the_same_opening(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(place)
    before = len(test_ledger.read(LEDGER))
    Path("cut/confusion.png").mkdir(parents=True)  # which is written after the opening
    assert final.main(["s", "--to", "cut", "--select", "model.width=8"]) == 1
    assert "resume:     python -m runner resume cut" in capsys.readouterr().out
    assert not Path("cut/test.json").exists()
    Path("cut/confusion.png").rmdir()
    assert resume.main(["cut"]) == 0
    assert len(test_ledger.read(LEDGER)) == before + 1
    same = read(Path("one/test.json")) | {"looked_at_before": before}
    assert read(Path("cut/test.json")) == same


def test_a_killed_final_model_ends_like_one_never_stopped(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And its test set is opened once."""
    ledger = place / LEDGER
    before = len(test_ledger.read(ledger))
    words = ["final", "s", "--to", "killed", "--select", "model.width=8"]
    with started(place, *words) as process:
        wait_until(lambda: (place / "killed" / "run.json").exists(), "it does not begin")
        os.killpg(process.pid, signal.SIGKILL)
    monkeypatch.chdir(place)
    assert resume.main(["killed"]) == 0
    assert metrics_of(place / "killed") == metrics_of(place / "one")
    assert read(place / "killed/test.json") == read(place / "one/test.json") | {"looked_at_before": before}
    assert len(test_ledger.read(ledger)) == before + 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["s", "--to", "one"], "--to must not hold runs already; got one: give another folder"),
        (["s", "--to", "s"], "--to must not hold runs already; got s"),
        (["s", "--to", "."], "--to must not hold runs already; got ."),
        (["nowhere"], "nowhere does not exist: train one with python -m runner"),
        (["s", "nowhere"], "nowhere does not exist: train one with python -m runner"),
        (
            ["s", "training.epochs=1"],
            "training.epochs=1 is no folder: compare chooses by settings with --filter, final",
        ),
        (
            ["s", "--seeds", "0"],
            "argument --seeds: must be a whole number of at least 1; got 0: python -m runner final",
        ),
        (["s", "--select", "model.widht=8"], "--select model.widht=8: no setting has the key model.widht"),
        (["one"], "final chooses by validation; got imdb (sample): 4,000 to train on, 0 for validation"),
    ],
)
def test_what_cannot_be_done_is_refused_and_nothing_is_written(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    monkeypatch.chdir(place)
    before = sorted(place.rglob("*"))
    assert final.main(words) == 2
    assert capsys.readouterr().err.startswith(told)
    assert sorted(place.rglob("*")) == before


def test_other_data_than_was_compared_is_refused(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    record = record_of(place / "s" / "0_model.width=2,seed=3")
    monkeypatch.chdir(tmp_path)
    from tests.records import write_run

    data = record["dataset"] | {"fingerprint": "0" * 64}
    write_run(tmp_path / "s" / "a", data=data, config=record["config"])
    assert final.main(["s"]) == 2
    assert "dataset: the data has changed since the runs were compared" in capsys.readouterr().err
    assert not Path("outputs").exists()


def test_a_recorded_run_is_tested_as_it_stands_and_the_same_network_once(
    place: Path,
    rows: tuple[np.ndarray, np.ndarray],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """After the last epoch, or the best one, side by side; nothing has tested it before."""
    monkeypatch.chdir(place)
    folder = Path("s/1_model.width=2,seed=4")
    kept, looks = (folder / "predictions.npz").read_bytes(), len(test_ledger.read(LEDGER))
    assert not (folder / "test.json").exists()
    for number, words in enumerate([["--best"], [], ["--best"], []], 1):
        assert tested.main([str(folder), *words]) == 0
        found = read(folder / ("test-best.json" if words else "test.json"))
        network = keras.models.load_model(folder / found["network"])
        loss, accuracy = network.evaluate(*rows, verbose=0)
        assert (found["loss"], found["accuracy"]) == pytest.approx((loss, accuracy), rel=1e-5)
        assert f"test: accuracy {accuracy:.4f} ± " in capsys.readouterr().out
        assert len(test_ledger.read(LEDGER)) == looks + min(number, 2)
    assert (folder / "predictions.npz").read_bytes() == kept
    assert read(folder / "test.json")["network"] == "model.keras"
    assert (folder / "confusion-best.png").exists()
    assert record_of(folder)["status"] == "completed"
    assert tested.main(["nowhere"]) == 2


def test_a_look_at_the_best_network_leaves_what_the_test_said_of_the_final_one(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    kept = {name: Path("one", name).read_bytes() for name in ("test.json", "confusion.png", "predictions.npz")}
    assert tested.main(["one", "--best"]) == 0
    assert {name: Path("one", name).read_bytes() for name in kept} == kept


def test_an_opening_that_was_begun_on_other_data_is_not_gone_on_with(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where `resume --anyway` has changed the data in between."""
    monkeypatch.chdir(place)
    folder = Path("s/0_model.width=2,seed=3")
    begun = {"id": "a", "network": "model.keras", "epoch": 3, "fingerprint": "0" * 64, "done": False}
    Path(folder, "run.json").write_text(json.dumps(record_of(folder) | {"opening": begun}))
    assert tested.main([str(folder)]) == 0
    assert test_ledger.read(LEDGER)[-1].id != "a"


def test_a_test_of_fewer_epochs_is_not_told_of_a_run_that_went_on(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(place)
    assert train.main([*SAMPLE, "training.epochs=1", "hydra.run.dir=longer"]) == 0
    assert tested.main(["longer"]) == 0
    capsys.readouterr()
    for words in (["longer", "training.epochs=2"], ["longer"]):
        assert resume.main(words) == 0
        assert "test:" not in capsys.readouterr().out
    assert repr(runner_api.load("longer")).endswith(", after epoch 1")
    Path("longer/test.json").unlink()
    assert resume.main(["longer"]) == 0


def test_a_network_that_gives_no_numbers_has_no_accuracy(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """NaN is no class, though one of two is right half of the time."""
    monkeypatch.chdir(place)
    shutil.copytree("s/2_model.width=8,seed=3", "diverged")
    network = keras.models.load_model("diverged/model.keras")
    network.set_weights([np.full_like(each, np.nan) for each in network.get_weights()])
    network.save("diverged/model.keras")
    assert tested.main(["diverged"]) == 1
    assert capsys.readouterr().err.startswith("model.keras gives outputs that are no numbers")
    assert not Path("diverged/test.json").exists()


def test_plugins_have_the_code_of_the_runs_compared_and_digits_are_files(apart: Path, runner: Command) -> None:
    """A network of a plugin is another one when its code is another, whatever its name."""
    (apart / "own_net.py").write_text(
        "import runner\n"
        "@runner.register.model('net')\n"
        "def net(shape, units, activation):\n"
        "    import keras\n"
        "    return keras.Sequential([keras.Input(shape), keras.layers.Dense(units, activation)])\n"
    )
    words = ["dataset=mnist", "dataset.source=sample", "plugins=[own_net]", "model.name=net", "training.epochs=1"]
    assert runner(*words, "hydra.run.dir=run").returncode == 0
    ended = runner("final", "run", "--to", "same", "--trust")
    assert ended.stdout.endswith("predict:    python -m runner predict same --trust FILE\n"), ended.stderr
    record = record_of(apart / "run")
    sources = record["plugin_sources"] | {"own_net": "0" * 64}
    (apart / "run" / "run.json").write_text(json.dumps(record | {"plugin_sources": sources}))
    refused = runner("final", "run", "--to", "other", "--trust")
    assert (refused.returncode, (apart / "other").exists()) == (2, False)
    assert refused.stderr == "plugins: the code of own_net has changed since the runs were compared: train them anew\n"


def test_several_classes_with_one_hot_labels_and_metrics_of_their_own(apart: Path, runner: Command) -> None:
    words = ["dataset=mnist", "dataset.source=sample", "dataset.labels=one_hot", "training.epochs=1"]
    asked = ["training.metrics=[accuracy,precision,auc]", "training.evaluate_test=true"]
    ran = runner(*words, *asked, "hydra.run.dir=run")
    assert ran.returncode == 0, ran.stderr
    test = catalog.load(plan_of(words).jobs[0].config.dataset).test
    features = np.asarray(test.features, np.float32) / 255
    network = keras.models.load_model(apart / "run" / "model.keras")
    values = network.evaluate(features, np.eye(10)[test.labels], verbose=0, return_dict=True)
    said = network.predict(features, verbose=0).argmax(axis=1)
    found = read(apart / "run" / "test.json")
    assert {name: found[name] for name in ("loss", "accuracy", "auc")} == pytest.approx(
        {name: values[name] for name in ("loss", "accuracy", "auc")}, rel=1e-4
    )
    assert found["confusion"] == oracle.confusion_matrix(test.labels, said).tolist()
    assert found["precision"] == pytest.approx(oracle.precision_score(test.labels, said, average=None, zero_division=0))
    assert found["classes"] == [str(digit) for digit in range(10)]
    assert found["metric_precision"] == pytest.approx(values["precision"], rel=1e-4)  # of all classes together
    assert f"test: accuracy {values['accuracy']:.4f}" in ran.stdout


def test_a_metric_of_a_plugin_takes_no_other_entry(apart: Path, runner: Command) -> None:
    (apart / "own_metrics.py").write_text(
        "import runner\n"
        "@runner.register.metric('examples')\n"
        "@runner.register.metric('network')\n"
        "@runner.register.metric('accuracy')\n"
        "def quarter(y, p):\n"
        "    return 0 * p[..., 0] + 0.25\n"
    )
    asked = ["plugins=[own_metrics]", "training.metrics=[accuracy,examples,network]", "training.evaluate_test=true"]
    ran = runner(*SAMPLE, *asked, "training.epochs=1", "hydra.run.dir=run")
    assert ran.returncode == 0, ran.stderr
    found = read(apart / "run" / "test.json")
    assert (found["examples"], found["network"]) == (2000, "model.keras")
    assert [found[f"metric_{name}"] for name in ("examples", "network", "accuracy")] == [0.25] * 3
    right = found["confusion"][0][0] + found["confusion"][1][1]
    assert found["accuracy"] == right / 2000
