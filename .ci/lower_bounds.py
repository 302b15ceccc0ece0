"""The lower bounds of pyproject.toml as pip's constraints: `tqdm>=4.67,<5` becomes `tqdm==4.67`."""

import re
import tomllib
from pathlib import Path

project = tomllib.loads(Path(__file__).parents[1].joinpath("pyproject.toml").read_text())["project"]
for requirement in (*project["dependencies"], *project["optional-dependencies"]["dev"]):
    print(re.sub(r">=([^,]+).*", r"==\1", requirement))
