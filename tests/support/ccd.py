"""Small invented C-CDA documents."""

from __future__ import annotations

CCD = "2.16.840.1.113883.10.20.22.1.2"
_ENTRY = "2.16.840.1.113883.10.20.22.4."

PERSON = """
<recordTarget><patientRole>
  <id root="2.16.840.1.113883.19.5" extension="998991"/>
  <patient>
    <name use="L"><given>Isabella</given><given>Isa</given><family>Jönsson</family></name>
    <administrativeGenderCode code="F"/>
    <birthTime value="19750501"/>
  </patient>
</patientRole></recordTarget>
"""


def document(*sections: str, template: str = CCD, person: str = PERSON, code: str = "34133-9") -> bytes:
    body = "".join(f"<component>{section}</component>" for section in sections)
    return f"""<?xml version="1.0" encoding="utf-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<templateId root="{template}" extension="2015-08-01"/>
<code code="{code}" codeSystem="2.16.840.1.113883.6.1"/>
{person}
<component><structuredBody>{body}</structuredBody></component>
</ClinicalDocument>""".encode()


def section(code: str, *entries: str, text: str = "") -> str:
    inner = "".join(f"<entry>{entry}</entry>" for entry in entries)
    return f'<section><code code="{code}"/><text>{text}</text>{inner}</section>'


def template(number: str) -> str:
    return f'<templateId root="{_ENTRY}{number}"/>'


def concern(observation: str, status: str = "active") -> str:
    return f'<act><statusCode code="{status}"/><entryRelationship>{observation}</entryRelationship></act>'


def problem(value: str, *, when: str = '<low value="2015"/>', more: str = "", negated: bool = False) -> str:
    attribute = ' negationInd="true"' if negated else ""
    return f"""<observation{attribute}>{template("4")}<statusCode code="completed"/>
<effectiveTime>{when}</effectiveTime>{value}{more}</observation>"""


def allergy(substance: str, value: str = "419199007", *, negated: bool = False) -> str:
    attribute = ' negationInd="true"' if negated else ""
    return f"""<observation{attribute}>{template("7")}<statusCode code="completed"/>
<effectiveTime><low value="19980501"/></effectiveTime>
<value xsi:type="CD" code="{value}" codeSystem="2.16.840.1.113883.6.96"/>
<participant><participantRole><playingEntity>{substance}</playingEntity></participantRole></participant></observation>"""


def drug(code: str, *, status: str = "active", time: str = "", negated: bool = False) -> str:
    attribute = ' negationInd="true"' if negated else ""
    return f"""<substanceAdministration{attribute}>{template("16")}<statusCode code="{status}"/>{time}
<consumable><manufacturedProduct><manufacturedMaterial>{code}</manufacturedMaterial></manufacturedProduct></consumable>
</substanceAdministration>"""


def result(name: str, value: str, *, when: str = "202403010830-0500", status: str = "completed", more: str = "") -> str:
    time = f'<effectiveTime value="{when}"/>' if when else ""
    return f"""<component><observation>{template("2")}
<code code="2823-3" codeSystem="2.16.840.1.113883.6.1" displayName="{name}"/><statusCode code="{status}"/>
{time}{value}{more}</observation></component>"""


def battery(*components: str) -> str:
    return f'<organizer><effectiveTime><low value="20240301"/></effectiveTime>{"".join(components)}</organizer>'
