"""Foreign XML without entities, network or DTD, within limits."""

from __future__ import annotations

from lxml import etree

from appliance.domain.errors import InvalidInputError

XML_BYTES_MAX = 16 * 1024 * 1024
ELEMENTS_MAX = 200_000
DEPTH_MAX = 200


class XmlUnreadableError(InvalidInputError):
    """A file is not XML, or XML of a kind that is not read."""

    key = "xml_unreadable"
    staff_message = (
        "The file {name} cannot be read: {detail}. Ask whoever made it for a correct copy."
    )


def parse_xml(name: str, data: bytes) -> etree._Element:
    """Return the root of an XML file.  Raises XmlUnreadableError.

    libxml2 is told to load nothing and expand nothing; a file that declares entities of its own
    is refused, because an exam has no use for them.
    """
    if len(data) > XML_BYTES_MAX:
        raise XmlUnreadableError(name=name, detail=f"it has more than {XML_BYTES_MAX} bytes")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise XmlUnreadableError(name=name, detail=str(error)) from error
    _check(name, root)
    return root


def _check(name: str, root: etree._Element) -> None:
    dtd = root.getroottree().docinfo.internalDTD
    # lxml-stubs does not know iterentities
    if dtd is not None and any(True for _ in dtd.iterentities()):  # type: ignore[attr-defined]
        raise XmlUnreadableError(name=name, detail="it declares entities of its own")
    count = 0
    depth = 0
    for event, node in etree.iterwalk(root, events=("start", "end")):
        if not isinstance(node.tag, str):
            raise XmlUnreadableError(name=name, detail="it uses an entity that is not known")
        depth += 1 if event == "start" else -1
        count += event == "start"
        if depth > DEPTH_MAX or count > ELEMENTS_MAX:
            raise XmlUnreadableError(name=name, detail="it is too large or nested too deeply")
