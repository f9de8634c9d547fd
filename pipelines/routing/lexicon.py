"""The words that the cues look for, in written, spoken and misrecognised forms; matched against lower-case words."""

from __future__ import annotations

import re
from typing import Final


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


#: What the words can name: attachment kinds, and what is said instead of one.
NAMES: Final[dict[str, re.Pattern[str]]] = {
    name: re.compile(rf"\b(?:{pattern})\b")
    for name, pattern in {
        "chest-xray": r"chest ?(?:x ?-?rays?|films?|pictures?|pics?|radiographs?|images?|photos?|plain|rads?)|c ?x ?r|"
        r"see ex ar[e]?|chests?|thora(?:x|cic) (?:films?|radiographs?|images?)|portable|lungs? (?:films?|images?)",
        "film": r"films?|x ?-?rays?|ex rays?|radiographs?|plain film",
        "bone": r"wrist|hand|foot|ankle|knee|hip|pelvis|pelvic|shoulder|elbow|finger|toe|femur|tibia|humerus|forearm|"
        r"spine|lumbar|cervical|abdominal (?:film|x ?ray)|scaphoid|clavicle|calcaneus|heel|thumb|jaw|leg|arm|bone",
        "ct-series": r"c ?t(?:s|a)?|c t a|cat scans?|see tee|cee tee|sea tea|c tea|computed tomograph\w*|"
        r"tomogram|h ?r ?c ?t",
        "mr-series": r"m ?r(?: ?i| ?a| ?eye)?s?|em are?(?: (?:eye|i))?|em ar(?: (?:eye|i))?|"
        r"magnetic resonance|mister i|"
        r"m r c p|mrcp|flair|diffusion|tee two|t2",
        "scan": r"scans?|series|volume|study|imaging|slices?",
        "whole-slide": r"slides?|whole ?-?slides?|sections?|h and e|specimen|biops(?:y|ies)|w ?s ?i",
        "patch": r"patch|tile|field|micrograph|histolog\w+|crop|cells?|stain\w*|gland\w*",
        "dermatology": r"skin|moles?|rash\w*|derm\w*|spot|naevus|nevus|freckle|blister\w*|lesion|itchy?",
        "fundus": r"fundus|fundi|retin\w+|optic|dis[ck]s?|macula\w*|eyes?|cup to|vessels",
        "image": r"images?|pictures?|photos?|pics?|photograph\w*|snap|snapshot|jpe?g|shot",
        "lab-report": r"labs?|lab ?(?:sheet|report|slip|form|page)s?|sheet|print ?out|results?|bloods?|panel|values?|"
        r"c ?b ?c|f ?b ?c|full blood count|blood ?work|flagged",
        "fhir-record": r"records?|charts?|notes?|e ?h ?r|e ?m ?r|file|fhir|history|admissions?|on file|documented",
        "document": r"p ?d ?f|documents?|paper|letter|attach\w*|guidelines?|leaflet|page|protocol|file",
        "guideline": r"in general|generally|guidelines?|usual\w*|textbook|typical\w*|first ?-?line|"
        r"recommend\w*|evidence",
    }.items()
}

SHAPES: Final[dict[str, re.Pattern[str]]] = {
    name: re.compile(pattern)
    for name, pattern in {
        "wh": r"^(?:(?:uh|um|er|so|okay|right|and|well|hm+|please|hi|hey|now|yeah) )*(?:what|which|when|who|"
        r"why|how|whats)\b",
        "where": r"\b(?:where|wheres|where's|whereabouts)\b",
        "yes-no": r"^(?:(?:uh|um|er|so|okay|right|and|well|hm+|now|yeah) )*"
        r"(?:is|are|was|were|does|do|did|has|have|had|can|could|would|should|any|isn't|isnt)\b",
        "imperative": r"^(?:(?:uh|um|er|so|okay|right|and|well|hm+|please|now|just|can you|could you|"
        r"would you|kindly) )*"
        r"(?:read|report|describe|tell|give|show|mark|outline|box|trace|draw|point|locate|find|list|summari[sz]e|"
        r"compare|look|check|review|interpret|transcribe|extract|pull|grade|label|highlight|circle|assess|evaluate|"
        r"write|do|get|let|run|make|put|type|explain|dictate|note|document|prepare|go|take|have|judge)\b",
        "mark": r"\b(?:mark|outline|box|trace|draw|circle|point|locate|highlight|label|pin|bound\w*|contour|"
        r"segment|ring)\b",
        "compare": r"\b(?:compar\w+|chang\w*|differ\w*|better|worse|progress\w*|interval|versus|vs|improv\w*|new|since|"
        r"evol\w+|trend|previous|prior|earlier|yesterday|older?|both|between|two|side by side|grown|resolv\w+)\b",
        "read": r"\b(?:read|report|interpret\w*|findings|impression|formal|wet read|write up|look over|full)\b",
        "overview": r"\b(?:summar\w+|overview|hand ?over|time ?line|history|potted|brief|story|background|"
        r"run ?down|catch|"
        r"gist|synopsis|narrative|recap|precis|sbar|s bar|nutshell|sign ?out|problem list|journey)\b",
        "last": r"\b(?:last|latest|most recent|previous|first|ever|when|trend|how many|times|list|dates?|since)\b",
        "two-wishes": r"\b(?:and also|also|as well|plus|and (?:tell|read|report|what|is|the|summar\w+|give|"
        r"how|list|then)|"
        r"while you're at it|both|or|either|whichever|and)\b",
        "order": r"\b(?:first|then|after|afterwards|before|priority|start with|begin|later|most urgent\w*|"
        r"once|followed)\b",
        "not-this": r"\b(?:not (?:this|the|that|about|from|on|in)|ignore|forget|never mind|leave|apart from|aside|"
        r"nothing to do|regardless|don't|dont|without|only|just)\b",
        "general": r"\b(?:in general|generally|guideline\w*|usual\w*|textbook|dose|dosing|how (?:do|long|often|much)|"
        r"causes?|treat\w*|mechanism|difference|first ?-?line|recommend\w*|indication\w*|contraindicat\w*|"
        r"side effects?)\b",
        "patient": r"\b(?:he|she|his|her|him|this (?:patient|man|woman|lady|gentleman|child|boy|girl|chap)|"
        r"the patient\w*|"
        r"their|they|mr|mrs|missus|mister)\b",
        "this": r"\b(?:this|these|that|those|here|it)\b",
        "order-or-call": r"\b(?:order|book|call|phone|ring|page|bleep|text|email|send|play|remind|schedule|"
        r"print|delete|"
        r"turn|reset|open|close|scroll|transfer|prescribe|sign|refer|discharge|cancel|set|translate|save)\b",
        "order-first": r"^(?:(?:uh|um|er|so|okay|right|and|well|hm+|please|now|just|yeah|can you|could you|"
        r"would you) )*"
        r"(?:order|prescribe|start(?! with)|stop|book|request|send|email|forward|push|print|delete|call|phone|ring|"
        r"text|page|bleep|switch|change|transfer|add|refill|reorder|renew|schedule|cancel|refer|admit|discharge|repeat|fill|"
        r"issue|burn|share|ask|remind|increase|reduce|give (?:him|her|them) (?!a sum))\b",
        "spoken-punctuation": r"\b(?:full stop|period|comma|new (?:line|paragraph)|colon|next paragraph|"
        r"semicolon)\b|[{}]",
        "dictation": r"\b(?:noted|seen|denies|presents?|presented|reviewed|admitted|discharged|follow ?up|plan|started|"
        r"continue\w*|examination|impression|bilateral|tender|stable|history of|year ?old|complain\w*|"
        r"advised|performed|"
        r"no evidence|normal|consistent with|will|weeks|days|milligrams?|post op\w*)\b",
        "please": r"\b(?:please|could you|can you|would you|i want|i need|i'd like|want|need|like)\b",
        "first-person": r"\b(?:i|me|my|we|us|our)\b",
    }.items()
}

#: Words that carry no wish: a request of nothing else is noise, one that ends in one was cut off.
FUNCTION: Final = _listed(
    "a about actually ah alright an and anyway are as at be because bear been but by bye can could did do does er "
    "erm for from give go going good had hang has have he hello her hey hi his hm hmm hold i if in is it its just "
    "know let like listen maybe me mean meant mhm minute mm moment morning my no not now of oh ok okay on one or other "
    "our please right said sec second she should sir so sorry stop such than thank thanks that thats the their them "
    "then there these they thing this those to uh uhm um up wait was we well were what will with would yeah yep yes "
    "you your what's that's it's i'm"
)
CUT_OFF: Final = _listed(
    "a an and are because by can could did do does for from had has have her his i if in is my of on or our so such "
    "than that the their to was we were when which while who will with would your but then"
)
ANALYTE: Final = re.compile(
    r"\b(?:potass\w*|sodium|creat\w*|urea|bun|h(?:a?e)mo?globin|hemoglobin|haemoglobin|h b|platelets?|"
    r"white (?:cells?|count)|"
    r"wcc?|wbc|neutro\w*|lympho\w*|eosin\w*|bilirubin|a ?l ?t|a ?s ?t|alk phos|a ?l ?p|g ?g ?t|albumin|calcium|"
    r"phosphate|magnes\w*|mag|glucose|sugar|a one c|a1c|hba1c|lactate|c ?r ?p|e ?s ?r|ferritin|iron|"
    r"transferrin|b ?12|b twelve|"
    r"folate|t ?s ?h|t four|free t\w*|cortisol|troponin|b ?n ?p|d ?-?dimer|i ?n ?r|aptt|p ?t ?t|lipase|"
    r"amylase|psa|p s a|"
    r"cholesterol|ldl|hdl|triglycerides?|vitamin \w+|tacro\w*|culture|serolog\w*|urinalysis|titres?|titers?|anion gap|"
    r"bicarb\w*|chloride|ammonia|c ?k|ldh|l d h|procalcitonin|gas|p ?h|e ?g ?f ?r|protein|electrophoresis|antibod\w*)\b"
)
DRUG: Final = re.compile(
    r"\b\w{2,}(?:mab|pril|olol|artan|statin|cillin|mycin|micin|oxacin|azole|prazole|tidine|parin|xaban|gatran|"
    r"gliptin|gliflozin|formin|glutide|sone|solone|tinib|ciclib|platin|taxel|rubicin|bine|trexate|prine|limus|"
    r"setron|triptan|azepam|zolam|etine|pram|aline|idone|apine|azine|barbital|amide|semide|thiazide|lactone|dipine|"
    r"caine|curium|onium|fentanil|morphine|codone|codeine|profen|oxicam|cycline|vir|penem|cef\w*|floxacin|lukast|terol|"
    r"tropium|dronate|thyroxine|insulin|warfarin|heparin|aspirin|lithium|digoxin|amiodarone|steroids?)\b"
)
WISHES: Final = frozenset(
    {"mark", "where", "compare", "read", "overview", "last", "general", "yes-no", "analyte", "drug"}
)
JOIN: Final = re.compile(r"\b(?:and|plus|also|as well as|together with|or)\b")
ORDERED: Final = re.compile(
    r"\b(?:first|firstly|then|after\w*|before|later|priority|start with|begin|most urgent\w*|once|can wait|now|next|"
    r"instead|only|just|ignore|leave|forget|never mind)\b"
)
