"""How a sweep shows values and times to a reader."""

import json


def short(value):
    """Return the words for a parameter's value: ``tanh``, ``[800, 800]``, ``[240]*100``."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and len(value) > 4 and value == value[:1] * len(value):
        return f"{json.dumps(value[:1])}*{len(value)}"
    return json.dumps(value)


def short_text(text):
    """Return the words for a value in a table, in which lists are JSON."""
    return short(json.loads(text)) if isinstance(text, str) and text.startswith("[") else str(text)


def duration(seconds):
    """Return seconds as a reader likes them: ``42 s``, ``7 min``, ``3 h 20 min``."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02d} min"
