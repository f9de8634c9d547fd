"""Rows of laboratory reports, made up: a few by hand, and any at all for property tests."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st

from pipelines.evidence.documents.page import Box
from pipelines.tasks.lab.rows import Doubt, Earlier, LabReport, Limits, Named, NotUnderstood, Reference, Row

REPORT = LabReport(
    patient=Named(name="Zoë Šedá", birth_date="1953-06-02", sex="female", id="bf823ea4"),
    laboratory="Meadow <b>Lab</b> & Sons",
    collected="2026-06-07T08:15",
    specimen="Serum",
    rows=(
        Row(
            panel="Basic Metabolic Panel",
            test="Potassium",
            loinc="2823-3",
            value="5.60",
            printed="5.60 H",
            unit="mmol/L",
            ucum="mmol/L",
            reference=Reference(text="3.5 - 5.0", limits=Limits(low="3.5", high="5.0")),
            flag="H",
            flag_printed="H",
            computed="H",
            earlier=(Earlier(printed="4.1", heading="01.05.2026"),),
            comment="Sample slightly haemolysed.",
            page=1,
            box=(0.1, 0.2, 0.9, 0.22),
            read="Potassium 5.60 H mmol/L 3.5 - 5.0",
        ),
        Row(
            panel="Basic Metabolic Panel",
            test="CRP",
            value="0.5",
            comparator="<",
            printed="< 0.5",
            unit="mg/dL",
            ucum="mg/dL",
            reference=Reference(text="<0.5", limits=Limits(high="0.5", high_counts=False)),
            computed="N",
            page=1,
            box=(0.1, 0.23, 0.9, 0.25),
            read="CRP < 0.5 mg/dL <0.5",
        ),
        Row(
            test="Haemoglobin",
            value="11.9",
            printed="11.9",
            unit="g/dL",
            ucum="g/dL",
            reference=Reference(
                text="Male 13.5-17.5, Female 12.0-15.5",
                limits=Limits(low="12.0", high="15.5", for_whom="Female"),
                others=(
                    Limits(low="13.5", high="17.5", for_whom="Male"),
                    Limits(low="12.0", high="15.5", for_whom="Female"),
                ),
            ),
            computed="L",
            flag_disagrees=True,
            specimen="Whole blood",
            collected="2026-06-06",
            page=2,
            box=(0.05, 1 / 3, 0.95, 0.351),
            read="Haemoglobin 11.9 g/dL Male 13.5-17.5, Female 12.0-15.5",
            doubts=(Doubt(cell="value", why="two of its figures look alike"),),
        ),
        Row(
            panel="Urine",
            test="Nitrite",
            text="Negative",
            printed="Negative",
            reference=Reference(text="Negative", limits=Limits(expected="Negative")),
            computed="N",
            specimen="Urine",
            page=2,
            box=(0.05, 0.4, 0.95, 0.42),
            read="Nitrite Negative Negative",
        ),
    ),
    not_understood=(NotUnderstood(text="Chol l9O ?", why="no number", page=2, box=(0.05, 0.5, 0.95, 0.52)),),
    notes=("Page 3 holds no table.",),
)

#: Text as it is printed: no control characters, not only white space, none around it.
_texts = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Cn", "Zl", "Zp", "Zs"), include_characters=" "), max_size=30
)
texts = _texts.map(str.strip).filter(bool)
_numbers = st.decimals(-99999, 99999, allow_nan=False, places=3).map(lambda n: f"{n.normalize():f}")
numbers = st.one_of(_numbers, st.sampled_from(("0", "0.80", "6.10", "140", "-1.0"))).filter(
    lambda n: Decimal(n) == Decimal(n)
)
_dates = st.dates().filter(lambda day: day.year >= 1000).map(str)
_moments = st.one_of(_dates, _dates.map(lambda day: f"{day}T08:15"), texts)
_codes = st.sampled_from(("mg/dL", "mmol/L", "10*9/L", "%", "[iU]/L"))
_flags = st.sampled_from(("N", "L", "H", "LL", "HH", "A", "AA"))


def maybe(strategy: st.SearchStrategy[str]) -> st.SearchStrategy[str | None]:
    return st.none() | strategy


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    left, right = sorted((draw(st.floats(0, 1)), draw(st.floats(0, 1))))
    upper, lower = sorted((draw(st.floats(0, 1)), draw(st.floats(0, 1))))
    return left, upper, right, lower


@st.composite
def limits(draw: st.DrawFn) -> Limits:
    low, high = draw(maybe(numbers)), draw(maybe(numbers))
    return Limits(
        low=low,
        high=high,
        low_counts=low is None or draw(st.booleans()),
        high_counts=high is None or draw(st.booleans()),
        expected=draw(texts) if low is None and high is None else draw(maybe(texts)),
        for_whom=draw(maybe(texts)),
    )


references = st.builds(
    Reference, text=texts, limits=st.none() | limits(), others=st.lists(limits(), max_size=3).map(tuple)
)


@st.composite
def rows(draw: st.DrawFn) -> Row:
    value = draw(maybe(numbers))
    return Row(
        panel=draw(maybe(texts)),
        test=draw(texts),
        loinc=draw(maybe(st.from_regex(r"[0-9]{1,7}-[0-9]", fullmatch=True))),
        value=value,
        comparator=draw(st.sampled_from((None, "<", "<=", ">", ">="))) if value else None,
        text=None if value else draw(maybe(texts)),
        printed=draw(texts),
        unit=draw(maybe(texts)),
        ucum=draw(maybe(_codes)),
        reference=draw(st.none() | references),
        flag=draw(st.none() | _flags),
        flag_printed=draw(maybe(texts)),
        computed=draw(st.none() | _flags),
        flag_disagrees=draw(st.booleans()),
        specimen=draw(maybe(texts)),
        collected=draw(maybe(_moments)),
        earlier=draw(st.lists(st.builds(Earlier, printed=texts, heading=texts), max_size=2).map(tuple)),
        comment=draw(maybe(texts)),
        page=draw(st.integers(1, 2000)),
        box=draw(boxes()),
        read=draw(texts),
        doubts=draw(
            st.lists(
                st.builds(Doubt, cell=st.sampled_from(("test", "value", "unit", "reference", "flag")), why=texts),
                max_size=2,
            ).map(tuple)
        ),
    )


reports = st.builds(
    LabReport,
    patient=st.builds(
        Named,
        name=maybe(texts),
        birth_date=maybe(_dates | texts),
        sex=st.sampled_from((None, "female", "male")),
        id=maybe(texts),
    ),
    laboratory=maybe(texts),
    collected=maybe(_moments),
    specimen=maybe(texts),
    rows=st.lists(rows(), max_size=5).map(tuple),
    not_understood=st.lists(
        st.builds(NotUnderstood, text=texts, why=texts, page=st.integers(1, 9), box=boxes()), max_size=2
    ).map(tuple),
    notes=st.lists(texts, max_size=2).map(tuple),
)
