"""The groups of configs, built in or the user's own: what may be chosen of each, and how it is written."""

import functools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig

from runner.config.overrides import as_word, is_hydras, is_null_recipe, single_words
from runner.errors import did_you_mean

HEADER = "# @package _global_"


class Groups:
    """The groups that a loader finds for a primary config.

    `settings` gives Hydra's own settings and `choices` the groups of the defaults list, as they are with the recipes
    that their words choose; `searched` are the words that name further folders to look in.
    """

    def __init__(
        self,
        loader: ConfigLoader,
        name: str,
        settings: Callable[[tuple[str, ...]], DictConfig],
        choices: Callable[[tuple[str, ...]], set[str]],
    ) -> None:
        self.loader, self.name, self.settings = loader, name, settings
        self.choices = functools.cache(choices)
        self.searched: tuple[str, ...] = ()
        self.known: dict[str, list[str]] = {}

    def options(self, key: str) -> list[str]:
        """The choices of a group; none where the key is no group."""
        if key not in self.known:
            self.known[key] = self.loader.get_group_options(key, config_name=self.name, overrides=list(self.searched))
        return self.known[key]

    def problems(self, override: Override, all_of_them: Sequence[Override]) -> Iterator[str]:
        """Reasons why a word does not choose an option of its group; none for a word of another kind."""
        key, options = override.key_or_group, self.options(override.key_or_group)
        if is_hydras(override):
            yield from self._unknown(override) if options else ()
            return
        word = as_word(override) if not override.is_sweep_override() else str(override.input_line)
        bare = word.lstrip("+")
        if override.is_delete():
            yield f"{key} cannot be left out: give it another value"
        elif not options or is_null_recipe(override):
            return
        elif self._is_in_defaults(override, all_of_them):
            if override.is_add() or override.is_force_add():
                yield f"{key} must be chosen without a +; got {override.input_line}: write {bare}"
            elif not override.is_sweep_override() and isinstance(override.value(), (dict, list)):
                yield f"{key} must be one of {', '.join(options)}; got {word}: set its keys as {key}.key=value"
            else:
                yield from self._unknown(override)
        elif not override.is_add():
            given = override.input_line
            yield f"{key} must be chosen with a +, for the defaults list lacks it; got {given}: write +{bare}"
        else:
            yield from self._unknown(override)

    def chosen(self, recipes: tuple[str, ...] = ()) -> set[str]:
        """The groups that have a choice in the defaults list, with these recipes in it."""
        return self.choices((*self.searched, *recipes))

    def _is_in_defaults(self, override: Override, all_of_them: Sequence[Override]) -> bool:
        key = override.get_key_element().lstrip("+")
        if key in self.chosen():
            return True
        recipes = [each for each in all_of_them if each.key_or_group == "experiment" and each is not override]
        sound = [each for each in recipes if not each.is_sweep_override() and not list(self._unknown(each))]
        return bool(sound) and key in self.chosen(tuple(map(as_word, sound)))

    def _unknown(self, override: Override) -> Iterator[str]:
        key, options = override.key_or_group, self.options(override.key_or_group)
        for choice in _choices(override):
            if choice not in options:
                yield f"{key} must be one of {', '.join(options)}; got {choice}{did_you_mean(choice, options)}"

    def headless(self, overrides: Sequence[Override]) -> Iterator[str]:
        """Chosen files without the header that makes their keys those of the whole config."""
        for override in overrides:
            key = override.key_or_group
            if not self.options(key) or is_hydras(override) or (key != "experiment" and key in self.chosen()):
                continue
            for file in filter(None, (self._file(key, choice) for choice in _choices(override))):
                text = file.read_text(encoding="utf-8", errors="replace")
                if text.startswith("\ufeff"):
                    yield f"{file} must not begin with a byte order mark: save it as UTF-8 without one"
                elif HEADER not in (line.strip() for line in text.splitlines()):
                    yield f"{file} must begin with the line {HEADER}: its keys are those of the whole config"

    def _file(self, group: str, choice: str) -> Path | None:
        """The file of a choice, if it lies in a folder; of several files the one that Hydra uses."""
        sources = self.settings(self.searched).runtime.config_sources
        places = [Path(each.path) for each in sources if each.schema == "file"]
        found = (place / group / f"{choice.removesuffix('.yaml')}.yaml" for place in places)
        return next((file for file in found if file.is_file()), None)


def _choices(override: Override) -> list[str]:
    """The options that a word names: one, those of a sweep, or a list of them."""
    if not override.is_sweep_override():
        value = override.value()
        return [str(each) for each in (value if isinstance(value, list) else [value])]
    return [word.partition("=")[2] for word in single_words(override)]
