"""Which of several volumes is taken without asking, and when a person is asked."""

from __future__ import annotations

import pytest

from pipelines.evidence.volumes.volume import About, Plane
from pipelines.tasks.imaging.choosing import choose, listed


def about(
    number: int, description: str | None, slices: int = 120, plane: Plane = "axial", modality: str = "MR"
) -> About:
    return About.model_validate(
        {
            "series": number,
            "description": description,
            "modality": modality,
            "units": "HU" if modality == "CT" else "arbitrary",
            "slices": slices,
            "rows": 512,
            "columns": 512,
            "plane": plane,
        }
    )


HEAD = (
    about(1, "T1 MPRAGE sag", plane="sagittal"),
    about(2, "Axial T2 FSE"),
    about(3, "Ax FLAIR"),
    about(4, "DWI b1000"),
)


def test_the_only_volume_is_taken() -> None:
    assert choose(HEAD[:1], "any bleeding", None).place == 0


@pytest.mark.parametrize(
    ("question", "place"),
    [
        ("is there an infarct on the flair", 2),
        ("look at the T2 images, any mass", 1),
        ("series 4, restricted diffusion?", 3),
        ("series number 1 please", 0),
        ("any midline shift on the sagittal T1", 0),
    ],
)
def test_words_that_fit_one_volume_alone_choose_it(question: str, place: int) -> None:
    assert choose(HEAD, question, None).place == place


def test_words_that_fit_several_or_none_leave_it_to_a_person() -> None:
    assert choose((*HEAD, about(5, "T2 SPACE 3D")), "blood in the subarachnoid space", None).place is None
    assert choose(HEAD, "is there a tumour", None).place is None
    assert choose(HEAD, "any lesion on the axial images", None).place is None
    assert choose(HEAD, "series 9, any lesion", None).place is None


def test_the_users_number_counts_before_words() -> None:
    chosen = choose(HEAD, "is there an infarct on the flair", 2)
    assert chosen.place == 1
    assert (chosen.why or "").endswith(": as you chose.")
    assert "number 4" in (choose(HEAD, "series 4, restricted diffusion?", None).why or "")
    assert choose(HEAD, "is there a tumour", 7).place is None


def test_of_a_ct_examination_the_axial_volume_is_taken_and_that_is_said() -> None:
    study = (
        about(1, "Topogram", slices=2, plane="coronal", modality="CT"),
        about(2, "Thorax 1.0", modality="CT"),
        about(3, "MPR cor", plane="coronal", modality="CT"),
    )
    found = choose(study, "any nodule", None)
    assert found.place == 1
    assert "number 2" in (found.why or "")
    assert "Thorax 1.0" in (found.why or "")
    both = (*study, about(4, "Thorax lung kernel", modality="CT"))
    assert choose(both, "any nodule", None).place is None
    assert choose(both, "any nodule in the lung kernel", None).place == 3


def test_the_list_names_every_volume_by_its_number() -> None:
    told = listed(HEAD)
    assert told.startswith("1: MR \u201cT1 MPRAGE sag\u201d, 120 sagittal slices of 512 x 512; 2: ")
    assert told.count(";") == 3
