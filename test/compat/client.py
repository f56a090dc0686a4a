"""Monitors a server with Airflow's official Python client, as a user of it would: every answer must parse."""

import sys

import airflow_client.client as airflow
from airflow_client.client.api import (
    dag_api,
    dag_run_api,
    dag_stats_api,
    dag_version_api,
    experimental_api,
    import_error_api,
    job_api,
    monitor_api,
    task_api,
    task_instance_api,
    version_api,
    x_com_api,
)

host, token, dag_id, run_id, task_id = sys.argv[1:6]
done = []


def ask(name, call, *args, **options):
    """Calls the client; a body that does not fit its models raises."""
    answer = call(*args, **options)
    done.append(name)
    return answer


with airflow.ApiClient(airflow.Configuration(host=host, access_token=token)) as client:
    dags = dag_api.DAGApi(client)
    runs = dag_run_api.DagRunApi(client)
    instances = task_instance_api.TaskInstanceApi(client)
    xcoms = x_com_api.XComApi(client)
    versions = dag_version_api.DagVersionApi(client)

    ask("get_health", monitor_api.MonitorApi(client).get_health)
    ask("get_version", version_api.VersionApi(client).get_version)
    ask("get_jobs", job_api.JobApi(client).get_jobs)
    ask("get_import_errors", import_error_api.ImportErrorApi(client).get_import_errors)
    ask("get_dag_stats", dag_stats_api.DagStatsApi(client).get_dag_stats)
    listed = ask("get_dags", dags.get_dags, limit=5)
    assert listed.total_entries >= len(listed.dags) > 0
    ask("get_dag", dags.get_dag, dag_id)
    ask("get_dag_details", dags.get_dag_details, dag_id)
    ask("get_dag_tags", dags.get_dag_tags)
    paused = ask("patch_dag", dags.patch_dag, dag_id, airflow.DAGPatchBody(is_paused=True))
    assert paused.is_paused
    dags.patch_dag(dag_id, airflow.DAGPatchBody(is_paused=False))
    ask("get_dag_versions", versions.get_dag_versions, dag_id)
    ask("get_dag_version", versions.get_dag_version, dag_id, 1)
    tasks = ask("get_tasks", task_api.TaskApi(client).get_tasks, dag_id)
    ask("get_task", task_api.TaskApi(client).get_task, dag_id, tasks.tasks[0].task_id)

    made = ask(
        "trigger_dag_run",
        runs.trigger_dag_run,
        dag_id,
        airflow.TriggerDAGRunPostBody(logical_date=None, conf={"from": "python"}),
    )
    assert made.conf == {"from": "python"}
    ask("get_dag_run", runs.get_dag_run, dag_id, made.dag_run_id)
    ask("patch_dag_run", runs.patch_dag_run, dag_id, made.dag_run_id, airflow.DAGRunPatchBody(note="seen"))
    assert ask("get_dag_runs", runs.get_dag_runs, "~", limit=3).total_entries >= 2
    page = ask("get_dag_runs by cursor", runs.get_dag_runs, "~", limit=1, cursor="")
    assert runs.get_dag_runs("~", limit=1, cursor=page.next_cursor).dag_runs[0] != page.dag_runs[0]
    ask("get_list_dag_runs_batch", runs.get_list_dag_runs_batch, "~", airflow.DAGRunsBatchBody(dag_ids=[dag_id]))

    seen = ask("get_task_instances", instances.get_task_instances, dag_id, run_id, limit=100)
    assert seen.total_entries >= len(seen.task_instances) > 0
    ask("get_task_instances of all runs", instances.get_task_instances, "~", "~", state=["success", "failed"])
    cursor, names = "", []
    while cursor is not None:
        some = ask("get_task_instances by cursor", instances.get_task_instances, dag_id, run_id, limit=7, cursor=cursor)
        names += [(one.task_id, one.map_index) for one in some.task_instances]
        cursor = some.next_cursor
    assert len(set(names)) == len(names) == seen.total_entries
    ask("get_mapped_task_instances", instances.get_mapped_task_instances, dag_id, run_id, task_id, limit=5)
    one = ask("get_mapped_task_instance", instances.get_mapped_task_instance, dag_id, run_id, task_id, 0)
    assert one.map_index == 0
    ask("get_task_instance_tries", instances.get_task_instance_tries, dag_id, run_id, task_id, map_index=0)
    ask("get_mapped_task_instance_tries", instances.get_mapped_task_instance_tries, dag_id, run_id, task_id, 0)
    ask("get_log", instances.get_log, dag_id, run_id, task_id, 1, map_index=0)
    ask(
        "get_task_instances_batch",
        instances.get_task_instances_batch,
        "~",
        "~",
        airflow.TaskInstancesBatchBody(dag_ids=[dag_id], state=["success"]),
    )
    ask(
        "post_clear_task_instances",
        instances.post_clear_task_instances,
        dag_id,
        airflow.ClearTaskInstancesBody(dag_run_id=run_id, only_failed=False),
    )
    entries = ask("get_xcom_entries", xcoms.get_xcom_entries, dag_id, run_id, task_id, limit=2)
    first = entries.xcom_entries[0]
    ask("get_xcom_entry", xcoms.get_xcom_entry, dag_id, task_id, run_id, first.key, map_index=first.map_index)
    ask(
        "wait_dag_run_until_finished",
        experimental_api.ExperimentalApi(client).wait_dag_run_until_finished_without_preload_content,
        dag_id,
        run_id,
        interval=1,
    )
    for name, call in (("a DAG that is not there", lambda: dags.get_dag("none")),):
        try:
            call()
            raise AssertionError(f"{name} was found")
        except airflow.exceptions.NotFoundException:
            done.append("404")

print("\n".join(done))
