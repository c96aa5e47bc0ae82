"""The id of a journal that another machine has sent names files here: it may lead nowhere else."""

from __future__ import annotations

import importlib
import pkgutil

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

import appliance.formats
from appliance.formats.journal_id import JournalId
from appliance.platform.ids import new_id
from appliance.services.peers import BoxView

ID = TypeAdapter(JournalId)


def _documents(model: type[BaseModel] = BaseModel) -> set[type[BaseModel]]:
    """Return every document of ours that names a journal."""
    for module in pkgutil.iter_modules(appliance.formats.__path__):
        importlib.import_module(f"appliance.formats.{module.name}")
    found: set[type[BaseModel]] = set()
    for one in model.__subclasses__():
        found |= _documents(one)
        if one.__module__.startswith("appliance.") and "journal_id" in one.model_fields:
            found.add(one)
    return found


@pytest.mark.parametrize("document", sorted(_documents(), key=lambda one: one.__name__))
def test_every_document_refuses_an_id_that_is_a_path(document: type[BaseModel]) -> None:
    """A box that a thief has could write such a one, and sign it."""
    for bad in ("../outside", "/outside", "a/b", "a\\b", "a.b", "", "a" * 65, "a\n", "A"):
        with pytest.raises(ValidationError) as refused:
            document.model_validate({"journal_id": bad})
        assert ("journal_id",) in {one["loc"] for one in refused.value.errors()}


def test_documents_are_found() -> None:
    """The test above looks at all of them, the view of another box included."""
    found = {one.__name__ for one in _documents()}
    assert {"BundleHeader", "AttachmentHeader", "Receipt", "AskEntries", "EpochProof"} <= found
    assert BoxView in _documents()


def test_own_ids_fit() -> None:
    """What a box makes it takes."""
    for _ in range(50):
        assert ID.validate_python(new_id(16))
