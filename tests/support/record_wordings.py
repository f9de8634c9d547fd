"""Ways in which people ask about a record, by category and voice.

``terse``, ``polite`` and ``spoken`` (with what a recogniser makes of it) were used to write the grammar; ``other`` was
written before it and looked at only afterwards, so that its figure says something about wordings nobody foresaw.
"""

from __future__ import annotations

from typing import Final

#: What measurements are called, by LOINC code.
ANALYTES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "4548-4": {
        "terse": ("HbA1c", "A1c"),
        "polite": ("hemoglobin A1c", "glycated hemoglobin"),
        "spoken": ("hemoglobin a one c", "a one see", "h b a one c"),
        "other": ("Hemoglobin A1c/Hemoglobin.total in Blood", "glycosylated haemoglobin", "a1c level"),
    },
    "2339-0": {"terse": ("glucose",), "polite": ("blood glucose",), "spoken": ("blood sugar",), "other": ("sugar",)},
    "38483-4": {
        "terse": ("creat", "creatinine"),
        "polite": ("serum creatinine",),
        "spoken": ("creatinin", "create a nine"),
        "other": ("blood creatinine", "creatinine level"),
    },
    "6299-2": {"terse": ("BUN",), "polite": ("urea nitrogen",), "spoken": ("b u n",), "other": ("blood urea",)},
    "6298-4": {"terse": ("K+", "potassium"), "polite": ("potassium",), "spoken": ("potasium",), "other": ("serum K",)},
    "2947-0": {"terse": ("Na", "sodium"), "polite": ("sodium",), "spoken": ("so dium",), "other": ("blood sodium",)},
    "49765-1": {"terse": ("Ca",), "polite": ("calcium",), "spoken": ("calcium",), "other": ("calcium level",)},
    "2069-3": {"terse": ("Cl",), "polite": ("chloride",), "spoken": ("cloride",), "other": ("chloride",)},
    "20565-8": {"terse": ("CO2",), "polite": ("carbon dioxide",), "spoken": ("c o two",), "other": ("bicarb",)},
    "2093-3": {
        "terse": ("TC", "total chol"),
        "polite": ("total cholesterol",),
        "spoken": ("total colesterol",),
        "other": ("cholesterol",),
    },
    "18262-6": {"terse": ("LDL",), "polite": ("LDL cholesterol",), "spoken": ("l d l",), "other": ("LDL-C",)},
    "2085-9": {"terse": ("HDL",), "polite": ("HDL cholesterol",), "spoken": ("h d l",), "other": ("good cholesterol",)},
    "2571-8": {"terse": ("TG",), "polite": ("triglycerides",), "spoken": ("try glycerides",), "other": ("trigs",)},
    "718-7": {"terse": ("Hgb", "Hb"), "polite": ("hemoglobin",), "spoken": ("hemaglobin",), "other": ("haemoglobin",)},
    "6690-2": {
        "terse": ("WBC",),
        "polite": ("white blood cell count",),
        "spoken": ("white count",),
        "other": ("leukocyte count",),
    },
    "777-3": {"terse": ("plts",), "polite": ("platelet count",), "spoken": ("plate lets",), "other": ("platelets",)},
    "4544-3": {"terse": ("Hct",), "polite": ("hematocrit",), "spoken": ("hemato crit",), "other": ("haematocrit",)},
    "29463-7": {
        "terse": ("weight",),
        "polite": ("body weight",),
        "spoken": ("wait",),
        "other": ("weight in the chart",),
    },
    "8302-2": {"terse": ("height",), "polite": ("body height",), "spoken": ("hight",), "other": ("height",)},
    "39156-5": {"terse": ("BMI",), "polite": ("body mass index",), "spoken": ("b m i",), "other": ("BMI",)},
    "8867-4": {"terse": ("HR",), "polite": ("heart rate",), "spoken": ("heartrate",), "other": ("pulse",)},
    "72514-3": {
        "terse": ("pain score",),
        "polite": ("pain severity score",),
        "spoken": ("pane score",),
        "other": ("pain rating",),
    },
}

#: What medicines, diagnoses, procedures and vaccines are called where their recorded names are long: (words that the
#: recorded name holds, what is said).
DRUGS: Final = (
    ("naproxen", ("naproxen", "Aleve")),
    ("metformin", ("metformin", "Glucophage")),
    ("alendronic", ("alendronate", "Fosamax")),
    ("ibuprofen", ("ibuprofen", "Advil")),
    ("lisinopril", ("lisinopril", "lysinopril")),
    ("astemizole", ("astemizole",)),
    ("epinephrine", ("epinephrine", "EpiPen")),
    ("diphenhydramine", ("diphenhydramine", "Benadryl")),
    ("penicillin", ("penicillin", "pen V")),
    ("simvastatin", ("simvastatin", "Zocor")),
    ("amlodipine", ("amlodipine", "norvasc")),
    ("hydrochlorothiazide", ("hydrochlorothiazide", "HCTZ")),
)
VACCINES: Final = (
    ("influenza", ("influenza", "flu")),
    ("td (adult)", ("Td (adult)",)),
    ("hep b", ("hepatitis B", "hep B")),
    ("zoster", ("shingles", "zoster")),
    ("pneumococcal", ("pneumococcal", "pneumonia")),
    ("covid", ("COVID", "covid nineteen")),
    ("mmr", ("MMR", "measles")),
    ("meningococcal", ("meningococcal",)),
)
PROCEDURES: Final = (
    ("colonoscopy", ("colonoscopy",)),
    ("appendectomy", ("appendectomy",)),
    ("mammography", ("mammogram", "mammography")),
    ("knee x-ray", ("knee x-ray", "x ray of the knee")),
    ("bone density scan", ("bone density scan",)),
    ("throat culture", ("throat culture",)),
    ("wisdom tooth", ("wisdom tooth extraction", "extraction of the wisdom tooth")),
    ("suture open wound", ("suture of the open wound",)),
    ("hip replacement", ("hip replacement",)),
    ("coronary artery bypass", ("coronary artery bypass",)),
)
CONDITIONS: Final = (
    ("hypertension", ("hypertension", "high blood pressure")),
    ("diabetes", ("diabetes", "diabetes mellitus")),
    ("prediabetes", ("prediabetes", "pre diabetes")),
    ("anemia", ("anemia", "anaemia")),
    ("osteoporosis", ("osteoporosis",)),
    ("chronic sinusitis", ("chronic sinusitis",)),
    ("viral sinusitis", ("viral sinusitis",)),
    ("acute bronchitis", ("acute bronchitis",)),
    ("laceration of hand", ("laceration of the hand", "hand laceration")),
    ("appendicitis", ("appendicitis",)),
    ("whiplash", ("whiplash injury",)),
    ("asthma", ("asthma",)),
)

Voices = dict[str, tuple[str, ...]]

WORDINGS: Final[dict[str, Voices]] = {
    "last_lab": {
        "terse": (
            "last {a}",
            "latest {a}?",
            "most recent {a}, date",
            "{a} now",
            "{a} most recent value",
            "current {a}",
            "{a}?",
        ),
        "polite": (
            "Could you please tell me what the patient's most recent {a} was, and on which date it was measured?",
            "What is the latest recorded value of {a} for this patient?",
            "I would like to know the last {a} result with its unit, please.",
            "When was {a} last checked and what did it show?",
            "What was the result of the most recent {a} test?",
        ),
        "spoken": (
            "uh what was her last {a} and when",
            "whats the most resent {a}",
            "can you pull up his latest {a} please",
            "hey so what did the last {a} come back at",
            "um tell me the newest {a} we have on file",
        ),
        "other": (
            "What does the chart show as the final {a} reading to date?",
            "Give me the {a} from the latest draw.",
            "How high was the {a} when it was last measured?",
            "Most up-to-date {a} value in the record, with date of collection",
            "what is {a} at right now according to the record",
            "At the last check, what was the {a}?",
            "Please report the most recently documented {a} including units.",
            "Do we have a recent {a}?",
        ),
    },
    "first_lab": {
        "terse": ("first {a}", "earliest {a}", "oldest {a} on file"),
        "polite": ("What was the first recorded {a}, and when?", "Could you look up the earliest {a} in the record?"),
        "spoken": ("whats the very first {a} we have", "when was {a} first measured and what was it"),
        "other": (
            "What was the initial {a} value on record?",
            "Give the baseline {a}.",
            "{a} at the very first measurement?",
        ),
    },
    "highest_lab": {
        "terse": ("highest {a}", "max {a}", "peak {a} and date", "{a} maximum"),
        "polite": (
            "What was the highest {a} ever recorded for this patient?",
            "What is the maximum {a} on record, and when was it?",
        ),
        "spoken": ("whats the highest her {a} has ever been", "how high has the {a} ever gotten"),
        "other": (
            "When did {a} peak, and at what value?",
            "What is the greatest {a} documented?",
            "Largest {a} on file?",
        ),
    },
    "lowest_lab": {
        "terse": ("lowest {a}", "min {a}", "{a} nadir"),
        "polite": ("What was the lowest {a} ever recorded?", "What is the minimum {a} in the chart, and its date?"),
        "spoken": ("whats the lowest his {a} has ever been", "how low did the {a} ever go"),
        "other": ("What is the smallest {a} value documented?", "When was {a} at its lowest?", "least {a} recorded"),
    },
    "trend": {
        "terse": ("{a} trend", "{a} first vs last", "change in {a}", "trend of {a}"),
        "polite": (
            "How has {a} changed between the first and the last recorded measurement?",
            "Could you describe how the patient's {a} has changed over time?",
            "What is the difference between the first and the most recent {a}?",
        ),
        "spoken": (
            "hows her {a} been trending",
            "has the {a} gone up or down since the first one",
            "show me the {a} over the years",
        ),
        "other": (
            "By how much has {a} changed from the earliest to the latest reading?",
            "Compare the first and the last {a}.",
            "What has been the overall change in {a}?",
            "{a}: evolution from first to most recent value",
        ),
    },
    "change_between": {
        "terse": ("change in {a} {y1} to {y2}", "{a} trend {y1}-{y2}"),
        "polite": ("How did {a} change between {y1} and {y2}?", "What was the change in {a} from {y1} to {y2}?"),
        "spoken": ("how did the {a} change from {y1} to {y2}", "did the {a} go up between {y1} and {y2}"),
        "other": ("By how much did {a} move between {y1} and {y2}?", "Compare {a} in {y1} with {a} in {y2}."),
    },
    "value_on": {
        "terse": ("{a} on {d}", "{a} {d}"),
        "polite": ("What was the patient's {a} on {d}?", "Which {a} was measured on {d}?"),
        "spoken": ("what was the {a} on {d}", "tell me her {a} from {d}"),
        "other": ("On {d}, what did {a} measure?", "{a} result dated {d}", "How much was the {a} on {d}?"),
    },
    "count_lab": {
        "terse": ("how many {a}", "number of {a} results", "{a} count of measurements"),
        "polite": ("How many {a} measurements are on record?", "How often has {a} been measured?"),
        "spoken": ("how many times did we check her {a}", "how many {a} readings do we got"),
        "other": ("What is the total number of recorded {a} values?", "On how many occasions was {a} measured?"),
    },
    "count_lab_year": {
        "terse": ("how many {a} in {y1}", "{a} results {y1} count"),
        "polite": ("How many {a} measurements were made in {y1}?", "How often was {a} measured during {y1}?"),
        "spoken": ("how many times was the {a} checked in {y1}", "how many {a} did she have in {y1}"),
        "other": ("Count the {a} results from {y1}.", "In {y1}, how many times was {a} tested?"),
    },
    "last_bp": {
        "terse": ("last BP", "BP?", "latest blood pressure + date"),
        "polite": (
            "What was the most recent blood pressure and when was it taken?",
            "Could you tell me the patient's last recorded blood pressure reading?",
        ),
        "spoken": ("whats her last b p", "what was the blood presser last time", "most resent blood pressure please"),
        "other": ("What is the latest systolic and diastolic pressure on record?", "Most recent BP reading, with date"),
    },
    "highest_systolic": {
        "terse": ("highest systolic", "max systolic BP"),
        "polite": ("What was the highest systolic blood pressure ever recorded?",),
        "spoken": ("whats the highest her systolic has been",),
        "other": ("Peak systolic pressure and its date?", "How high did the systolic blood pressure ever get?"),
    },
    "active_conditions": {
        "terse": ("active problems", "problem list", "current diagnoses", "dx list active", "active conditions"),
        "polite": (
            "Which conditions are currently active?",
            "Could you list the patient's active problems, please?",
            "What medical conditions does the patient currently have?",
            "What are this patient's current diagnoses?",
        ),
        "spoken": (
            "what conditions does she have right now",
            "whats on his problem list",
            "um whats wrong with her like active problems",
        ),
        "other": (
            "Which health problems are still ongoing?",
            "What is the patient being treated for at present?",
            "List all unresolved conditions.",
            "Give me the open diagnoses in the chart.",
            "What chronic or active illnesses are documented?",
            "Name every condition marked as active.",
        ),
    },
    "resolved_conditions": {
        "terse": ("resolved conditions", "past problems", "inactive diagnoses"),
        "polite": ("Which conditions have resolved?", "What past medical problems are no longer active?"),
        "spoken": ("what did she have in the past thats resolved", "which problems are resolved"),
        "other": ("Which diagnoses are no longer current?", "List the conditions marked as resolved."),
    },
    "condition_onset": {
        "terse": ("{c} onset", "{c} since when", "date of {c} dx"),
        "polite": (
            "When was the patient diagnosed with {c}?",
            "Since when has the patient had {c}?",
            "When did the {c} begin?",
        ),
        "spoken": ("when did she get {c}", "how long has he had {c}", "when was the {c} first diagnosed"),
        "other": (
            "What is the onset date of {c}?",
            "When did {c} first appear in the record?",
            "On what date was {c} first documented?",
        ),
    },
    "has_condition": {
        "terse": ("{c}?", "hx of {c}?", "any {c}"),
        "polite": (
            "Does the patient have {c}?",
            "Is there a history of {c}?",
            "Has the patient ever been diagnosed with {c}?",
        ),
        "spoken": ("does she have {c}", "has he ever had {c}", "is there any {c} in the chart"),
        "other": ("Is {c} documented for this patient?", "Was {c} ever diagnosed?", "Did the patient suffer from {c}?"),
    },
    "conditions_on": {
        "terse": ("active problems on {d}", "conditions active {d}"),
        "polite": ("Which conditions were active on {d}?", "What conditions did the patient have on {d}?"),
        "spoken": ("what problems did she have on {d}", "which conditions were active on {d}"),
        "other": ("List the diagnoses that were ongoing on {d}.", "As of {d}, which conditions were active?"),
    },
    "conditions_in": {
        "terse": ("diagnosed in {y1}", "new diagnoses {y1}"),
        "polite": ("Which conditions were diagnosed in {y1}?", "What was the patient diagnosed with in {y1}?"),
        "spoken": ("what did she get diagnosed with in {y1}", "any new problems in {y1}"),
        "other": ("Which conditions had their onset in {y1}?", "What diagnoses were made in {y1}?"),
    },
    "active_medications": {
        "terse": ("current meds", "med list", "active rx", "meds?"),
        "polite": (
            "List the medications with an active order.",
            "What medications is the patient currently taking?",
            "Could you tell me which prescriptions are active?",
            "Which drugs is the patient on at the moment?",
        ),
        "spoken": ("what meds is she on", "whats he taking right now", "what pills is she on these days"),
        "other": (
            "What is on the current medication list?",
            "Which medicines are presently prescribed?",
            "Name all active prescriptions.",
            "What drug therapy is ongoing?",
            "What's the patient's pharmacotherapy at the moment?",
        ),
    },
    "past_medications": {
        "terse": ("stopped meds", "past medications"),
        "polite": ("Which medications have been stopped?", "What medications did the patient take in the past?"),
        "spoken": ("what meds did she used to take", "which meds were stopped"),
        "other": ("List the discontinued medications.", "Which prescriptions are no longer active?"),
    },
    "on_drug": {
        "terse": ("{m}?", "on {m}?", "taking {m}?"),
        "polite": ("Is the patient currently taking {m}?", "Does the patient have an active prescription for {m}?"),
        "spoken": ("is she on {m}", "is he still taking {m}"),
        "other": ("Is {m} on the active medication list?", "Is there a current order for {m}?"),
    },
    "drug_start": {
        "terse": ("{m} start date", "{m} since when"),
        "polite": ("When was {m} started?", "When was the patient first prescribed {m}?"),
        "spoken": ("when did she start taking {m}", "how long has he been on {m}"),
        "other": ("On what date was {m} first ordered?", "Since when has the patient been on {m}?"),
    },
    "drug_reason": {
        "terse": ("why {m}", "{m} indication", "{m} for what"),
        "polite": (
            "For what reason was {m} prescribed?",
            "What is the indication for {m}?",
            "Why is the patient taking {m}?",
        ),
        "spoken": ("why is she on {m}", "what is he taking {m} for"),
        "other": ("Which condition is {m} being used for?", "What was {m} prescribed to treat?"),
    },
    "medications_in": {
        "terse": ("meds ordered {y1}", "rx in {y1}"),
        "polite": ("Which medications were prescribed in {y1}?",),
        "spoken": ("what meds did she get prescribed in {y1}",),
        "other": ("What was ordered in terms of drugs in {y1}?", "List prescriptions written in {y1}."),
    },
    "allergies": {
        "terse": ("allergies", "allergies?", "any allergies", "NKDA?"),
        "polite": (
            "What allergies does the patient have?",
            "Could you list the known allergies, please?",
            "Is the patient allergic to anything?",
        ),
        "spoken": ("what is she allergic to", "does he have any allergys", "uh any allergies on file"),
        "other": (
            "Which substances is the patient allergic to?",
            "Are there any documented allergies or intolerances?",
            "What should we avoid giving because of allergy?",
            "Allergy list please",
            "What does the patient react to?",
        ),
    },
    "immunization": {
        "terse": ("last {v} shot, how many", "{v} vaccine last date and count"),
        "polite": (
            "When was the last {v} vaccination, and how many {v} vaccinations are on record?",
            "Could you tell me when the patient last received the {v} vaccine, and how often it was given?",
        ),
        "spoken": (
            "when was her last {v} shot and how many has she had",
            "whens the last time he got a {v} shot how many total",
        ),
        "other": (
            "What is the date of the most recent {v} immunization and the total number of doses?",
            "How many {v} immunizations has the patient received, and when was the latest one?",
            "How many doses of {v} vaccine were given and when was the last?",
        ),
    },
    "immunization_last": {
        "terse": ("last {v} shot", "{v} vaccine date"),
        "polite": (
            "When did the patient last receive a {v} vaccine?",
            "When was the patient last vaccinated against {v}?",
        ),
        "spoken": ("when did she get her {v} shot", "whens his last {v} jab"),
        "other": ("Date of the most recent {v} immunization?", "When was {v} vaccine most recently administered?"),
    },
    "immunizations_list": {
        "terse": ("vaccines", "immunization list"),
        "polite": ("Which vaccinations has the patient received?", "Please list all immunizations."),
        "spoken": ("what shots has she had", "which vaccines did he get"),
        "other": ("What vaccines are documented?", "Give the immunization history."),
    },
    "procedure_last": {
        "terse": ("last {p}", "{p} date", "{p} when"),
        "polite": (
            "When was the patient's last {p}?",
            "When was the {p} performed?",
            "Has the patient had a {p}, and if so when?",
        ),
        "spoken": ("when did she have her {p}", "when was his {p} done"),
        "other": (
            "What is the date of the most recent {p}?",
            "On which date did the {p} take place?",
            "When did the patient undergo a {p}?",
        ),
    },
    "procedure_count": {
        "terse": ("how many {p}s", "number of {p} procedures"),
        "polite": ("How many times has the patient had a {p}?",),
        "spoken": ("how many times did she have a {p}",),
        "other": ("How often was a {p} done?", "How many {p} procedures are on record?"),
    },
    "procedures_in": {
        "terse": ("procedures {y1}", "procedures in {y1}"),
        "polite": ("Which procedures were performed in {y1}?",),
        "spoken": ("what procedures did she have in {y1}",),
        "other": ("List everything that was done procedurally in {y1}.", "What procedures took place in {y1}?"),
    },
    "time_since": {
        "terse": ("time since {p}", "how long since last {p}"),
        "polite": ("How long has it been since the patient's last {p}?", "How long ago was the last {p}?"),
        "spoken": ("how long since her last {p}", "how long has it been since the {p}"),
        "other": ("How much time has passed since the most recent {p}?", "How many years ago was the {p}?"),
    },
    "lab_before": {
        "terse": ("last {a} before {p}", "{a} prior to {p}"),
        "polite": ("What was the last {a} before the {p}?", "What was the most recent {a} prior to the {p}?"),
        "spoken": ("whats the last {a} before the {p}", "what was her {a} before she had the {p}"),
        "other": ("What did the {a} measure ahead of the {p}?", "Which {a} value preceded the {p}?"),
    },
    "lab_after": {
        "terse": ("first {a} after {p}", "{a} after {p}, first one"),
        "polite": ("What was the first {a} after the {p}?", "What was the first {a} measured following the {p}?"),
        "spoken": ("whats the first {a} after the {p}", "what was the first {a} after she had the {p}"),
        "other": ("After the {p}, what was the first {a}?", "What was the earliest {a} subsequent to the {p}?"),
    },
    "encounter_count": {
        "terse": ("# encounters {y1}", "visits in {y1} count", "how many visits {y1}"),
        "polite": (
            "How many encounters started in {y1}?",
            "How many times was the patient seen in {y1}?",
            "How many visits took place during {y1}?",
        ),
        "spoken": (
            "how many times did she come in in {y1}",
            "how many visits in {y1}",
            "how many appointments did he have in {y1}",
        ),
        "other": (
            "What is the number of encounters with a start date in {y1}?",
            "Count the encounters that began in {y1}.",
            "In {y1}, how many encounters are recorded?",
            "How many contacts with the health system were there in {y1}?",
        ),
    },
    "encounter_count_between": {
        "terse": ("encounters {y1}-{y2} count", "how many visits {y1} to {y2}"),
        "polite": ("How many encounters were there between {y1} and {y2}?",),
        "spoken": ("how many visits from {y1} to {y2}",),
        "other": (
            "How many encounters fell between {y1} and {y2} inclusive?",
            "Number of visits from {y1} through {y2}?",
        ),
    },
    "encounter_total": {
        "terse": ("how many encounters", "total visits"),
        "polite": ("How many encounters are on record for this patient?",),
        "spoken": ("how many times has she been in total",),
        "other": ("What is the total number of documented encounters?",),
    },
    "last_encounter": {
        "terse": ("last visit", "last encounter date", "last seen"),
        "polite": (
            "When was the patient last seen?",
            "What was the most recent encounter, and when did it take place?",
        ),
        "spoken": ("when was she last in", "when did he last come in"),
        "other": ("What is the date of the latest encounter?", "When did the last visit happen?"),
    },
    "emergency_count": {
        "terse": ("ER visits count", "how many ED visits"),
        "polite": ("How many emergency room visits has the patient had?",),
        "spoken": ("how many times was she in the e r",),
        "other": ("How often did the patient go to the emergency department?", "number of emergency encounters"),
    },
    "last_admission": {
        "terse": ("last admission", "last inpatient stay"),
        "polite": ("When was the patient last admitted to hospital?", "When was the most recent inpatient stay?"),
        "spoken": ("when was she last in the hospital", "when was the last time he was admitted"),
        "other": ("What is the date of the latest hospitalization?", "When was the patient last hospitalised?"),
    },
    "demographics": {
        "terse": ("alive? DOB, sex", "DOB sex alive"),
        "polite": (
            "Is the patient alive, and what are the date of birth and sex?",
            "Could you give me the patient's date of birth, gender and vital status?",
        ),
        "spoken": (
            "is she still alive whats her date of birth and sex",
            "when was he born whats the gender and is he alive",
        ),
        "other": (
            "What are the patient's sex and birth date, and is the patient living or deceased?",
            "Tell me whether the patient has died, plus gender and birthday.",
            "Give the birth date, the administrative gender, and whether a death is recorded.",
        ),
    },
    "birth": {
        "terse": ("DOB", "birthday"),
        "polite": ("What is the patient's date of birth?",),
        "spoken": ("when was she born",),
        "other": ("On what day was the patient born?", "birth date of patient"),
    },
    "phone": {
        "terse": ("phone number",),
        "polite": ("What is the patient's telephone number?",),
        "spoken": ("whats her phone number",),
        "other": ("How can I reach the patient by phone?",),
    },
    "city": {
        "terse": ("address",),
        "polite": ("Where does the patient live?",),
        "spoken": ("where does she live",),
        "other": ("What is the patient's home address?",),
    },
    "marital": {
        "terse": ("marital status",),
        "polite": ("What is the patient's marital status?",),
        "spoken": ("is she married",),
        "other": ("Is the patient single or married?",),
    },
}

#: Questions whose answer no record of the sets holds, whatever the wording: any value is made up.
UNANSWERABLE: Final = {
    "terse": ("blood type", "last troponin", "ferritin?", "last BNP", "EF", "insurance member id", "fasting glucose"),
    "polite": (
        "What is the patient's blood group, and does the mother have diabetes?",
        "What was the most recent troponin?",
        "When was the patient's last MRI of the brain?",
        "Does the patient's father have hypertension?",
        "What was the patient's INR in 2016?",
        "Who is the patient's emergency contact?",
        "What is the patient's favourite colour?",
        "What was the last thyroid stimulating hormone?",
        "What was the result of the last stress test?",
    ),
    "spoken": (
        "whats her blood type",
        "did her mom have breast cancer",
        "when was his last eye exam",
        "what was the last vancomycin trough",
        "whats the p s a",
        "how many kids does she have",
        "what did the last c t scan show",
        "when is her next appointment",
        "whats the urine protein",
    ),
    "other": (
        "Which blood group is documented?",
        "Is there a family history of colon cancer?",
        "What was the ejection fraction on the last echocardiogram?",
        "Is the patient a carrier of the BRCA mutation?",
        "What is the patient's vitamin D level?",
        "What was the lactate on admission?",
        "When did the patient last travel abroad?",
        "What does the patient do for exercise?",
        "Which surgeon operated on the patient's heart?",
        "What was the amylase in 2015?",
        "When was the last rabies vaccination?",
        "How many units of blood were transfused?",
        "What is the digoxin level?",
        "Is the patient allergic to latex?",
        "Does the patient take warfarin?",
        "Has the patient ever had a heart transplant?",
        "What was the hemoglobin in the urine?",
        "What is the patient's shoe size?",
        "Did the patient's sister have breast cancer?",
        "What was the cholesterol of the patient's brother?",
    ),
}
