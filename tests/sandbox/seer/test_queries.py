"""Every query and change of the vendor's client, checked against the schema and executed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penstock.sandbox import Sandbox
from penstock.sandbox.seer import EPILEPSY, SLEEP
from penstock.sandbox.seer.oddities import EMPTY, MANY, MANY_SEGMENTS, ODD

pytestmark = pytest.mark.anyio

PATIENT = "patient-ada"
TAGS = "tags { id tagType { id category { id name description } value } }"
STUDY = {"study_id": SLEEP, "limit": 3, "offset": 0}

METADATA = """query study_with_data($study_id: String!, $limit: PaginationAmount, $offset: Int) {
  study(id: $study_id) { id patient { id user { fullName } } name description startTime duration
    channelGroups { id name sampleRate samplesPerRecord recordLength chunkPeriod recordsPerChunk sampleEncoding
      compression signalMin signalMax units exponent timestamped channelGroupType { id }
      segments(limit: $limit, offset: $offset) { id startTime duration timezone }
      channels { id name channelType { name category } } } } }"""
SEGMENTS = """query segments($study_id: ID!, $limit: NonNegativeInt, $after: ID) { resource { channelGroupSegment {
  list(filter: { studyChannelGroup: { studyId: { in: [$study_id] } } }, pagination: { limit: $limit, after: $after }) {
    pageInfo { endCursor hasNextPage } items { id startTime duration timezone studyChannelGroup { name id } } } } } }"""
LABEL_GROUPS = """query getStudyLabelGroups($study_id: String!, $limit: PaginationAmount, $offset: Int) {
  study(id: $study_id) { id name labelGroups(limit: $limit, offset: $offset) {
    id name description numberOfLabels } } }"""
LABELS = f"""query labels($study_id: String!, $label_group_id: String!, $limit: PaginationAmount, $offset: Int,
    $from_time: Float, $to_time: Float) {{
  study(id: $study_id) {{ id name startTime duration labelGroup(labelGroupId: $label_group_id) {{
    id name description numberOfLabels
    labels(limit: $limit, offset: $offset, fromTime: $from_time, toTime: $to_time) {{
      id note startTime duration timezone confidence createdBy {{ fullName }} updatedAt createdAt {TAGS} }} }} }} }}"""
LABEL_STRING = """query ($study_id: String!, $label_group_id: String, $from_time: Float, $to_time: Float) {
  study(id: $study_id) { id name labelGroup(labelGroupId: $label_group_id) { id name description numberOfLabels
    labelString(fromTime: $from_time, toTime: $to_time) } } }"""
DIARY_LABELS = f"""query getDiaryLabels($patient_id: String!, $value: String!, $limit: PaginationAmount, $offset: Int,
    $from_time: Float!, $to_time: Float!, $from_duration: Float!, $to_duration: Float!) {{
  patient(id: $patient_id) {{ id diary {{ id createdAt
    labelGroups(filters: [{{ name: "labelType", value: $value }}]) {{ id labelType labelSourceType name numberOfLabels
      labels(limit: $limit, offset: $offset, ranges: [
          {{ from: $from_time, to: $to_time }}, {{ from: $from_duration, to: $to_duration }}]) {{
        id createdAt startTime timezone duration note {TAGS} }} }} }} }} }}"""
DIARY_WINDOW = {"patient_id": PATIENT, "from_time": 0, "to_time": 9e12, "from_duration": 0, "to_duration": 9e12}
COMPLIANCE = """query getMedicationCompliance($patient_id: String!, $from_time: Float!, $to_time: Float!, $timezone: String) {
  patient(id: $patient_id) { id diary { id
    medicationCompliance(range: { from: $from_time, to: $to_time }, timezone: $timezone) { label status date } } } }"""
WINDOWS = """query getDiaryAlertWindow($patient_id: String!, $filters: [SearchFilter!]) {
  patient(id: $patient_id) { diary { id alerts { id name windows(filters: $filters) {
    startTime timezone endTime } } } } }"""
BOOKINGS = """query organizationBookings($organization_id: String!, $startTime: Float, $endTime: Float,
    $includeCancelled: Boolean = false) {
  organisation(id: $organization_id) {
    bookings(startTime: $startTime, endTime: $endTime, includeCancelled: $includeCancelled) {
      id equipmentItems { name equipmentType { type } } bookingTemplate { name } referral { id }
      startTime { datetime timezone } endTime { datetime timezone }
      patient { id user { fullName } studies { id name } } location { name suburb } } } }"""

QUERIES: dict[str, tuple[str, dict[str, Any] | None, str]] = {
    "metadata": (METADATA, STUDY, "study.channelGroups.0.segments.2.timezone"),
    "label groups": (LABEL_GROUPS, STUDY, "study.labelGroups.2.numberOfLabels"),
    "segments": (
        SEGMENTS,
        {"study_id": SLEEP, "limit": 5, "after": ""},
        "resource.channelGroupSegment.list.items.4.id",
    ),
    "studies": (
        (
            "query studies($search_term: String, $limit: PaginationAmount, $offset: Int) { studies(searchTerm: $search_term,"
            " limit: $limit, offset: $offset) { id name patient { id user { fullName } } } }"
        ),
        {"search_term": "SLEEP", "limit": 50, "offset": 0},
        "studies.0.patient.user.fullName",
    ),
    "studies by id": (
        (
            "query studies($study_ids: [String], $limit: PaginationAmount, $offset: Int) {"
            " studies(studyIds: $study_ids, limit: $limit, offset: $offset) { id name patient { id user { fullName } } } }"
        ),
        {"study_ids": [EPILEPSY, "unknown"], "limit": 50, "offset": 0},
        "studies.0.name",
    ),
    "tags": (
        "{ labelTags { id category { id name description } value forStudy forDiary } }",
        None,
        "labelTags.0.value",
    ),
    "organisations": (
        "{ organisations { id partyId ownerId name description isPublic isDeleted } }",
        None,
        "organisations.1.partyId",
    ),
    "patients": (
        (
            "query patientsPaged($limit: PaginationAmount, $offset: Int) { patients(limit: $limit, offset: $offset) { id user {"
            " id fullName shortName email lastActive lastInsightGenerated preferredTimezone } } }"
        ),
        {"limit": 5000, "offset": 0},
        "patients.2.user.preferredTimezone",
    ),
    "insights": (
        (
            "query patient($patient_id: String!, $limit: PaginationAmount, $offset: Int) { patient(id: $patient_id) { id"
            " insights(limit: $limit, offset: $offset) { id report { patientId reportPeriod } reportDate"
            " emailNotificationSent emailLinkOpened createdAt updatedAt } } }"
        ),
        {"patient_id": PATIENT, "limit": 50, "offset": 50},
        "patient.insights.10.report.patientId",
    ),
    "diary labels": (
        DIARY_LABELS,
        {**DIARY_WINDOW, "value": "all", "limit": 100, "offset": 0},
        "patient.diary.labelGroups.0.labels.22.tags.0.tagType.value",
    ),
    "medication alerts": (
        (
            "query getDiaryAlertMedication($patient_id: String!, $from_time: Float!, $to_time: Float!) {"
            " patient(id: $patient_id) { diary { id alerts { id name labels(ranges: [{ from: $from_time, to: $to_time }]) {"
            " id startTime scheduledTime alert { name } doses { doseValue doseUnit doseExponent medication {"
            " brandName drugName } } startTime scheduledTime deleted } } } } }"
        ),
        {"patient_id": PATIENT, "from_time": 0, "to_time": 9e12},
        "patient.diary.alerts.0.labels.3.doses.0.medication.drugName",
    ),
    "alert windows": (WINDOWS, {"patient_id": PATIENT, "filters": []}, "patient.diary.alerts.1.windows.0.endTime"),
    "compliance": (
        COMPLIANCE,
        {"patient_id": PATIENT, "from_time": 0, "to_time": 0},
        "patient.diary.medicationCompliance.9.status",
    ),
    "documents": (
        (
            "query studies($study_ids: [String], $limit: PaginationAmount, $offset: Int) { studies(studyIds: $study_ids,"
            " limit: $limit, offset: $offset) { id name documents { id name uploaded fileSize downloadFileUrl } } }"
        ),
        {"study_ids": [EPILEPSY], "limit": 50, "offset": 0},
        "studies.0.documents.1.downloadFileUrl",
    ),
    "bookings": (
        BOOKINGS,
        {"organization_id": "organisation-sandbox-clinic", "startTime": 0, "endTime": 9e12},
        "organisation.bookings.1.patient.studies.0.name",
    ),
    "diary study labels": (
        (
            "query patient($patient_id: String!, $label_group_id: String, $limit: PaginationAmount, $offset: Int,"
            " $from_time: Float, $to_time: Float) { patient(id: $patient_id) { id diaryStudy {"
            " labelGroup(labelGroupId: $label_group_id) { id labels(limit: $limit, offset: $offset, from: $from_time,"
            " to: $to_time) { id startTime timezone duration tags { tagType { value } } } } } } }"
        ),
        {"patient_id": PATIENT, "limit": 200, "offset": 200, "from_time": 0, "to_time": 9e12},
        "patient.diaryStudy.labelGroup.labels.39.duration",
    ),
    "study cohort": (
        (
            "query studyCohort($study_cohort_id: String, $limit: PaginationAmount, $offset: Int) {"
            " studyCohort(id: $study_cohort_id) { id name studies(limit: $limit, offset: $offset) { id } } }"
        ),
        {"study_cohort_id": "cohort-demo-studies", "limit": 200, "offset": 0},
        "studyCohort.studies.1.id",
    ),
    "surveys": (
        (
            "query surveys($survey_template_ids: [String!], $limit: PaginationAmount, $offset: Int) {"
            " surveys(surveyTemplateIds: $survey_template_ids, limit: $limit, offset: $offset) { completer { id roles {"
            " patient { id } } } id fields { key value } lastSubmittedAt } }"
        ),
        {"survey_template_ids": ["survey-template-mood"], "limit": 200, "offset": 0},
        "surveys.6.completer.roles.patient.id",
    ),
    "user cohort": (
        (
            "query userCohort($user_cohort_id: String, $limit: PaginationAmount, $offset: Int) {"
            " userCohort(id: $user_cohort_id) { id name users(limit: $limit, offset: $offset) { id } } }"
        ),
        {"user_cohort_id": "cohort-demo-users", "limit": 200, "offset": 0},
        "userCohort.users.2.id",
    ),
    "adherence": (
        (
            "query getMedicationCompliance($patientId: String!, $startDate: Date!, $endDate: Date!) {"
            " patient(id: $patientId) { id diary { medicationAdherences(range: { fromDate: $startDate, toDate: $endDate }) {"
            " date medications { drugName status } } } } }"
        ),
        {"patientId": PATIENT, "startDate": "2024-04-01", "endDate": "2024-04-03"},
        "patient.diary.medicationAdherences.2.medications.0.status",
    ),
    "channel groups": (
        f'query {{ study(id: "{SLEEP}") {{ id patient {{ id }} name channelGroups {{ name sampleRate segments {{ id }} }} }} }}',
        None,
        "study.channelGroups.3.segments.2.id",
    ),
    "views": (
        (
            f'query {{ viewGroups(studyId: "{SLEEP}") {{ user {{ fullName }}'
            " views(limit: 250, offset: 250) { id startTime duration createdAt updatedAt } } }"
        ),
        None,
        "viewGroups.0.views.12.createdAt",
    ),
    "user of a patient": (
        f'query {{ patient(id: "{PATIENT}") {{ id user {{ id fullName shortName email }} }} }}',
        None,
        "patient.user.email",
    ),
    "diary creation": (
        f'query {{ patient(id: "{PATIENT}") {{ diary {{ createdAt }} }} }}',
        None,
        "patient.diary.createdAt",
    ),
    "diary study label groups": (
        (
            f'query {{ patient(id: "{PATIENT}") {{ id diaryStudy {{ startTime'
            " labelGroups(limit: 20, offset: 0) { id name numberOfLabels } } } }"
        ),
        None,
        "patient.diaryStudy.labelGroups.0.numberOfLabels",
    ),
    "diary study channel groups": (
        (
            f'query {{ patient(id: "{PATIENT}") {{ id diaryStudy {{ channelGroups {{ id name startTime'
            " segments(ranges: [{ from: 0, to: 9000000000000 }]) { id startTime duration timezone dataChunks { url } } } } } }"
        ),
        None,
        "patient.diaryStudy.channelGroups.1.segments.19.dataChunks.0.url",
    ),
}


def dig(document: Any, path: str) -> Any:
    for step in path.split("."):
        document = document[int(step)] if step.isdigit() else document[step]
    return document


async def test_every_listing_of_the_vendors_client_reaches_down_to_its_leaves(seer):
    found = await seer.ask(QUERIES["diary study label groups"][0])
    group = dig(found, "patient.diaryStudy.labelGroups.0.id")
    for name, (query, variables, path) in QUERIES.items():
        given = {"label_group_id": group, **variables} if name == "diary study labels" else variables
        assert dig(await seer.ask(query, given), path) is not None, name


async def test_unknown_studies_and_patients_are_null(seer):
    assert await seer.ask('{ study(id: "x") { id } patient(id: "x") { id } }') == {"study": None, "patient": None}


async def test_pages_end_with_an_empty_one(seer):
    sizes = []
    for offset in (0, 2, 4, 6):
        found = await seer.ask(QUERIES["studies"][0], {"search_term": "", "limit": 2, "offset": offset})
        sizes.append(len(found["studies"]))
    assert sizes == [2, 2, 1, 0]


async def test_a_capped_server_gives_short_pages_that_are_not_the_last(seer):
    await seer.controls(page_cap=2)
    found = await seer.ask(QUERIES["studies"][0], {"search_term": "", "limit": 50, "offset": 0})
    assert len(found["studies"]) == 2


async def test_search_looks_at_names_descriptions_codes_and_patients(seer):
    for term, expected in (("SLEEP", SLEEP), ("focal seizure", EPILEPSY), ("sbx-004", ODD), ("Blaise", EPILEPSY)):
        found = await seer.ask(QUERIES["studies"][0], {"search_term": term, "limit": 50, "offset": 0})
        assert [entry["id"] for entry in found["studies"]] == [expected], term


async def test_segments_come_by_cursor_until_there_are_no_more(seer):
    ids, after, pages = [], "", 0
    while True:
        found = await seer.ask(SEGMENTS, {"study_id": MANY, "limit": 2500, "after": after})
        listing = found["resource"]["channelGroupSegment"]["list"]
        ids += [item["id"] for item in listing["items"]]
        pages, after = pages + 1, listing["pageInfo"]["endCursor"]
        if not listing["pageInfo"]["hasNextPage"]:
            break
    assert (pages, len(ids), len(set(ids))) == (3, MANY_SEGMENTS, MANY_SEGMENTS)


async def test_unknown_cursors_are_refused(seer):
    status, document = await seer.post(SEGMENTS, {"study_id": MANY, "limit": 5, "after": "nonsense"})
    assert document["errors"][0]["errorCode"] == "INVALID_PARAMETERS"
    assert status == 200


async def test_labels_come_in_pages_within_a_window_of_time(seer):
    groups = await seer.ask(LABEL_GROUPS, {"study_id": EPILEPSY, "limit": 50, "offset": 0})
    group = next(entry for entry in groups["study"]["labelGroups"] if entry["name"].startswith("Spike"))
    assert group["numberOfLabels"] > 2 * 200

    async def labels(begin: float, end: float, offset: int) -> list[Any]:
        variables = {"study_id": EPILEPSY, "label_group_id": group["id"], "limit": 200, "offset": offset}
        found = await seer.ask(LABELS, {**variables, "from_time": begin, "to_time": end})
        return found["study"]["labelGroup"]["labels"]

    every = [label for offset in (0, 200, 400, 600) for label in await labels(0, 9e12, offset)]
    assert len(every) == group["numberOfLabels"]
    times = [label["startTime"] for label in every]
    assert times == sorted(times)
    inside = await labels(times[10], times[20], 0)
    assert [label["id"] for label in inside] == [label["id"] for label in every[10:20]]
    variables = {"study_id": EPILEPSY, "label_group_id": group["id"], "from_time": times[10], "to_time": times[20]}
    compact = await seer.ask(LABEL_STRING, variables)
    records = json.loads(compact["study"]["labelGroup"]["labelString"])
    assert records == [{"id": x["id"], "s": x["startTime"], "d": x["duration"]} for x in inside]


async def test_names_hold_slashes_spaces_and_scripts(seer):
    groups = await seer.ask(LABEL_GROUPS, {"study_id": EPILEPSY, "limit": 50, "offset": 0})
    group = next(entry for entry in groups["study"]["labelGroups"] if entry["name"] == "Abnormal / Epileptiform")
    variables = {"study_id": EPILEPSY, "label_group_id": group["id"], "limit": 5, "offset": 0}
    found = await seer.ask(LABELS, variables)
    note = found["study"]["labelGroup"]["labels"][0]["note"]
    assert not note.isascii()


async def test_diary_ranges_count_by_position(seer):
    wish = {**DIARY_WINDOW, "value": "seizure", "limit": 100, "offset": 0, "from_duration": 40_000.0}
    found = await seer.ask(DIARY_LABELS, wish)
    groups = found["patient"]["diary"]["labelGroups"]
    assert [group["labelType"] for group in groups] == ["seizure"]
    assert groups[0]["numberOfLabels"] == 23
    assert len(groups[0]["labels"]) == 13


async def test_alert_windows_filter_by_activity(seer):
    active = {"name": "isActive", "value": "true"}
    found = await seer.ask(WINDOWS, {"patient_id": PATIENT, "filters": [active]})
    assert [len(alert["windows"]) for alert in found["patient"]["diary"]["alerts"]] == [1, 0]


async def test_bookings_hide_the_cancelled_unless_asked(seer):
    wish = {"organization_id": "organisation-sandbox-clinic", "startTime": 0, "endTime": 9e12}
    plain, whole = await seer.ask(BOOKINGS, wish), await seer.ask(BOOKINGS, {**wish, "includeCancelled": True})
    assert [len(found["organisation"]["bookings"]) for found in (plain, whole)] == [2, 3]
    assert whole["organisation"]["bookings"][2]["patient"] is None


async def test_label_groups_live_and_die(seer):
    group = await seer.ask(
        f'mutation {{ addLabelGroupToStudy(studyId: "{SLEEP}", name: "a \\"b\\" / c", description: "d", labelType: seizure)'
        " { id } }"
    )
    identity = group["addLabelGroupToStudy"]["id"]
    add = "mutation ($group_id: String!, $labels: [NewStudyLabel]!) { addLabelsToLabelGroup(groupId: $group_id, labels: $labels) { id } }"
    labels = [
        {"startTime": 2.0, "duration": 5, "tagIds": ["tag-blink"]},
        {"startTime": 1.0, "note": "ü", "confidence": 0.5},
    ]
    added = await seer.ask(add, {"group_id": identity, "labels": labels})
    assert len({label["id"] for label in added["addLabelsToLabelGroup"]}) == 2
    edit = "mutation ($id: String!, $name: String) { editStudyLabelGroup(id: $id, name: $name) { id } }"
    await seer.ask(edit, {"id": identity, "name": "new"})
    found = await seer.ask(LABELS, {"study_id": SLEEP, "label_group_id": identity, "limit": 9, "offset": 0})
    shown = found["study"]["labelGroup"]
    assert (shown["name"], shown["description"], shown["numberOfLabels"]) == ("new", "d", 2)
    assert [label["note"] for label in shown["labels"]] == ["ü", ""]
    await seer.ask(f'mutation {{ removeLabelGroupFromStudy(groupId: "{identity}") }}')
    _, document = await seer.post(LABELS, {"study_id": SLEEP, "label_group_id": identity, "limit": 9, "offset": 0})
    assert document["errors"][0]["errorCode"] == "NOT_FOUND"


@pytest.mark.parametrize("label", [{"duration": -1}, {"confidence": 1.5}, {"tagIds": ["nonsense"]}])
async def test_unacceptable_labels_are_refused_and_none_of_their_batch_kept(seer, label):
    made = await seer.ask(f'mutation {{ addLabelGroupToStudy(studyId: "{SLEEP}", name: "x") {{ id }} }}')
    identity = made["addLabelGroupToStudy"]["id"]
    add = "mutation ($group_id: String!, $labels: [NewStudyLabel]!) { addLabelsToLabelGroup(groupId: $group_id, labels: $labels) { id } }"
    _, document = await seer.post(add, {"group_id": identity, "labels": [{"startTime": 1}, {"startTime": 2, **label}]})
    assert document["errors"][0]["errorCode"] == "INVALID_PARAMETERS"
    found = await seer.ask(LABELS, {"study_id": SLEEP, "label_group_id": identity, "limit": 9, "offset": 0})
    assert found["study"]["labelGroup"]["labels"] == []


async def test_documents_are_announced_put_and_confirmed(seer):
    made = await seer.ask(
        f'mutation {{ createStudyDocuments(studyId: "{SLEEP}", documents: [{{name: "a / b.txt"}}])'
        " { id name uploadFileUrl downloadFileUrl } }"
    )
    [document] = made["createStudyDocuments"]
    confirm = f'mutation {{ confirmStudyDocuments(studyId: "{SLEEP}", documentIds: ["{document["id"]}"]) {{ id downloadFileUrl }} }}'
    _, early = await seer.post(confirm)
    assert early["errors"][0]["errorCode"] == "NOT_FOUND"
    assert (await seer.put(document["downloadFileUrl"], b"no"))[0] == 403
    assert (await seer.put(document["uploadFileUrl"], b"hello"))[0] == 200
    confirmed = await seer.ask(confirm)
    url = confirmed["confirmStudyDocuments"][0]["downloadFileUrl"]
    assert (await seer.get(url))[:2] == (200, b"hello")
    listed = await seer.ask(f'{{ studies(studyIds: ["{SLEEP}"]) {{ documents {{ name fileSize }} }} }}')
    assert {"name": "a / b.txt", "fileSize": 5} in listed["studies"][0]["documents"]


async def test_cohorts_gain_and_lose_members(seer):
    made = await seer.ask(
        f'mutation {{ createStudyCohort(input: {{name: "n", studyIds: ["{SLEEP}"]}}) {{ studyCohort {{ id }} }} }}'
    )
    identity = made["createStudyCohort"]["studyCohort"]["id"]
    for change, study in (("addStudiesToStudyCohort", EPILEPSY), ("removeStudiesFromStudyCohort", SLEEP)):
        await seer.ask(
            f'mutation {{ {change}(studyCohortId: "{identity}", studyIds: ["{study}"]) {{ studyCohort {{ id }} }} }}'
        )
    found = await seer.ask(f'{{ studyCohort(id: "{identity}") {{ studies {{ id }} }} }}')
    assert found["studyCohort"]["studies"] == [{"id": EPILEPSY}]


@pytest.mark.parametrize(
    "query",
    [
        "{ nope }",
        "{ studies(limit: -1) { id } }",
        '{ studies(limit: "3") { id } }',
        "{ studies(nothing: 3) { id } }",
        "{ studies {",
        "query ($l: PaginationAmount) { studies(limit: $l) { id } }",
        '{ patient(id: "patient-ada") { diary { medicationAdherences(range: {fromDate: "May", toDate: "June"}) { date } } } }',
        17,
        None,
    ],
)
async def test_bad_queries_are_invalid_parameters(seer, query: Any) -> None:
    status, document = await seer.post(query, {"l": -1})
    assert (status, document["errors"][0]["statusCode"]) == (400, 400)
    assert document["errors"][0]["errorCode"] == "INVALID_PARAMETERS"
    assert "data" not in document


async def test_syntax_errors_say_where(seer) -> None:
    _, document = await seer.post("{\n  nope\n}")
    assert document["errors"][0]["locations"] == [{"line": 2, "column": 3}]


async def test_a_body_that_is_no_query_is_refused(seer) -> None:
    answer = await seer.session.post(f"{seer.base}/graphql", data=b"\xff", headers={"Cookie": seer.cookie})
    assert answer.status == 400
    assert (await answer.json())["errors"][0]["errorCode"] == "INVALID_PARAMETERS"


async def test_unknown_cohorts_come_as_errors_beside_null(seer) -> None:
    status, document = await seer.post('{ studyCohort(id: "nope") { id } }')
    assert (status, document["errors"][0]["errorCode"]) == (200, "NOT_FOUND")
    assert document["data"] == {"studyCohort": None}


async def test_the_listing_holds_what_a_client_must_cope_with(seer) -> None:
    found = await seer.ask("{ studies(limit: 50, offset: 0) { id patient { id } channelGroups { id } } }")
    studies = {entry["id"]: entry for entry in found["studies"]}
    assert studies[EMPTY] == {"id": EMPTY, "patient": None, "channelGroups": []}
    assert {SLEEP, EPILEPSY, ODD} < set(studies)


async def test_parties_see_their_own_studies(seer) -> None:
    mine = await seer.ask("{ studies { id } }", party="party-sandbox-neurology")
    assert [entry["id"] for entry in mine["studies"]] == [SLEEP, EPILEPSY]
    assert await seer.ask("{ studies { id } }", party="party-of-nobody") == {"studies": []}


async def test_ids_do_not_depend_on_the_seed_but_samples_do(seer):
    segment = await seer.segment()
    here = (await seer.get(await seer.base_url(segment)))[1]
    async with Sandbox(seed=5, platforms=("seer",)) as sandbox:
        other = type(seer)(sandbox, seer.session, seer.clock)
        await other.log_in()
        assert await other.segment() == segment
        there = (await other.get(await other.base_url(segment)))[1]
    assert here != there
