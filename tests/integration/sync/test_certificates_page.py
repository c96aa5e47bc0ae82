"""Certificates for the rooms, on the centre's page of boxes."""

from __future__ import annotations

from flask.testing import FlaskClient

from appliance.formats.keys import BoxIdentity
from appliance.formats.sealed_document import open_document
from sync.central.centre import Centre
from sync.central.mailbox import fetch_document, list_documents

from .test_rights import ORIGIN, _sign_in, _token, app, client

__all__ = ["app", "client"]


def test_administrator_sends_a_certificate(
    client: FlaskClient, centre: Centre, box: BoxIdentity
) -> None:
    """Names in, sealed document out; the page says until when, and keeps the names."""
    _sign_in(client, centre, "administrator")
    reply = client.post(
        f"/boxes/{box.id}/certificate",
        data={"names": "Room12.school.example, 10.77.0.1", "csrf_token": _token(client, "/boxes")},
        base_url=ORIGIN,
        headers={"Referer": ORIGIN},
    )
    assert 302 == reply.status_code
    [row] = list_documents(centre, box.id, after=0)
    data = fetch_document(centre, box.id, row["document_id"])
    body = open_document(data, identity=box, centre=centre.identity.public).body
    names = ["room12.school.example", "staff.room12.school.example", "10.77.0.1"]
    assert names == body["names"]
    page = client.get("/boxes", base_url=ORIGIN).get_data(as_text=True)
    assert 'value="room12.school.example 10.77.0.1"' in page
    root = client.get("/room-authority.pem", base_url=ORIGIN).data
    assert centre.authority.certificate_pem == root
    assert b"PRIVATE" not in root
