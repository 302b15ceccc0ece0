"""Names of folders, made of what varies."""

import hashlib
import re

from omegaconf import OmegaConf


def slug(text: str) -> str:
    """A job's overrides as a folder name: at most 60 characters of letters, digits, `.`, `-`, `_`, `=` and `,`."""
    if not text:
        return "default"
    clean = re.sub(r"[^A-Za-z0-9.,=_-]+", "-", text).replace("..", "-").strip("-.")
    if clean == text and len(clean) <= 60:
        return clean
    return f"{clean[:51]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def register_resolver() -> None:
    """Let conf/ say `${runner.slug:…}`."""
    OmegaConf.register_new_resolver("runner.slug", slug, replace=True)
