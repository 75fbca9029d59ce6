"""Gates on profiles and batches, and the agent files they are built from."""

from __future__ import annotations

from .base import Code


def _gate(id_: str, means: str, cause: str, fix: str, example: str, who: str = "recruiter") -> Code:
    return Code(id_, "quality", means, cause, who, fix, f"{id_}: {example}")


_PRESENCE = (
    _gate(
        "NAME_MISSING",
        "No name was found.",
        "The name is part of a picture, or the table has no column for it.",
        "Open the document and add the name.",
        "name missing; required by the agent.",
    ),
    _gate(
        "EMAIL_MISSING",
        "No e-mail address was found.",
        "The document has none, or shows it only as a picture or an icon.",
        "Open the document and add the address, or ask the candidate.",
        "e-mail missing; required by the agent.",
    ),
    _gate(
        "PHONE_MISSING",
        "No phone number was found.",
        "The document has none, or shows it only as a picture.",
        "Add the number, or take it off the agent's required fields.",
        "phone missing; wanted by the agent.",
    ),
    _gate(
        "REQUIRED_MISSING",
        "A field the agent requires was not found.",
        "The document does not have it, or its section was not recognised.",
        "Add it from the document, or take it off the agent's required fields.",
        "work missing; required.",
    ),
    _gate(
        "WANTED_MISSING",
        "A field the agent would like was not found.",
        "The document does not have it, or its section was not recognised.",
        "Nothing must be done: this only counts.",
        "skills missing; wanted.",
        "nobody",
    ),
)
_NAMES = (
    _gate(
        "NAME_IMPLAUSIBLE",
        "What was read as the name does not look like one.",
        "A line beside the name was taken: digits, an address, a sentence.",
        "Correct the name from the document.",
        "name is not shaped like a name.",
    ),
    _gate(
        "NAME_IS_HEADING",
        "A heading was read as the name.",
        "The document's title is larger than the name.",
        "Correct the name from the document.",
        "name is a heading.",
    ),
    _gate(
        "NAME_IS_JOB_TITLE",
        "A job title was read as the name.",
        "The title is printed larger than the name.",
        "Correct the name from the document.",
        "name is a job title.",
    ),
    _gate(
        "NAME_IS_ORGANISATION",
        "An employer or a school was read as the name.",
        "A letterhead, or the first entry of a list, stands where names stand.",
        "Correct the name from the document.",
        "name is an organisation.",
    ),
    _gate(
        "NAME_IS_PLACE",
        "A place was read as the name.",
        "The address stands where names stand.",
        "Correct the name, or approve it if the person is really called so.",
        "name is a place.",
    ),
    _gate(
        "NAME_PLACEHOLDER",
        "The name is a placeholder such as John Doe or Your Name.",
        "A template that was never filled in, or a test file.",
        "Discard the profile, or correct the name.",
        "name is a placeholder.",
    ),
    _gate(
        "NAME_SINGLE_WORD",
        "Only one word was read as the name.",
        "The family name stands on another line, or the person has one name.",
        "Add the missing part, or approve a single name.",
        "name has 1 word.",
    ),
)
_EMAILS = (
    _gate(
        "EMAIL_INVALID",
        "What was read as the e-mail address is not one.",
        "A letter was lost or added, often by OCR or at a line break.",
        "Correct the address from the document.",
        "e-mail is not an address.",
    ),
    _gate(
        "EMAIL_PLACEHOLDER",
        "The e-mail address is a placeholder or a no-reply address.",
        "A template that was never filled in, or a mailing system's own address.",
        "Correct the address from the document.",
        "e-mail is a placeholder.",
    ),
    _gate(
        "EMAIL_FICTIONAL",
        "The e-mail domain is reserved for examples; nobody receives mail there.",
        "A sample or test file.",
        "Correct the address; for tests set fictional_contacts: mark in the agent file.",
        "e-mail has a reserved domain.",
    ),
    _gate(
        "EMAIL_TYPO_DOMAIN",
        "The e-mail domain looks like a misspelt well-known provider.",
        "The candidate or a typist slipped: gmial.com for gmail.com.",
        "Accept the proposed domain, or keep it.",
        "e-mail domain is one slip from a provider; gmail.com was probably meant.",
    ),
    _gate(
        "EMAIL_DISPOSABLE",
        "The e-mail address is from a provider of throw-away addresses.",
        "The candidate protects the real address; this one stops working soon.",
        "Ask for a lasting address.",
        "e-mail is from a throw-away provider.",
    ),
    _gate(
        "EMAIL_ROLE",
        "The e-mail address is an office's (info@, jobs@), not a person's.",
        "An employer's or agency's address was read.",
        "Correct the address from the document.",
        "e-mail is an office's address.",
    ),
    _gate(
        "EMAIL_UNDELIVERABLE",
        "The e-mail domain has no mail server.",
        "A slip in the domain, or a company that no longer exists.",
        "Correct the address, or ask the candidate.",
        "e-mail domain has no mail server.",
    ),
    _gate(
        "EMAIL_DOMAIN_NOT_ALLOWED",
        "The e-mail domain is not one the agent allows.",
        "The agent takes addresses of certain organisations only.",
        "Correct the address, or allow its domain in the agent file.",
        "e-mail has another domain.",
    ),
)
_PHONES = (
    _gate(
        "PHONE_INVALID",
        "The phone number has a length its country does not use.",
        "A digit was lost or added, or the country was guessed wrongly.",
        "Correct the number from the document.",
        "phone is not possible in its country.",
    ),
    _gate(
        "PHONE_NO_COUNTRY",
        "The phone number's country is not known.",
        "It is printed without a country code, and nothing else says where the person lives.",
        "Set the agent's country, or correct the number to the +country form.",
        "phone has no country.",
    ),
    _gate(
        "PHONE_UNASSIGNED",
        "The phone number is outside the ranges its country has assigned.",
        "A digit was misread, or the range is newer than the list.",
        "Check the number against the document.",
        "phone is not in an assigned range.",
    ),
    _gate(
        "PHONE_PLACEHOLDER",
        "The phone number is a filler such as 1111111 or 12345678.",
        "A template that was never filled in, or a form field that had to be.",
        "Ask the candidate for the number.",
        "phone is a filler.",
    ),
    _gate(
        "PHONE_FICTIONAL",
        "The phone number is from a range kept for fiction.",
        "A sample or test file.",
        "Correct the number; for tests set fictional_contacts: mark in the agent file.",
        "phone is in a range kept for fiction.",
    ),
    _gate(
        "PHONE_COUNTRY_NOT_ALLOWED",
        "The phone number belongs to a country the agent does not allow.",
        "The number was read wrongly, or the agent serves certain countries only.",
        "Correct the number, or allow its country in the agent file.",
        "phone is of FR; allowed: US, CA.",
    ),
)
_TRUST = (
    _gate(
        "EVIDENCE_MISSING",
        "It is not known where a contact value was read.",
        "The value was put together or guessed rather than found.",
        "Check the value against the document.",
        "e-mail has no evidence.",
    ),
    _gate(
        "CONFIDENCE_LOW",
        "We are not sure enough of a value.",
        "Several candidates were alike, or the layout is unusual.",
        "Compare the value with the document; approve or correct it.",
        "name 0.61, needed 0.80.",
    ),
    _gate(
        "CONTACT_DISAGREES",
        "The e-mail address does not resemble the name.",
        "People choose odd addresses; now and then it is somebody else's.",
        "Look whether name and address belong to one person.",
        "agreement 0.50, needed 0.80.",
    ),
    _gate(
        "QUALITY_LOW",
        "The profile as a whole was read poorly.",
        "A damaged, scanned or very unusual document.",
        "Compare the whole profile with the document.",
        "quality 0.42, needed 0.60.",
    ),
    _gate(
        "COMPLETENESS_LOW",
        "Little of what the agent asks for was found.",
        "A short document, or sections that were not recognised.",
        "Add what is missing, or ask for less.",
        "completeness 0.40, needed 0.60.",
    ),
    _gate(
        "TEXT_LAYER_POOR",
        "The document's text layer is garbled.",
        "Fonts without a character table, or a bad OCR layer made by a scanner.",
        "Compare the profile with the page images, or ask for a better copy.",
        "text layer 0.31, needed 0.50.",
    ),
    _gate(
        "READ_BY_OCR",
        "Contact data was recognised from a picture.",
        "The document is a scan or a photo.",
        "Compare the contact data with the page image letter by letter.",
        "1.00 of the contact data, at most 0.00.",
    ),
    _gate(
        "LANGUAGE_UNEXPECTED",
        "The document is in a language the agent does not expect.",
        "A misplaced document, or an agent file that lists too few languages.",
        "Check the reading, or add the language to the agent file.",
        "language fr; expected de, en.",
    ),
    _gate(
        "SPLIT_DOUBTFUL",
        "One file was split into several people, and this part names no position.",
        "Referees on a page of their own, or a second page that was taken for another person.",
        "Look whether this part is a person; discard it if not.",
        "several people in the file, no work in this part.",
    ),
    _gate(
        "RESUME_DOUBTFUL",
        "The document may be something other than a résumé; it was read and is held.",
        "A résumé without headings or dates, a cover letter, a form, or a document that a person had read as a résumé.",
        "Open the document: approve the profile if it is a candidate's, discard it if not.",
        "may be another kind of document.",
    ),
    _gate(
        "PEOPLE_MIXED",
        "Nothing in the document connects the e-mail address with the name.",
        "An agency's or referee's address, or two people in one file.",
        "Open the document and check whose address it is.",
        "the address and the name share no page region and no letters.",
    ),
    _gate(
        "READER_MARK",
        "The reader remarked something that has no code of its own.",
        "A table or archive with an oddity that is rare.",
        "Look at the place in the document.",
        "marked.",
    ),
    _gate(
        "OWN_EXPECTATION",
        "A rule of the agent's own was not met.",
        "The agent file asks for more than the presets.",
        "Do what the rule says, or change it in the agent file.",
        "skills 2; at least three skills were read.",
    ),
)
_OTHERS = (
    _gate(
        "SHARED_CONTACT",
        "Somebody with another name has the same e-mail address.",
        "A recruiter's, referee's or family's address was read, or one person writes the name in two ways.",
        "Find out whose address it is; merge the profiles or correct one.",
        "e-mail shared with 2 other names.",
    ),
    _gate(
        "SHARED_PHONE",
        "Somebody with another name has the same phone number.",
        "Families share numbers; agencies put in their own.",
        "Find out whose number it is.",
        "phone shared with 1 other name.",
    ),
    _gate(
        "LIKELY_DUPLICATE",
        "Somebody known is likely the same person.",
        "The same candidate applied again with other contact data.",
        "Compare both profiles; link them or keep them apart.",
        "1 likely duplicate.",
    ),
)
_BATCHES = (
    _gate(
        "BATCH_HOLDS",
        "An unusual share of the batch is held; nothing of it was sent.",
        "One layout or one setting is behind most holds.",
        "Look at the codes that held most, then release it.",
        "95 of 100 held; at most 90 %.",
    ),
    _gate(
        "BATCH_DUPLICATES",
        "An unusual share of the batch repeats other profiles; nothing of it was sent.",
        "The same list was put in twice.",
        "Discard the batch, or release it.",
        "60 of 100 repeat others; at most 50 %.",
    ),
    _gate(
        "BATCH_UNREADABLE",
        "An unusual share of the documents could not be read; nothing of the batch was sent.",
        "A damaged upload.",
        "Send the files again, or release what could be read.",
        "60 of 100 documents failed; at most 50 %.",
        "sender",
    ),
    _gate(
        "BATCH_COUNT_MISMATCH",
        "What was read differs from the manifest's count; nothing of the batch was sent.",
        "Files are missing, or the manifest counts something else.",
        "Send the missing files, mend the count, or release the batch.",
        "48 read; the manifest says 50.",
        "sender",
    ),
    _gate(
        "BATCH_LANGUAGES",
        "The batch mixes unusually many languages; nothing of it was sent.",
        "Documents of another agent, or a reading gone wrong.",
        "Check that the batch belongs to this agent.",
        "8 languages; at most 6.",
    ),
)
_SETUP = (
    Code(
        "AGENT_FILE_INVALID",
        "quality",
        "An agent file has a mistake, so its agent takes nothing in.",
        "A misspelt key, a wrong value, or a file that is no YAML.",
        "operator",
        "Mend the line the message names; `python -m gateway agents check` tells when it is right.",
        "AGENT_FILE_INVALID: Agent file nurse.yaml: line 7: fields.requird: unknown key.",
    ),
    Code(
        "OWN_EXPECTATION_INVALID",
        "quality",
        "An own expectation of an agent cannot be built.",
        "Arguments that Great Expectations refuses.",
        "operator",
        "Check the expectation's kwargs in the agent file with `python -m gateway agents check`.",
        "OWN_EXPECTATION_INVALID: Expectation expect_column_values_to_be_between on skills_count is refused.",
    ),
    Code(
        "GATE_BROKEN",
        "quality",
        "A gate could not be computed, so nothing of the batch was judged.",
        "An own expectation that does not fit its column, or a defect.",
        "operator",
        "Check the agent's own expectations, then run the judge again.",
        "GATE_BROKEN: Gate OWN_EXPECTATION could not be computed; nothing of this batch was judged.",
    ),
    Code(
        "DATA_DOCS_NOT_WRITTEN",
        "quality",
        "The Data Docs of a batch could not be written; its verdicts stand.",
        "The place of the files is full or gone.",
        "operator",
        "Mend the place in GATEWAY_FILES_URL; clear the run's judge task to write them.",
        "DATA_DOCS_NOT_WRITTEN: The Data Docs of batch b20261122-190501-k7m2qd (PermissionError).",
    ),
    Code(
        "UNKNOWN_DATA_DOCS",
        "quality",
        "The batch has no such page of Data Docs.",
        "It was judged before they were kept, or they could not be written.",
        "operator",
        "Clear the run's judge task to write them.",
        "Batch b20261122-190501-k7m2qd has no such page of Data Docs.",
    ),
)

QUALITY: tuple[Code, ...] = (*_PRESENCE, *_NAMES, *_EMAILS, *_PHONES, *_TRUST, *_OTHERS, *_BATCHES, *_SETUP)
