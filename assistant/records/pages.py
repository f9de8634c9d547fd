"""The pages of a search, one after the other, and no further than a record can be long."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assistant.asking import Refused
from assistant.records.server import FhirServer
from assistant.records.written import Json, dicts

#: Of one search. Servers give at least ten resources a page.
MOST_PAGES: Final = 10_000


def pages(server: FhirServer, url: str, most: int = MOST_PAGES) -> Iterator[Json]:
    """Each page that ``url`` and the links behind it lead to.

    Raises:
        Refused: the first is not to be had.
        BadInput: a later one is not, the links lead in circles or away from the server, or there is no end to them.
    """
    asked: set[str] = set()
    while len(asked) < most:
        asked.add(url)
        page = _page(server, url, first=len(asked) == 1)
        yield page
        link = _next(page)
        if link is None:
            return
        following = server.address.server.followed(link, url)
        if following is None:
            raise server.bad(
                "sends to another address for its next page, and nobody goes there",
                "have it name its own public address in its pages",
            )
        if following in asked:
            raise circling(server)
        url = following
    raise server.bad(f"does not come to an end within {most:,} pages", "export the record as a file and attach that")


def circling(server: FhirServer) -> Exception:
    return server.bad("gives the same pages over and over", "export the record as a file and attach that")


def _page(server: FhirServer, url: str, *, first: bool) -> Json:
    try:
        page = server.get(url)
    except Refused as refused:
        if first:
            raise
        raise server.bad(f"breaks off its pages ({refused.reason})", "attach it again") from None
    if page["resourceType"] != "Bundle":
        raise server.bad("answers a search with something else than a Bundle", "name the address of its FHIR interface")
    return page


def _next(page: Json) -> str | None:
    for link in dicts(page.get("link")):
        if link.get("relation") == "next" and isinstance(link.get("url"), str):
            return str(link["url"])
    return None
