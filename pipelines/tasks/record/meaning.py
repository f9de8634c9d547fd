"""Words of a question that carry no meaning for a lookup, and those that always carry one."""

from __future__ import annotations

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _with_plurals(words: frozenset[str]) -> frozenset[str]:
    """The words and their plurals; a number of days or years means something."""
    return words | {f"{word}s" for word in words if len(word) > 3 and not word.endswith("s") and word != "year"}


def phrases(text: str) -> tuple[str, ...]:
    """The phrases that a text has between strokes, those of more words first: they hold the others."""
    found = (" ".join(phrase.split()) for phrase in text.split("/"))
    return tuple(sorted(found, key=lambda phrase: -phrase.count(" ")))


#: Words that carry no meaning for a lookup.
FILLER: Final = _with_plurals(
    _words(
        """
    a able about access according accurate accurately across actual actually administer administered afternoon again
    ago ah alexa all along alongside already also although altogether am among amongst amount amounts an and answer
    answers any anybody anymore anyone anything appear appears appreciate appreciated approximate approximately
    archived are arent around as ask asked asking assistant associated at attach attached available back based basic
    basically be became become becomes been being bit blood bloods bloodwork both brief briefly bring brings brought
    by came can cant capture captured care carried carry case cases certain chart charted charting charts check
    checked checking checks chief clarification clarify client clients clinical collected collection come comes
    coming complete computer concern confirm confirmed confirming contain contained contains context corresponding
    could couldnt course curious current currently data database date dated dates day deal dealing dealt demographic
    demographics detail detailed details determine determined did didnt display displayed distinct do doc
    documentation documented documents does doesnt doing done dont double draw drawing drawn drew each ehr either
    electronic else emr enclosed enter entered entire entirely entries entry enumerate er especially evaluated ever
    every everyone everything evidence exact exactly exam excuse exist exists exported fairly far fetch figure
    figures figuring file filed files find finding folder following for formal formally found from full gave
    generally gentleman get gets getting give given gives giving glad go goes going gonna got gotta gotten grab
    grateful guy had handy happen happened happy has hasnt have havent having he health healthcare hear hearing held
    hello hence her here heres hers herself hes hey hi him himself his hm hmm hold holding holds how however hows i
    id identify if im important imported in include includes including indicate indicated individual individually
    individuals info information instant into is isnt it item itemise itemize items its itself ive just keep keeps
    kept kind kinda kindly know knowing known lab laboratory labs lady learn learning let lets letting level levels
    lie lies like line lines list listed listen listing listings literally little lives living log logged look
    looked looking looks lookup love madam made main man many mark marked may maybe me meanwhile measure
    measured measurement measurements measures medical medically member members mention mentioned might mind mister
    moment morning mr mrs ms much must my name named need needed needs net note noted notes nothing noting now
    nowadays number numbers numeric numerical o obtain obtained occasion occasions occur occurred oclock of off
    official officially oh on one ones only or our out outline overall page pages panel panels pardon part
    particular particularly patient patients per performed perhaps person picked place plasma please plus pm point
    possible possibly precise precisely present presently pretty print probably provide provided pt pull pulled
    pulling put puts quantity question quick quickly quite rather read reading readings really recall recap receive
    received receives receiving recite recollect record recorded records recover recovered regard regarding regards
    register registered relevant remember remind reply report reported reporting reports respect respective
    respectively respond result resulted results retrieve return roughly row rows run running said sample samples
    saved say says search see seeing seem seems seen separate separately serum set sets several shall she shes short
    show showed showing shown shows simple simply sir siri sit sits sitting situation so some somebody someone
    something sorry sort sorta sorting specific specifically specify specifying stand stands state stated stating
    status stay still store stored story stuff subject submitted such summary sure system taken takes tell telling
    terms test tested testing tests than thank thanks that thats the their them then there therefore theres these
    they theyre thing things this those though through thus time times to today together told took total tried try
    trying turn turned uh um under understand understanding unit units up uploaded upon us used using value values
    various verified verify very via view viewed viewing visible w walk want wanted wants was wasnt way we well went
    were werent weve what whatever whats when whens whether which whichever who whole whos whose wise with within
    woman wonder wondering wont work workup worth would wouldnt write writes written yeah year years yep yes yet you
    your youre anywhere archive archives bloke bundle chap cheers colleague colleagues dataset datapoint datapoints doc
    dossier extract fella fellow folks gal gent guys lad lass mate obs observation observations observed readout
    readouts registry repository section sections ta tab field demographics examination compute calculate derive
    work coded code clocked hit bled
    furnish determination anamnesis coding window episode managed tracked ringing phoning calling wondering
    """
    )
)
#: Phrases that are left out before anything is looked for.
COURTESY: Final = phrases(
    """
    can you / could you / would you / will you / i would like / would like / want to know / need to know / i need /
    we need /
    find out / pull up / look up / bring up / go over / over the record / across the record / over the chart /
    run through / run over / how about / what about / by any chance / if any / if so / worst case / best case / w /
    rq / pls / plz / take place / took place / takes place / taken place / carried out / on file / on record /
    in the record / in the chart / in the system / to date / any kind of / as well as / during follow up /
    during the follow up / in follow up / over follow up / during the whole record / during the record /
    over the whole record / throughout the record / any where / yes or no / true or false / all the way back /
    right back / or not / or what / or otherwise / on the index date / at the index date / any type / any kind /
    of any type / past or present / present or past /
    current or past / past or current / looking over / looking at / looking through / look over / look through /
    study window / study period / that day /
    on that day / that date / to bother you / trouble you for /
    to trouble you / for bothering you / to disturb you / recorded as / in the period / during the period / a lot /
    as it stood /
    as they stood / until now / until today / till today / up to today / in the meantime / up to now /
    till now / till date / as of now /
    up to the present / so far / go to / at all / question / in all
    """
)
#: Words that say what a value is of, when, or for whom: left over, they mean that something else was asked.
MEANINGFUL: Final = _words(
    """
    abdomen abnormal above adam adams admission after alan alcohol alice allen anderson andrew anna anne antibody
    antigen arterial artery ascites average baby bailey baker barbara before bell below ben between birth blocker
    bob bone boss brain breast brian calcium campbell cancer capillary carrier carter channel charles chemotherapy
    chest child children chris clark clearance clinic collins colon color colour cook cooper cord corrected cox csf
    culture daily daniel david davis decrease diabetic dialysis diet direct discharge distribution doctor donor
    dosage dose doses drugs dry during edward edwards elizabeth emma employer evans exceed exceeded exceeds except
    excluding excretion exercise eye eyes faecal fasting fecal fetal fewer fifth food foot fourth frank free friend
    future gain gene george goal gray greater green half hand harris heart helen henry higher hill hip home hospital
    hourly house howard icu ideal increase indirect infant insurance iodide ionised ionized iron jack jackson james
    jane jason jeff jennifer jim job joe john johnson jones karen kate kevin kidney kids king knee laura least lee
    left less lewis limit linda lisa liver loss louis lower lung margaret maria martin mary maternal matthew mean
    median mg michael mike miller mitchell money monthly moore more morris murphy mutation nancy neighbor nelson
    never newborn next no none will due nor normal not nurse operation other over parker paul peak percent percentage
    percentile peter peterson phillips physician planned pleural potassium preceding pregnancy pregnant prior
    protein ramirez random range rate ratio reed richard richardson right robert roberts rogers roommate ruth saliva
    sam sarah scheduled school score scott screen screening second sex sexual shoe since skin sleep smith sodium
    spinal steve stewart stool stress supplement supplements surgeon surgery susan sweat synovial target taylor than
    therapy third thomas three titer tobacco tom tomorrow tony total transplant travel treatment trough turner twice
    two under until upcoming upper urinary urine variability vein venous vitamin walker ward water watson weekly
    cost price fee bill hours parking policy while william williams wilson without work wright
    """
)
#: Words that say when: a clause with one of them is never passed over.
TIME: Final = _words(
    """
    january february march april may june july august september october november december monday tuesday wednesday
    thursday friday saturday sunday yesterday today tonight day days week weeks weekend month months year years night
    ago spring summer autumn fall winter christmas easter
    """
)
#: Words that ask for judgement, not for an entry.
JUDGEMENT: Final = _words(
    """
    abnormal adjust advice advise appropriate bad because believe better cause caused causes causing compare
    compared concerned concerning continue contraindicated contraindication control controlled danger dangerous
    decrease deteriorating differential dosage dose due elevated explain explanation goal good high improved
    improvement improving increase indicated interact interaction interactions interpret interpretation likely low
    manage management mean meaning means normal okay overview predict prognosis reason recommend recommendation
    recommended related risk risks safe should shouldnt stable start stop suggest summarise summarize summary switch
    target think treat treatment uncontrolled unsafe versus why worried worrisome worry worrying worse worsened
    worsening
    """
)
KIN: Final = _words(
    """
    aunt brother cousin dad daughter family father grandfather grandmother husband mom mother parent parents
    relatives sibling siblings sister son uncle wife
    """
)
#: Words that make a name of a procedure something else: a time, a plan, a result.
NOT_A_NAME: Final = _words(
    """
    above after average before below complication complications during except if instead mean never next no not off
    outcome pending planned scheduled since than then until without
    """
)
#: After "is she on …": these words mean a class of medicines, which names in a record do not tell.
DRUG_CLASS: Final = _words(
    """
    antibiotic antibiotics anticoagulant anticoagulants antidepressant antidepressants anything birth blocker
    blockers blood chemo chemotherapy cholesterol contraception contraceptive diabetes dialysis diet diuretic
    diuretics else heart inhaler inhalers inhibitor inhibitors nsaid nsaids opioid opioids oxygen pain pressure
    sleeping something statin statins steroid steroids therapy thinner thinners water
    """
)
