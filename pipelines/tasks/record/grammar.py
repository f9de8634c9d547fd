"""The words of the question grammar, by what they ask for."""

from __future__ import annotations

import re
from typing import Final

from pipelines.tasks.record.person import Field


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Words that carry no meaning for a lookup.
FILLER: Final = _words(
    """
    a about again already also am an and any anything are as at be been can chart could current currently data
    did do documented does done drawn ehr evidence exactly file find for from gave get getting give given go got
    had has have having he hello her hers hey hi him his hm how i if in into is it its just kind know known let
    level levels like list listed look looked lookup many me measure measured measurement measurements mister mr
    mrs ms my now number of on one or our out patient patients please pt pull quick quickly read reading
    readings record recorded records remind report reported result results s say says score search see serum she
    show so some tell test tested tests than that the their them then there these they this those time times to
    took uh um unit units us value values visible want was we well were what whats when where which who with
    would yes you still right presently checked received gotten lab labs laboratory plasma taken date dated
    """
)

COURTESY: Final = (
    "can you",
    "could you",
    "would you",
    "i would like",
    "would like",
    "want to know",
    "need to know",
    "i need",
    "we need",
    "pull up",
    "look up",
    "bring up",
    "at the moment",
    "at present",
    "question mark",
)
COUNT: Final = ("how many times", "how many", "number of", "how often", "count of")
YES_NO: Final = frozenset({"is", "does", "has", "did", "was", "do", "have", "any", "are"})

#: Words that ask for judgement, not for an entry.
JUDGEMENT: Final = _words(
    """
    why should shouldnt recommend recommended recommendation suggest advise advice explain interpret
    interpretation mean means meaning concerning concerned worry worried worrying worrisome dangerous danger
    normal abnormal okay elevated high low risk risks cause caused causes causing because better worse improved
    improving improvement worsened worsening deteriorating stable controlled uncontrolled control safe unsafe
    interact interaction interactions contraindicated contraindication adjust increase decrease stop start
    continue switch dose dosage predict likely prognosis summarize summarise summary overview compare compared
    versus differential indicated appropriate think believe explanation reason related due treat treatment
    manage management target goal good bad
    """
)
KIN: Final = _words(
    """
    mother mom father dad brother sister son daughter wife husband parent parents sibling siblings grandmother
    grandfather aunt uncle cousin family relatives
    """
)
LAST: Final = ("most recent", "most recently", "last recorded", "latest", "last", "newest", "recent", "lately")
FIRST: Final = ("earliest", "oldest", "first")
TREND: Final = (
    "changed between",
    "change between",
    "difference between",
    "changed",
    "change",
    "trend",
    "trended",
    "trending",
    "evolved",
    "over time",
    "progression",
    "difference",
)
MEDICATION: Final = (
    "active medications", "medications", "medication", "medicines", "medicine", "meds", "med", "drugs", "drug",
    "prescriptions", "prescription", "prescribed", "pills", "taking", "takes", "she take", "he take", "patient take",
    "orders", "order", "ordered",
)  # fmt: skip
ALLERGY: Final = (
    "allergic to any medications", "allergic to any drugs", "allergies to medications", "allergies to any medications",
   "allergies", "allergy", "allergic", "allergys", "nkda",
)  # fmt: skip
CONDITION: Final = (
    "conditions", "condition", "diagnoses", "diagnosis", "diagnosed", "problems", "problem", "comorbidities", "disease",
    "diseases", "illnesses", "medical history", "past medical history", "history", "pmh", "suffer", "suffers",
)  # fmt: skip
VACCINATION: Final = (
    "shots", "shot", "vaccinations", "vaccination", "vaccines", "vaccine", "vaccinated", "immunizations",
    "immunization", "immunisations", "immunisation", "immunized", "immunised", "jab", "jabs", "booster", "vax",
)  # fmt: skip
ADMISSION: Final = (
    "admitted", "admission", "admissions", "hospitalized", "hospitalised", "hospitalization", "hospitalizations",
    "hospitalisation", "inpatient", "hospital stay", "hospital stays", "hospital",
)  # fmt: skip
EMERGENCY: Final = ("emergency room", "emergency department", "emergency", "er", "e r", "ed")
VISIT: Final = (
    "encounters",
    "encounter",
    "visits",
    "visit",
    "visited",
    "appointments",
    "appointment",
    "seen",
    "see her",
    "see him",
)
PROCEDURE: Final = (
    "procedures", "procedure", "surgeries", "surgery", "operations", "operation", "performed", "undergone", "underwent",
)  # fmt: skip
ACTIVE: Final = ("active", "ongoing", "present")
PAST: Final = ("past", "resolved", "inactive", "previous", "prior", "stopped", "discontinued", "ever", "former", "old")
#: Words that make a name of a procedure something else: a time, a plan, a result.
NOT_A_NAME: Final = _words(
    """
    before after during since without until scheduled planned next pending complications complication outcome not no
    never off instead except
    """
)
#: After "is she on …": these words mean a class of medicines, which names in a record do not tell.
DRUG_CLASS: Final = _words(
    """
    blood thinner thinners pressure pain anticoagulant anticoagulants antibiotic antibiotics antidepressant
    antidepressants statin statins steroid steroids opioid opioids inhaler inhalers diuretic diuretics nsaid
    nsaids blocker blockers inhibitor inhibitors oxygen dialysis diet chemotherapy chemo therapy sleeping water
    heart cholesterol diabetes contraception contraceptive birth anything something else
    """
)
ON: Final = re.compile(r"\b(?:is|was|been|being|still|now|currently|patient|she|he|they) on\b|\b(?:on|using)$")
AGE: Final = ("how old", "age")
PERSON: Final[dict[Field, tuple[str, ...]]] = {
    "birth": ("date of birth", "birth date", "birthdate", "birthday", "dob", "d o b", "born", "birth"),
    "age": AGE,
    "sex": ("sex", "gender", "male or female", "male", "female"),
    "alive": ("still alive", "alive", "deceased", "dead", "died", "die", "living", "death"),
    "name": ("full name", "name"),
}
#: Words that a name never holds: they ask for something else, or for someone else.
NEVER_A_NAME: Final = (
    JUDGEMENT
    | NOT_A_NAME
    | KIN
    | {
        word
        for words in (MEDICATION, ALLERGY, VACCINATION, VISIT, LAST, PROCEDURE, ADMISSION, EMERGENCY)
        for word in words
    }
)
