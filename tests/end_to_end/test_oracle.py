"""Ten random configs of the campaign `python -m tests.oracle` agree with plain Keras, smaller than there.

An update of plain Keras, which runs eagerly, takes 60 ms: no config has more than five in an epoch.
"""

from pathlib import Path

import numpy as np
import pytest

from tests import oracle


@pytest.mark.slow
@pytest.mark.parametrize("number", range(10))
def test_a_random_config_agrees_with_plain_keras(tmp_path: Path, number: int) -> None:
    random = np.random.default_rng([1, number])
    words, budget = oracle.drawn(random, widest=100, most_words=500, batches=(999, 1500, 5000))
    assert oracle.mismatches(words, budget, tmp_path / "run") == [], f"{' '.join(words)}, budget {budget}"
