"""Names of other things that look or sound like the recorded one never get its answer."""

from __future__ import annotations

import json
from datetime import date
from itertools import chain
from typing import Any

import pytest

from pipelines.evidence.records.record import Record, read_record
from pipelines.tasks.record.question import answer

TODAY = date(2026, 6, 1)
_HIM = {"reference": "Patient/p1"}

#: Pairs that are often confused (ISMP's list of drug names, and words one letter apart).
DRUGS = """
hydralazine/hydroxyzine clonidine/clonazepam clonidine/klonopin metformin/metronidazole citalopram/celecoxib
prednisone/prednisolone losartan/valsartan lamotrigine/lamivudine tramadol/trazodone lisinopril/fosinopril
simvastatin/atorvastatin amlodipine/amiloride glipizide/glyburide glimepiride/glipizide dopamine/dobutamine
cyclosporine/cycloserine vinblastine/vincristine bupropion/buspirone ephedrine/epinephrine humalog/humulin
novolin/novolog zantac/xanax zyprexa/zyrtec celebrex/cerebyx lasix/losec metoprolol/misoprostol quinidine/quinine
sertraline/cetirizine fluoxetine/fluvoxamine propranolol/pravastatin rabeprazole/aripiprazole risperidone/ropinirole
tizanidine/tiagabine levothyroxine/liothyronine penicillamine/penicillin hydrocodone/oxycodone omeprazole/esomeprazole
furosemide/torsemide enalapril/ramipril atenolol/metoprolol doxycycline/dicyclomine carbamazepine/oxcarbazepine
chlorpromazine/chlorpropamide daunorubicin/doxorubicin nifedipine/nicardipine sumatriptan/sitagliptin
sulfadiazine/sulfasalazine tolbutamide/tolazamide valacyclovir/valganciclovir methotrexate/metolazone
morphine/hydromorphone rifampin/rifaximin guaifenesin/guanfacine diphenhydramine/dimenhydrinate
""".split()
CONDITIONS = """
hypothyroidism/hyperthyroidism hypertension/hypotension hyperglycemia/hypoglycemia hyperkalemia/hypokalemia
hypernatremia/hyponatremia osteoarthritis/osteoporosis dysphagia/dysphasia dysuria/dysarthria bacteremia/bacteriuria
hepatitis_B/hepatitis_C type_2_diabetes/type_1_diabetes tachycardia/bradycardia gastritis/gastroenteritis
pyelonephritis/glomerulonephritis cholelithiasis/cholecystitis atrial_fibrillation/atrial_flutter psoriasis/cirrhosis
scoliosis/sarcoidosis polymyositis/poliomyelitis rosacea/rubella
""".split()
ANALYTES = """
sodium/potassium calcium/calcitonin AST/ALT vitamin_D/vitamin_B12 hemoglobin/haptoglobin chloride/chlorine
albumin/globulin creatinine/creatine_kinase ferritin/transferrin HDL_cholesterol/LDL_cholesterol free_T4/free_T3 TSH/FSH
lactate/LDH urea_nitrogen/urate magnesium/manganese cortisol/cortisone prolactin/procalcitonin
folate/phosphate
""".split()


def pairs(written: list[str]) -> list[tuple[str, str]]:
    both = [tuple(pair.replace("_", " ").split("/")) for pair in written]
    return list(chain.from_iterable(((one, other), (other, one)) for one, other in both))


def record(*entries: dict[str, Any]) -> Record:
    resources = [{"resourceType": "Patient", "id": "p1"}, *entries]
    bundle = {"resourceType": "Bundle", "entry": [{"resource": resource} for resource in resources]}
    return read_record(json.dumps(bundle).encode(), "record.json", "0" * 64)


def said(question: str, held: Record) -> list[str]:
    """Whatever is stated, but for what is stated to be absent."""
    statements = [statement.text for statement in answer(question, held, TODAY).statements]
    return [text for text in statements if "in this record" not in text]


@pytest.mark.parametrize(("recorded", "other"), pairs(DRUGS))
def test_drugs(recorded: str, other: str) -> None:
    order = {
        "resourceType": "MedicationRequest", "id": "m", "status": "active", "intent": "order", "subject": _HIM,
        "authoredOn": "2020-01-02", "medicationCodeableConcept": {"text": f"{recorded} 10 MG Oral Tablet"},
    }  # fmt: skip
    allergy = {"resourceType": "AllergyIntolerance", "id": "a", "patient": _HIM, "code": {"text": recorded}}
    held = record(order, allergy)
    for question in (
        "is she on {}", "does he take {}", "when was {} started", "what is the dose of {}", "why is she taking {}",
        "is the patient allergic to {}", "when did she stop {}?",
    ):  # fmt: skip
        assert said(question.format(other), held) == [], question
    assert said(f"is she on {recorded}", held)


@pytest.mark.parametrize(("recorded", "other"), pairs(CONDITIONS))
def test_conditions(recorded: str, other: str) -> None:
    held = record(
        {
            "resourceType": "Condition",
            "id": "c",
            "subject": _HIM,
            "code": {"text": recorded},
            "onsetDateTime": "2019-01-02",
        }
    )
    for question in (
        "does she have {}", "when was {} diagnosed", "history of {}?", "has he ever had {}", "is the {} still active",
        "how long has she had {}",
    ):  # fmt: skip
        assert said(question.format(other), held) == [], question
    assert said(f"does she have {recorded}", held)


@pytest.mark.parametrize(("recorded", "other"), pairs(ANALYTES))
def test_analytes(recorded: str, other: str) -> None:
    held = record(
        {
            "resourceType": "Observation", "id": "o", "status": "final", "subject": _HIM, "code": {"text": recorded},
            "valueQuantity": {"value": 7.7, "unit": "x"}, "effectiveDateTime": "2019-01-02",
        }
    )  # fmt: skip
    for question in (
        "what was her last {}", "latest {}", "what is the highest {}", "how did {} change",
        "how many {} results are there", "when was the {} last checked",
    ):  # fmt: skip
        assert said(question.format(other), held) == [], question
    assert said(f"what was her last {recorded}", held)
