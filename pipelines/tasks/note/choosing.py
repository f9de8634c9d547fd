"""Which template a dictation asks for, or is of the kind of."""

from __future__ import annotations

import re
from typing import Final

# What each kind of dictation says; a kind is chosen by how many different ones are heard.
_LETTER: Final = re.compile(
    r"\bdear (?:dr|doctor|colleague|prof|mr|mrs|ms)\b"
    r"|\bthank(?:s| you)(?: very much| so much| kindly)? for (?:(?:your|the|this|kindly) )?"
    r"(?:refer|asking|seeing|sending|letter|involving)"
    r"|\bconsult(?:ation)? letter\b|\b(?:reason for (?:referral|consultation)|referral question)\b"
    r"|\b(?:kind regards|best regards|yours (?:sincerely|faithfully|truly))\b"
    r"|\b(?:gentleman|lady|woman|man) was referred\b|\bthis (?:pleasant|delightful|lovely) (?:lady"
    r"|gentleman|man|woman)\b",
    re.IGNORECASE,
)
_NAMED_DISCHARGE: Final = re.compile(
    r"(?<!previous )(?<!last )(?<!his )(?<!her )(?<!their )(?<!reviewed the )(?<!read the )(?<!in the )(?<!outside )"
    r"\bdischarge summary\b",
    re.IGNORECASE,
)
_DISCHARGE: Final = re.compile(
    r"\bdischarge (?:letter|medications?|diagnos[ie]s|condition|instructions|plan)\b|\bhospital course\b"
    r"|\bcourse in hospital\b"
    r"|\b(?:at|on|upon) discharge\b|\b(?:reason for )?admission\b|\bwas discharged\b|\bdischarged (?:home|to|on|with)\b"
    r"|\bdischarging (?:him|her|them|this)\b|\badmitted (?:with|for|on|to|after|because)\b"
    r"|\b(?:brought in by ambulance|came in with|presented to the emergency)\b|\b(?:goes|went|going|sent) home\b"
    r"|\bthe ward\b|\bby (?:the )?(?:day \w+|\w+ day)\b|\bthe (?:first|second|third|fourth|fifth) (?:day|night)\b"
    r"|\bintravenous|\bweaned\b|\btransfus|\bwhen s?he left\b",
    re.IGNORECASE,
)
_RADIOLOGY: Final = re.compile(
    r"\btechnique\b|\bcomparison\b|\bindication\b|\bfindings\b|\bimpression\b"
    r"|\b(?:views?|radiographs?|films?|mri?|ct|ultrasound|tomogra\w+) of (?:the|both)\b"
    r"|\b(?:pa|ap)(?: and|,)? lateral\b|\b(?:ap|pa|single|portable|frontal) (?:portable )?views?\b"
    r"|\baxial\b|\bmultiplanar\b"
    r"|\bcontrast\b|\bcompared (?:with|to) (?:the )?(?:prior|previous|film|study|ct|mri|x-?ray|radiograph)"
    r"|\b(?:no|the) (?:prior|previous) (?:films?|study|studies|imaging|exams?|radiographs?)\b"
    r"|\bno (?:pneumothorax|pleural effusion|acute fracture|acute intracranial|hydronephrosis|midline shift|effusion)"
    r"|\bcostophrenic|\bcardiomediastinal|\bcardiac silhouette|\bbi-?rads\b|\bhilar\b|\blung fields\b|\battenuation\b"
    r"|\bsignal intensity\b|\bechogenic|\bhypo(?:echoic|dense)|\balignment\b|\bsoft tissues?\b"
    r"|\bparenchyma|\bendotracheal tube\b"
    r"|\bperihilar\b|\bdisc protrusion\b|\bfracture of the\b|\bjoint effusion\b|\bcarina\b|\bopacit|\bmidline\b",
    re.IGNORECASE,
)
_VISIT: Final = re.compile(
    r"\b(?:denies|complains? of|reports|says|blood pressure|heart rate|on examination"
    r"|past medical history|takes|continue|we will"
    r"|i will|subjective|objective|assessment|afebrile|vitals?|prescribe\w*|start(?:ed)?|mg)\b",
    re.IGNORECASE,
)


def choose_template(transcript_text: str) -> str:
    """The shipped template whose kind of dictation this is; ``soap`` where no other's wording is plain."""
    if _NAMED_DISCHARGE.search(transcript_text):
        return "discharge-summary"
    discharge, radiology, visit = (_different(kind, transcript_text) for kind in (_DISCHARGE, _RADIOLOGY, _VISIT))
    if _LETTER.search(transcript_text):
        return "consult-letter"
    if discharge >= 2 and discharge > radiology:
        return "discharge-summary"
    if radiology >= 2 and radiology > visit:
        return "radiology-report"
    return "soap"


def _different(kind: re.Pattern[str], text: str) -> int:
    return len({match.group().lower() for match in kind.finditer(text)})
