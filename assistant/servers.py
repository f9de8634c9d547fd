"""The servers from which a user may attach what is a patient's: records and images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.asking import Means, Progress
from assistant.imaging.archives import ImageArchives
from assistant.records.servers import RecordServers
from assistant.settings import Settings
from pipelines.models.generator import never
from pipelines.ports import Outbound

if TYPE_CHECKING:
    from assistant.sessions import SessionLog


@dataclass(frozen=True)
class Servers:
    """All of them, for one command."""

    records: RecordServers
    images: ImageArchives
    progress: Progress
    """Told what is being done and the share done, from 0 to 1."""


def servers_over(
    log: SessionLog, settings: Settings, progress: Progress, cancelled: Callable[[], bool] = never
) -> Servers:
    """Where a log is open already."""

    def outbound() -> Outbound:
        from assistant.outbound import Outbound as LoggedOutbound

        return LoggedOutbound(log)

    return _servers(Means(settings, outbound, progress, cancelled))


def servers_of(settings: Settings, progress: Progress) -> Servers:
    """Where none is: that of the settings is opened for each answer."""

    def outbound() -> Outbound:
        from assistant.outbound import FolderOutbound

        return FolderOutbound(settings.data_dir, settings.lock_timeout)

    return _servers(Means(settings, outbound, progress))


def _servers(means: Means) -> Servers:
    return Servers(RecordServers(means), ImageArchives(means), means.progress)
