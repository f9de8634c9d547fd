"""The servers from which a user may attach what is a patient's: records and images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.imaging.archives import ImageArchives
from assistant.records.servers import RecordServers
from assistant.settings import Settings
from pipelines.models.generator import never
from pipelines.ports import Outbound

if TYPE_CHECKING:
    from assistant.sessions import SessionLog

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Servers:
    """All of them, for one command."""

    records: RecordServers
    images: ImageArchives


def servers_over(
    log: SessionLog, settings: Settings, progress: Progress, cancelled: Callable[[], bool] = never
) -> Servers:
    """Where a log is open already."""

    def outbound() -> Outbound:
        from assistant.outbound import Outbound as LoggedOutbound

        return LoggedOutbound(log)

    return _servers(settings, outbound, progress, cancelled)


def servers_of(settings: Settings, progress: Progress) -> Servers:
    """Where none is: that of the settings is opened for each answer."""

    def outbound() -> Outbound:
        from assistant.outbound import FolderOutbound

        return FolderOutbound(settings.data_dir, settings.lock_timeout)

    return _servers(settings, outbound, progress, never)


def _servers(
    settings: Settings, outbound: Callable[[], Outbound], progress: Progress, cancelled: Callable[[], bool]
) -> Servers:
    return Servers(
        RecordServers(settings, outbound, progress, cancelled), ImageArchives(settings, outbound, progress, cancelled)
    )
