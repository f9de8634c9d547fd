"""From a given file or study to an Attachment with its kind: the user's word first, then the header's.

Only what a header says for certain becomes a kind. A plain picture stays ``image`` and a PDF ``document``: the words
spoken may say more later (routing rule 0), the pixels are never guessed at here.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from pipelines.errors import BadInput
from pipelines.evidence.dicom_objects import NO_IMAGES
from pipelines.evidence.formats import PICTURES, Format, format_of
from pipelines.evidence.volumes.files import MOST_FILES, File, file_at, files_in_zip
from pipelines.records import Attachment, Kind, Member

_PICTURE_KINDS: Final = frozenset(
    {
        Kind.CHEST_XRAY,
        Kind.RADIOGRAPH,
        Kind.DERMATOLOGY,
        Kind.FUNDUS,
        Kind.HISTOPATHOLOGY_PATCH,
        Kind.IMAGE,
        Kind.LAB_REPORT,
        Kind.DOCUMENT,
    }
)
_VOLUMES: Final = frozenset({Kind.CT_SERIES, Kind.MR_SERIES})

#: Kinds that each format can be. The first test of a kind that the user names.
_POSSIBLE: Final[dict[Format, frozenset[Kind]]] = {
    Format.JSON: frozenset({Kind.FHIR_RECORD}),
    Format.NDJSON: frozenset({Kind.FHIR_RECORD}),
    Format.XML: frozenset({Kind.FHIR_RECORD}),
    Format.PDF: frozenset({Kind.DOCUMENT, Kind.LAB_REPORT}),
    Format.TEXT: frozenset({Kind.DOCUMENT, Kind.LAB_REPORT}),
    Format.NIFTI: _VOLUMES,
    Format.SLIDE: frozenset({Kind.WHOLE_SLIDE, Kind.HISTOPATHOLOGY_PATCH}),
    Format.DICOM: _PICTURE_KINDS | _VOLUMES | {Kind.WHOLE_SLIDE},
    Format.ZIP: _VOLUMES | {Kind.FHIR_RECORD, Kind.WHOLE_SLIDE},
    **dict.fromkeys(PICTURES, _PICTURE_KINDS),
    Format.TIFF: _PICTURE_KINDS | {Kind.WHOLE_SLIDE},
}
_OF_SEVERAL: Final = _POSSIBLE[Format.ZIP]
_BY_FORMAT: Final[dict[Format, Kind]] = {
    Format.JSON: Kind.FHIR_RECORD,
    Format.NDJSON: Kind.FHIR_RECORD,
    Format.XML: Kind.FHIR_RECORD,
    Format.PDF: Kind.DOCUMENT,
    Format.TEXT: Kind.DOCUMENT,
    Format.SLIDE: Kind.WHOLE_SLIDE,
    **dict.fromkeys(PICTURES, Kind.IMAGE),
}
_BY_MODALITY: Final[dict[str, Kind]] = {
    "CT": Kind.CT_SERIES,
    "MR": Kind.MR_SERIES,
    "SM": Kind.WHOLE_SLIDE,
    "OP": Kind.FUNDUS,
}
_RADIOGRAPHY: Final = frozenset({"CR", "DX", "RG"})


def identify_file(path: Path, name: str, sha256: str, kind: Kind | None) -> Attachment:
    """The Attachment for one stored file.

    Args:
        path: where its bytes lie in the store.
        name: the file's name as given.
        sha256: of its bytes.
        kind: the user's word for it, if given.

    Raises:
        BadInput: it is empty, of no known format, or cannot be of the kind that the user named.
    """
    size = path.stat().st_size
    if size == 0:
        raise BadInput(name, "is empty", "attach the file again from its source")
    found = format_of(path, name)
    if found is Format.UNKNOWN:
        raise BadInput(
            name, "is of no format that is read here", "attach a picture, DICOM, NIfTI, PDF, text or FHIR JSON file"
        )
    if kind is not None:
        if kind not in _POSSIBLE[found]:
            raise BadInput(name, f"is {found.value}, which cannot be {kind}", "name the right kind or leave it out")
        return _attachment(name, found, size, sha256, kind, from_user=True)
    return _attachment(name, found, size, sha256, _kind_by_header(path, name, found), from_user=False)


def identify_study(name: str, members: tuple[tuple[Member, Path], ...], sha256: str, kind: Kind | None) -> Attachment:
    """The Attachment for a folder: one study, or one record, whose files lie in the store.

    Raises:
        BadInput: no file in it is of a format that makes a study or a record, or it cannot be of the kind that the
            user named.
    """
    if kind is not None and kind not in _OF_SEVERAL:
        raise BadInput(name, f"is a folder, which cannot be {kind}", "attach its files one by one")
    size = sum(path.stat().st_size for _, path in members)
    dicom = [(member, path) for member, path in members if format_of(path, member.name) is Format.DICOM]
    chosen = kind
    if chosen is None and not dicom and _is_record((member.name, path) for member, path in members):
        chosen = Kind.FHIR_RECORD
    if chosen is None:
        kinds = _study_kinds(file_at(path, member.name) for member, path in dicom)
        if any(format_of(path, member.name) is Format.SLIDE for member, path in members):
            kinds.add(Kind.WHOLE_SLIDE)
        chosen = _only_kind(kinds, name)
    attachment = _attachment(
        name, Format.DICOM if dicom else Format.UNKNOWN, size, sha256, chosen, from_user=kind is not None
    )
    return attachment.model_copy(update={"members": tuple(member for member, _ in members)})


def _attachment(name: str, found: Format, size: int, sha256: str, kind: Kind, *, from_user: bool) -> Attachment:
    return Attachment(
        sha256=sha256,
        name=name,
        media_type=found.value,
        size=size,
        kind=kind,
        kind_from="user" if from_user else "header",
    )


def _kind_by_header(path: Path, name: str, found: Format) -> Kind:
    if found is Format.DICOM:
        return _dicom_kind(path, name)
    if found is Format.ZIP:
        return _zip_kind(path, name)
    if found is Format.NIFTI:
        raise BadInput(name, "does not say whether it is CT or MR", f"name it: ct-series={name} or mr-series={name}")
    return _BY_FORMAT[found]


def _dicom_kind(path: Path, name: str) -> Kind:
    from pipelines.evidence.dicom import read_header
    from pipelines.evidence.dicom_objects import not_an_image

    header = read_header(path, name)
    modality = str(header.get("Modality", "")).upper()
    what, found = not_an_image(header), kind_of_modality(modality, str(header.get("BodyPartExamined", "")).upper())
    if what is not None or found is None:
        raise BadInput(
            name, f"is {what or f'a DICOM {modality} object'}, not an image", "attach the images of the study"
        )
    return found


def kind_of_modality(modality: str, region: str) -> Kind | None:
    """What DICOM's word for a modality says, with that for the part of the body (both in upper case); None where such
    objects hold no picture."""
    if modality in NO_IMAGES:
        return None
    if modality in _RADIOGRAPHY:
        if region in {"CHEST", "THORAX"}:
            return Kind.CHEST_XRAY
        return Kind.RADIOGRAPH if region else Kind.IMAGE
    return _BY_MODALITY.get(modality, Kind.IMAGE)


def _is_record(files: Iterable[tuple[str, Path]]) -> bool:
    from pipelines.evidence.records.sources import holds_resources

    return holds_resources(files)


def _zip_kind(path: Path, name: str) -> Kind:
    """The kind of the study in an archive; else it may be a record."""
    if kinds := _packed_study(path, name):
        return _only_kind(kinds, name)
    if _is_record([(name, path)]):
        return Kind.FHIR_RECORD
    raise BadInput(
        name,
        "is a zip archive without DICOM images or a record",
        "attach the files themselves, or name the kind: KIND=PATH",
    )


def _packed_study(path: Path, name: str) -> set[Kind]:
    """Kinds of the DICOM files and slides in an archive; records may hold more files than are looked at for that."""
    formats = [(file, file.format()) for file in files_in_zip(path, name)[:MOST_FILES]]
    kinds = _study_kinds(file for file, found in formats if found is Format.DICOM)
    return kinds | ({Kind.WHOLE_SLIDE} if any(found is Format.SLIDE for _, found in formats) else set())


def _study_kinds(files: Iterable[File]) -> set[Kind]:
    """What DICOM files show; those that show nothing, or are damaged, are left to the study's reader."""
    from pipelines.evidence.volumes.header import modality_of
    from pipelines.evidence.volumes.stored import SCREENS

    kinds = set()
    for file in files:
        try:
            modality, sop_class = modality_of(file)
        except BadInput:
            continue
        kind = kind_of_modality(modality, "") if sop_class not in SCREENS else None
        if kind is not None:
            kinds.add(kind)
    return kinds


def _only_kind(kinds: set[Kind], name: str) -> Kind:
    """
    Raises:
        BadInput: it is no one study of slices.
    """
    volumes = kinds & (_VOLUMES | {Kind.WHOLE_SLIDE})
    if len(volumes) > 1:
        listed = " and ".join(sorted(f"{kind}" for kind in volumes))
        first = sorted(volumes)[0]
        raise BadInput(name, f"holds {listed}", f"say which is meant: {first}={name}, for example")
    if not volumes:
        raise BadInput(
            name,
            "is not one CT, MR or slide study",
            f"attach its files one by one, or name it: ct-series={name}",
        )
    return volumes.pop()
