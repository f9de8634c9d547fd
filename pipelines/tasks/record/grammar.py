"""The phrases of the question grammar, by what they ask for."""

from __future__ import annotations

import re
from typing import Final

from pipelines.tasks.record.meaning import JUDGEMENT, KIN, NOT_A_NAME, phrases
from pipelines.tasks.record.person import Field

COUNT: Final = phrases(
    """
    how many times / how many / total number of / number of / how often /
    on how many occasions / how frequently / the count / how much number
    """
)
#: Alone, these count only beside the name of something that is counted.
COUNTED: Final = phrases(
    """
    count of / count the / count / total / tally
    """
)
YES_NO: Final = frozenset({"is", "does", "has", "did", "was", "do", "have", "any", "are", "had", "were"})
LAST: Final = phrases(
    """
    most recent / most recently / last recorded / latest / last / newest / recent / lately / final / most current /
    last time / previous time
    """
)
#: Words that ask what a procedure showed, which its entry does not say.
FOUND: Final = frozenset(
    "found find show showed shows shown reveal revealed result results finding findings outcome outcomes".split()
)
#: "How many years": what is counted is not the results.
HOW_MANY_ELSE: Final = re.compile(
    r"\bhow many (?:years|months|weeks|days|hours|minutes|packs|units|grams|milligrams)\b"
)
LAST_FEW: Final = re.compile(
    r"\b(?:last|past|latest|most recent|recent|previous) (?P<n>\d{1,2})(?= (?!day|week|month|year)|$)"
)
FIRST: Final = phrases(
    """
    very first / earliest / oldest / first / initial / initially / baseline / originally / start out / started out /
    start off / started off / start at / started at / begin at / began at /
    back to the start / at the start / from the start / starting value / starting level / at the outset /
    at first / we started from / we started with / we began with / started from / starting point /
    starting value / to begin with / to start with
    """
)
HIGHEST: Final = phrases(
    """
    highest / maximum / maximal / peak / all time high / high point / highest point / ceiling / record high /
    high water mark / peaked / max / greatest / largest / biggest / top / how high has / how high did /
    how far up / worst high / most elevated / most extreme high / extreme high / upper extreme / heaviest / tallest /
    at its highest
    """
)
LOWEST: Final = phrases(
    """
    lowest / minimum / minimal / min / all time low / low point / lowest point / bottom / record low / floor /
    how far down / worst low / nadir / most extreme low / extreme low / trough / lower extreme / smallest / least /
    how low has /
    how low did / lightest / at its lowest
    """
)
#: Beside the highest and the lowest: "how high has it gone".
REACHED: Final = ("gone", "went", "go", "got", "reach", "reached", "climb", "climbed", "risen", "dip", "dipped", "sunk")
TREND: Final = phrases(
    """
    what happened to / what became of /
    first and the last / first and last / first and the most recent / first versus last / first vs last /
    first to last / gone up or down / go up or down / up or down / gone up / gone down / go up / go down / went up /
    went down / increased / decreased / increase / decrease / risen / fallen / rise / fall / rose / by how much /
    how much did / how much has / how far has / how different / different / changes / changing /
    summarize the change / summarise the change / summarize / summarise / versus / vs / compared to /
    compared with / going up or down / going up / going down / climbed / dropped / drop / dropping / rising /
    falling / improved / better or worse / shift / shifted / delta / variation / moved / move / developed /
    evolution / development / trajectory / course / trends / progressed / compare / compared / comparison /
    overall change / changed between / change between / difference between / changed / change / trend / trended /
    trending / direction of travel / which way / develop / developing / how far off / how much higher or lower /
    how much lower or higher /
    how much higher / how much lower / higher or lower /
    direction / heading / headed / plot / graph / better or worse /
    better than when / worse than when / pattern / fluctuated / varied / evolved /
    over time / over the years / through the years / through time / progression / difference
    """
)
FROM_FIRST_TO_LAST: Final = re.compile(
    r"\b(?:between |from |comparing )?(?:the |its )?(?:very )?(?:first|earliest|oldest|initial|baseline)"
    r"(?: recorded| available| measured)?(?: (?:reading|value|measurement|result|one))?"
    r" (?:and|to|versus|vs|through|with) "
    r"(?:the |its )?(?=(?:very )?(?:last|latest|most recent|newest|final|current))"
)
#: "Since the first one": from the first to the last.
SINCE_FIRST: Final = re.compile(
    r"\bsince (?:(?:the |its |his |her )?(?:very )?(?:first|beginning|start|baseline|outset)"
    r"(?: recorded| available| ever)?(?: (?:reading|value|measurement|result))?(?: was (?:taken|recorded|measured))?"
    r"|(?:it|they|this|that) (?:was|were) (?:first|initially) (?:\w+ed|taken|drawn|done|seen)"
    r"|(?:we|you|they) (?:have )?(?:(?:first|initially) \w+(?: (?:it|them|her|him))?|known (?:her|him|them))"
    r"|(?:we|you|they|records?|monitoring|tracking|measurements?|testing) (?:have )?(?:started|began|begun|start|begin)"
    r"(?: \w+ing)?(?: (?:it|her|him|them))?)(?= |$)"
)
ALL: Final = phrases(
    """
    all / every / each / history / list / complete / individual / series
    """
)
ABNORMAL: Final = phrases(
    """
    abnormal / out of range / outside the normal range / outside the reference range / outside of range /
    outside normal limits / flagged / abnormalities / not normal / out of the normal range
    """
)
#: Words that ask whether a value is normal; the record may say so itself.
JUDGED: Final = (
    *ABNORMAL,
    *phrases(
        "normal / within normal limits / in range / within range / in the normal range / too high / too low / elevated"
        "/ high / low / ok / okay / fine / alright"
    ),
)
WHEN: Final = frozenset({"when", "date"})
#: "How long ago": what is asked is the time from an entry until today.
ELAPSED: Final = re.compile(
    r"\b(?:how (?:long|much time|many (?:years|months|weeks|days))(?: ago)?"
    r"(?: (?:has|have|is|was|it|been|gone|passed|elapsed|now"
    r"|by|did))* (?:since|ago)(?: (?:was|is|did))?"
    r"|how (?:long|far back|much time)(?: (?:has|have|is|was|it))* (?:ago|back|been since)(?: (?:was|is|did))?"
    r"|how (?:long|many (?:years|months|weeks|days)) ago(?: (?:was|is|did))?"
    r"|(?:amount of |length of )?time (?:that has |that s |has )?(?:elapsed |passed |gone by )?since"
    r"|(?:years|months|weeks|days|interval) (?:elapsed |passed )?since|how long has it been)(?= |$)"
)
LASTED: Final = phrases(
    """
    how long / for how long / since when / duration
    """
)
REASON: Final = phrases(
    """
    for which illness / which illness / what illness / for which disease / which disease / linked to / tied to /
    attached to / meant to treat / intended to treat / supposed to treat / for what reason /
    for which reason / reason for / reasons for / reason / reasons / why / indication for /
    indication / indications / what for / for what / used for / used to treat / treat / treated with / target /
    address / prescribed to treat / to treat / purpose of / purpose / taken for / which condition / what condition /
    what problem / which problem / because of / which diagnosis / what diagnosis / brought in for
    """
)
STARTED: Final = phrases(
    """
    start date / starting / date of start / started / start taking / start / begin taking / began taking / begin /
    began /
    begun / initiated / commenced / put on / placed on / first prescribed / first ordered / initiation / go on /
    went on / introduced
    """
)
STOPPED: Final = phrases(
    """
    ceased / withdrawn / halted / stop date / end date / stopped / stop taking / stop / discontinued / ended /
    end / finished / come off /
    came off / taken off / discontinuation / quit / resolve / resolved / go away / went away
    """
)
ONSET: Final = phrases(
    """
    starting / labelled / labeled / incident / added / picked up / pick up / came up / come up / noticed /
    discovered /
    detected / identified /
    spotted /
    came on / come on /
    acquired / acquire / emerged / emerge / arise / arose / occurred / started having / first noted / onset date /
    date of onset / onset / newly diagnosed / first diagnosed / get diagnosed / got diagnosed / diagnosed with /
    diagnosed / diagnose / new / newly / developed / develop / appeared / first appear / appear / began / begin /
    started / start / first documented / made / come down with / came down with / date of diagnosis /
    contract / contracted
    """
)
DOSE: Final = phrases(
    """
    dosage / dose / dosing / how much / strength / instructions / how many milligrams / sig
    """
)
WHO: Final = phrases(
    """
    who prescribed / who ordered / who saw / who did she see / who did he see / who performed / prescriber /
    prescribed by whom / by whom / which doctor / which provider / who
    """
)
MEDICATION: Final = phrases(
    """
    active medications / being given / regulars / drug history / medication history /
    medicine history /
    drug chart / drug regimen /
    regimen / medication regimen / pharmacologic / pharmacological therapy /
    medication profile / prescription list / prescribing / medication orders / medication requests /
    medication request / medication list / med list / drug therapy / pharmacotherapy / rx / drug list / prescribe /
    scripts / script / tablets / medicated / take / use / uses / treated with / medications /
    medication / medicines / medicine / meds / med / drugs / drug / prescriptions / prescription / prescribed /
    pills / taking / takes / she take / he take / patient take / orders / order / ordered
    """
)
#: What becomes of medicines after they were ordered, which no order tells.
HANDLED: Final = frozenset("pick picked collect collected miss missed misses skip crush filled refill refills".split())
ALLERGY: Final = phrases(
    """
    react allergically / allergically / allergic reactions / allergic reaction / allergens / allergen /
    allergic to any medications / allergic to any drugs / allergies to medications / allergies to any medications /
    allergies / allergy / allergic / nkda / nka / intolerances / intolerance / react to / reacts to / reaction to /
    reactions to / hypersensitivities / hypersensitivity / intolerant / reacted to
    """
)
CONDITION: Final = phrases(
    """
    known for / told they have / told she has / told he has /
    recovered from / recover from / got over / living with / live with / dealing with / suffering from /
    struggling with / battling / afflicted with / affected by / medical history / health history / troubles /
    complaints / morbidities / comorbidity / sicknesses / sickness / medical state / problem list /
    health problems / medical problems / health conditions / medical conditions / health issues / medical issues /
    issues / dx / dxs / hx / ailments / disorders / disorder / illness / sick with / wrong with / diagnose /
    treated for / pmhx / chronic / findings / conditions / condition / diagnoses / diagnosis / diagnosed /
    problems / problem / comorbidities / disease / diseases / illnesses / past medical history / history / pmh /
    suffer / suffers
    """
)
VACCINATION: Final = phrases(
    """
    imms / imm / vaccs / vacs / vaxes / jags / immunization history / vaccine history / vaccination history /
    vaccinated against / immunized against /
    inoculations / inoculated / jabbed / doses of / doses / immunisation / boosters / shots / shot / vaccinations /
    vaccination / vaccines / vaccine / vaccinated / immunizations / immunization / immunisations / immunized /
    immunised / jab / jabs / booster / vax
    """
)
ADMISSION: Final = phrases(
    """
    inpatient treatment / inpatient care / in the hospital / in hospital / to the hospital / to hospital /
    hospital admissions / hospital admission /
    inpatient stays / inpatient stay / inpatient admission / inpatient encounters / inpatient encounter /
    hospitalisations / admit / stayed in the hospital / admitted / admission / admissions / hospitalized /
    hospitalised / hospitalization / hospitalizations / hospitalisation / inpatient / hospital stay /
    hospital stays / hospital
    """
)
EMERGENCY: Final = phrases(
    """
    a and e / casualty / emergent / emergency care / emergency room / emergency department / emergency / er / e r /
    ed
    """
)
VISIT: Final = phrases(
    """
    came by / stopped by / checked in / follow ups / follow up / office appointments /
    trips / trip / attendances / attendance / presentations / through the door / see the doctor / seen by / see us /
    saw the patient / come through the door / contacts with the health system / contacts / contact / office visits /
    office visit / consultations / consultation / check in / come in / came in / comes in / been in / last in /
    show up / showed up / come to the clinic / in clinic / been here / here last / checkups / last saw / saw /
    encounters / encounter / visits / visit / visited / appointments / appointment / seen / see her / see him
    """
)
#: Ways of saying that somebody came, which mean a visit only where nothing else is asked for.
CAME_IN: Final = phrases(
    """
    she here / he here / they here / patient here / last in / been in / come in / came in / been here / in last /
    turn up / turned up / show up / drop in / dropped in / pop in / popped in / last here / in total / showed up /
    came / come / been / last time in / in
    """
)
PROCEDURE: Final = phrases(
    """
    procedurally / interventions / intervention / surgical procedures / surgical history / undergo / surgical /
    procedures / procedure / surgeries / surgery / operations / operation / performed / undergone / underwent
    """
)
#: Words that are said of what was stopped as well: "which are stopped now".
NOW: Final = frozenset("now currently presently present current today moment minute".split())
ACTIVE: Final = phrases(
    """
    in force / active / actively / ongoing / present / current / currently / presently / unresolved / open /
    right now /
    at the moment / at the minute / at this time / at this point / for now / these days / existing / still / now /
    today / at present
    """
)
PAST: Final = phrases(
    """
    come off / now better / got better / gotten better / in remission / remission / over and done with /
    done with / closed /
    ceased / withdrawn / halted / cleared up /
    off of / gone /
    no longer taking / no longer on /
    recovered from / recovered / got over / gone away / went away / over with / healed / cured / been stopped /
    came off / taken off / been discontinued / cancelled / no more / no longer active / no longer current /
    no longer / not active / not current / in the past / used to take / used to be on / used to have / used to /
    past / resolved / inactive / previous / previously / prior / stopped / discontinued / former / formerly / old /
    ended / completed / finished
    """
)
ON: Final = re.compile(r"\b(?:is|was|been|being|still|now|currently|patient|she|he|they) on\b|\b(?:on|using)$")
PERSON: Final[dict[Field, tuple[str, ...]]] = {
    "birth": phrases(
        """
        date of birth / birth date / birthdate / birthday / dob / d o b / born / birth / date of her birth
        """
    ),
    "age": phrases("how old / age"),
    "sex": phrases(
        """
        administrative gender / sex / gender / male or female / female or male / male / female
        """
    ),
    "alive": phrases(
        """
        still with us / with us / vital status / still alive / still living / living or deceased / alive or dead /
        alive or deceased / alive /
        deceased / dead / died / die / living / death / passed away / expired
        """
    ),
    "contact": phrases(
        """
        emergency contact number / emergency contact phone / number of the emergency contact / emergency contacts /
        emergency contact / next of kin number / next of kin phone / next of kin
        """
    ),
    "phone": phrases(
        """
        what number do we have / what number have we /
        which number do we have / best number / tel number / tel no / tel / number to reach / number to ring /
        number can we ring /
        number can we call / number to call / contact number / phone number / telephone number / telephone / phone /
        mobile / cell number
        """
    ),
    "email": phrases("email address / e mail address / email / e mail"),
    "address": phrases(
        """
        what number street / street address / mailing address / patient home / home address / address /
        where does the patient live / where does she live / where does he live / where do they live / residence /
        which city / what city / town / village / suburb / postcode / post code / zip code / postal code / city
        """
    ),
    "marital": phrases(
        """
        marital status / marital situation / family status / marital state / civil status / relationship status /
        single or married / married or single / married /
        single / divorced / widowed
        """
    ),
    "language": phrases(
        """
        preferred language / primary language / language / what language / speak / speaks
        """
    ),
    "race": phrases("race"),
    "ethnicity": phrases("ethnicity / ethnic group"),
    "identifier": phrases(
        """
        medical record number / record number / mrn / m r n / patient id / patient identifier
        """
    ),
    "provider": phrases(
        """
        her doctor / his doctor / patient doctor / primary care provider / primary care physician /
        primary care doctor / general practitioner /
        family doctor / family physician / pcp / p c p / gp / g p
        """
    ),
    "name": phrases(
        """
        full name / called / name of the patient / patient name / first name / last name / surname
        """
    ),
}
CARE: Final = {
    "CareTeam": phrases("care team / care teams / members of the care team / caregivers"),
    "CarePlan": phrases("care plans / care plan / plan of care / plans of care"),
    "Goal": phrases("treatment goals / health goals / care goals / goals / goal"),
}
#: Words that a name never holds: they ask for something else, or for someone else.
NEVER_A_NAME: Final = (
    JUDGEMENT
    | NOT_A_NAME
    | KIN
    | {
        word
        for words in (MEDICATION, ALLERGY, VACCINATION, VISIT, LAST, FIRST, PROCEDURE, ADMISSION, EMERGENCY)
        for word in words
        if word not in {"use", "take", "open"}
    }
)
#: All phrases whose words always mean something.
GROUPS: Final = (
    MEDICATION, ALLERGY, CONDITION, VACCINATION, ADMISSION, EMERGENCY, VISIT, PROCEDURE, PAST, HIGHEST, LOWEST, FIRST,
    LAST, TREND, REASON, *PERSON.values(), *CARE.values(),
)  # fmt: skip
#: Every group of phrases.
VOCABULARY: Final = (
    *GROUPS, COUNT, COUNTED, ALL, ABNORMAL, LASTED, STARTED, STOPPED, ONSET, DOSE, WHO, ACTIVE,
)  # fmt: skip
