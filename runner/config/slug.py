"""Names of folders, made of the words that vary."""

import hashlib
import re


def slug(text: str) -> str:
    """The words of a job as a folder name: at most 60 characters of letters, digits, `.`, `-`, `_`, `=` and `,`.

    Other texts have other names: where characters are replaced or cut off, the name ends with a hash of the text.
    """
    if not text:
        return "default"
    clean = re.sub(r"[^A-Za-z0-9.,=_-]+", "-", text).replace("..", "-").strip("-.")
    if clean == text and len(clean) <= 60:
        return clean
    return f"{clean[:51]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
