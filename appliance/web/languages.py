"""The reader's language: what the browser asks for, among those we speak."""

from __future__ import annotations

from pathlib import Path

import flask_babel
from flask import Flask, request
from flask_babel import Babel

LANGUAGES = ("en", "sv")
TRANSLATIONS = Path(__file__).parent / "translations"


def speak(app: Flask) -> None:
    """Translate the application's texts."""
    app.config["BABEL_DEFAULT_LOCALE"] = "en"
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(TRANSLATIONS)
    Babel(app, locale_selector=chosen_language)
    app.jinja_env.globals["language"] = chosen_language


def chosen_language() -> str:
    """Return the best of our languages for this request."""
    return request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]


def gettext(text: str, **values: object) -> str:
    """Return a text in the reader's language, its %(names)s filled in."""
    return str(flask_babel.gettext(text, **values))


def ngettext(one: str, many: str, count: int, **values: object) -> str:
    """Return the form of a text that fits a count, which it has as %(num)d."""
    return str(flask_babel.ngettext(one, many, count, **values))
