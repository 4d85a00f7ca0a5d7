"""Runs under a Python that has seer-py: reads all there is and writes what it got.

The sandbox's variables are in the environment, and HOME is where its key file is found; the argument is a folder for
the results.
"""

import json
import logging
import os
import sys
import warnings
from pathlib import Path

import numpy as np
import seerpy
from seerpy import auth

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)
target = Path(sys.argv[1])
URL, EMAIL, PASSWORD = (os.environ[f"PENSTOCK_SEER_{name}"] for name in ("URL", "EMAIL", "PASSWORD"))
SLEEP, EPILEPSY, ODD = (f"5eed000{n}-0000-4000-8000-00000000000{n}" for n in (1, 2, 4))
MANY = "5eed0006-0000-4000-8000-000000000006"
PATIENT = "patient-ada"
UNREADABLE = {"Respiration / belt", "Scattered", "Surplus record"}
KEYS = {"time", "id", "channelGroups.id", "segments.id"}


def connect(**options):
    client = seerpy.SeerConnect(**options)
    client.api_limit_expire = 0
    return client


def read(client, study):
    """Read every group by both families of links, which must agree, and keep what came."""
    metadata = client.get_all_study_metadata_dataframe_by_ids([study])
    for name, part in metadata.groupby("channelGroups.name"):
        if name in UNREADABLE:
            continue
        part = part.reset_index(drop=True)
        frame = client.get_channel_data(part, threads=1)
        urls = client.get_segment_urls(list(part["segments.id"].unique()))
        assert frame.equals(client.get_channel_data(part, segment_urls=urls, threads=1))
        columns = [column for column in frame.columns if column not in KEYS]
        for segment, rows in frame.groupby("segments.id"):
            np.savez(target / f"{segment}.npz", time=rows.time.values, data=rows[columns].values)


def change(client):
    """Use every mutation."""
    group = client.add_label_group(SLEEP, "mine", "described")
    stamps = range(1203)
    client.add_labels_batched(group, [{"startTime": 1e12 + stamp, "duration": 5, "note": "ü"} for stamp in stamps])
    labels = len(client.get_labels(SLEEP, group)["labelGroup"]["labels"])
    client.edit_study_label_group(group, "x", "y")
    client.del_label_group(group)
    document = target / "document.txt"
    document.write_text("hello")
    client.add_document(SLEEP, "hello.txt", str(document))
    studies = client.create_study_cohort("n", study_ids=[SLEEP])["createStudyCohort"]["studyCohort"]["id"]
    client.add_studies_to_study_cohort(studies, [EPILEPSY])
    client.remove_studies_from_study_cohort(studies, [SLEEP])
    users = client.create_user_cohort("n", user_ids=["a"])["createUserCohort"]["userCohort"]["id"]
    client.add_users_to_user_cohort(users, ["b"])
    client.remove_users_from_user_cohort(users, ["a"])
    return {
        "labels": labels,
        "documents": len(client.get_documents_for_studies([SLEEP])[0]["documents"]),
        "cohorts": [client.get_study_ids_in_study_cohort(studies), client.get_user_ids_in_user_cohort(users)],
    }


def listings(client):
    """Count the rows of every table."""
    groups = client.get_label_groups_for_studies_dataframe([SLEEP, EPILEPSY])
    worn = client.get_diary_study_label_groups_dataframe(PATIENT)["id"][0]
    frames = {
        "tags": client.get_tag_ids_dataframe(),
        "documents": client.get_documents_for_studies_dataframe([SLEEP, EPILEPSY]),
        "patients": client.get_patients_dataframe(),
        "user": client.get_user_from_patient_dataframe(PATIENT),
        "organisations": client.get_organisations_dataframe(),
        "bookings": client.get_all_bookings_dataframe("organisation-sandbox-clinic", 0, 9e12),
        "views": client.get_viewed_times_dataframe(SLEEP),
        "diary labels": client.get_diary_labels_dataframe(PATIENT, limit=5),
        "alerts": client.get_diary_medication_alerts_dataframe(PATIENT),
        "compliance": client.get_diary_medication_compliance_dataframe(PATIENT),
        "worn labels": client.get_diary_study_labels_dataframe(PATIENT, worn),
        "worn": client.get_diary_fitbit_data(client.get_diary_study_channel_groups_dataframe(PATIENT)),
        "surveys": client.get_mood_survey_results_dataframe(["survey-template-mood"]),
        "segments": client.get_channel_segments(MANY),
        "metadata": client.get_all_study_metadata_dataframe_by_ids([MANY]),
    }
    labels = {
        name: len(client.get_labels_dataframe(study, group))
        for name, study, group in zip(groups["labelGroup.name"], groups["id"], groups["labelGroup.id"], strict=True)
    }
    return {**{name: len(frame) for name, frame in frames.items()}, "labels": labels}


by_email = connect(api_url=URL, email=EMAIL, password=PASSWORD, use_email=True)
by_cookie = connect(seer_auth=auth.SeerDevAuth(URL.replace("/api", "/dev/api"), EMAIL, PASSWORD))
by_key = connect()
for study in [SLEEP, EPILEPSY, ODD]:
    read(by_key, study)
print(
    json.dumps(
        {
            "ways": [len(client.get_studies()) for client in (by_email, by_cookie, by_key)],
            "search": by_key.get_study_ids(search_term="epilepsy"),
            "listings": listings(by_email),
            "changes": change(by_key),
        }
    )
)
