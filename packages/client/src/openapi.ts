// Made from the API's OpenAPI document by `npm run client:types`; not to be edited.
export interface paths {
    "/api/v2/assets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The assets that DAGs wait for or make */
        get: operations["get_assets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/assets/{asset_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One asset */
        get: operations["get_asset"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/assets/{asset_id}/materialize": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make a run of the DAG that makes an asset */
        post: operations["materialize_asset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/assets/{asset_id}/queuedEvents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What DAGs have been told of an asset, and have had no run for */
        get: operations["get_asset_queued_events"];
        put?: never;
        post?: never;
        /** Let DAGs forget what they have been told of an asset */
        delete: operations["delete_asset_queued_events"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/assets/aliases": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** None: assets have no aliases */
        get: operations["get_asset_aliases"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/assets/aliases/{asset_alias_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** None: assets have no aliases */
        get: operations["get_asset_alias"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/assets/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The events of assets, with the runs that were made for them */
        get: operations["get_asset_events"];
        put?: never;
        /** Say that an asset has changed */
        post: operations["create_asset_event"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/backfills": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The backfills of a DAG, or of all */
        get: operations["list_backfills"];
        put?: never;
        /** Make runs of a DAG for the ticks of a past range */
        post: operations["create_backfill"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/backfills/{backfill_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One backfill, and how far it is */
        get: operations["get_backfill"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/backfills/{backfill_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** End a backfill: it makes no more runs; those that run go on */
        put: operations["cancel_backfill"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/backfills/{backfill_id}/dates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The dates of a backfill in the order in which their runs are made, and what became of each */
        get: operations["get_backfill_dates"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/backfills/{backfill_id}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Let a backfill make no more runs for now; those that run go on */
        put: operations["pause_backfill"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/backfills/{backfill_id}/unpause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Let a paused backfill go on */
        put: operations["unpause_backfill"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/backfills/dry_run": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Which runs a backfill would make; nothing is written */
        post: operations["create_backfill_dry_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/config": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What this server was started with, and the bounds it keeps */
        get: operations["get_config"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/config/section/{section}/option/{option}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One option */
        get: operations["get_config_value"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/connections": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Connections; passwords and other secrets are hidden */
        get: operations["get_connections"];
        put?: never;
        /** Make a connection */
        post: operations["post_connection"];
        delete?: never;
        options?: never;
        head?: never;
        /** Make, change and delete many connections */
        patch: operations["bulk_connections"];
        trace?: never;
    };
    "/api/v2/connections/{connection_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One connection; its password and other secrets are hidden */
        get: operations["get_connection"];
        put?: never;
        post?: never;
        /** Delete a connection */
        delete: operations["delete_connection"];
        options?: never;
        head?: never;
        /** Change a connection; what is hidden in the body stays as it was */
        patch: operations["patch_connection"];
        trace?: never;
    };
    "/api/v2/connections/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Refused, as by Airflow unless it is told otherwise: what a connection is for is known to the code of DAGs alone */
        post: operations["test_connection"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** DAGs, filtered and ordered */
        get: operations["get_dags"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One DAG */
        get: operations["get_dag"];
        put?: never;
        post?: never;
        /** Delete a DAG with its runs and versions; what its file still defines comes back as a new one */
        delete: operations["delete_dag"];
        options?: never;
        head?: never;
        /** Pause a DAG, or let it go on */
        patch: operations["patch_dag"];
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/assets/{asset_id}/queuedEvents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a DAG has been told of an asset, and has had no run for */
        get: operations["get_dag_asset_queued_event"];
        put?: never;
        post?: never;
        /** Let a DAG forget what it has been told of an asset */
        delete: operations["delete_dag_asset_queued_event"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/assets/queuedEvents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a DAG has been told of assets, and has had no run for */
        get: operations["get_dag_asset_queued_events"];
        put?: never;
        post?: never;
        /** Let a DAG forget what it has been told of assets */
        delete: operations["delete_dag_asset_queued_events"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/calendar": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How many runs of a DAG fell on each day of a year, by state, and how many its schedule will make */
        get: operations["get_dag_calendar"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/clearTaskInstances": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Run instances of a run again, or say which that would be */
        post: operations["post_clear_task_instances"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/dagRuns": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The runs of a DAG, or of all (~) */
        get: operations["get_dag_runs"];
        put?: never;
        /** Make a run of a DAG's newest version */
        post: operations["trigger_dag_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One run */
        get: operations["get_dag_run"];
        put?: never;
        post?: never;
        /** Delete a run that has ended, with all it left */
        delete: operations["delete_dag_run"];
        options?: never;
        head?: never;
        /** Cancel a run (failed), take a cancelled one up again (queued), or write a note to it */
        patch: operations["patch_dag_run"];
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/clear": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Run a run again, or only what failed of it; or say what that would be */
        post: operations["clear_dag_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What changes in a run, as server-sent events, until it has ended */
        get: operations["watch_dag_run"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/expansions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How far each task of a run has been unrolled, upstream first */
        get: operations["get_expansions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/expansions/{task_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How far a task of a run has been unrolled, and what it waits for */
        get: operations["get_expansion"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Pause, resume or resize a map that runs; it takes effect at once */
        patch: operations["patch_expansion"];
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/expansions/{task_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Cancel one map of a run that goes on */
        post: operations["cancel_expansion"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/expansions/{task_id}/density": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How the instances of a map are, from end to end, in buckets of indexes; from its pages, by samples where there are many */
        get: operations["get_expansion_density"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/expansions/{task_id}/errors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Why instances of a task failed, by class, of the first 5000 failures */
        get: operations["get_expansion_errors"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/expansions/{task_id}/extend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Go on where a finished map's source ended, in the same run, and with it what reads it */
        post: operations["extend_expansion"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/expansions/{task_id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How far a map was, from its start to now or its end, in even steps of time; from at most 400 of its pages */
        get: operations["get_expansion_history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/expansions/{task_id}/instances": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The instances of a task in the order of the map index, by keyset */
        get: operations["get_expansion_instances"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/expansions/{task_id}/instances/{map_index}/explanation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Why an instance was skipped or could not run, what it waits for, and what it is deferred to */
        get: operations["get_instance_explanation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/expansions/{task_id}/items/{map_index}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The item that an instance of a map was given */
        get: operations["get_expansion_item"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/expansions/{task_id}/pages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The pages of a task in the order of their indexes, by keyset, each with its counters */
        get: operations["get_expansion_pages"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/expansions/{task_id}/redrive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Run failed or chosen instances again on the inputs they have, and what is downstream of them */
        post: operations["redrive_expansion"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/expansions/{task_id}/results": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the instances of a map return, or a shared source yields, as a stream */
        get: operations["stream_results"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The instances of a run, or of many (~), in the order of run, task and map index */
        get: operations["get_task_instances"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The instance of a task that is not mapped */
        get: operations["get_task_instance"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One instance of a mapped task */
        get: operations["get_mapped_task_instance"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/tries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The attempts of an instance of a mapped task */
        get: operations["get_mapped_task_instance_tries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/listMapped": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The instances of a mapped task, in the order of the map index */
        get: operations["get_mapped_task_instances"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/logs/{try_number}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What an attempt of an instance logged; as NDJSON the whole of it, line by line */
        get: operations["get_log"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/logs/{try_number}/tail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What an attempt (0: all attempts) of an instance logs, as it comes, until there will be no more */
        get: operations["tail_log"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/tries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The attempts of an instance */
        get: operations["get_task_instance_tries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/xcomEntries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the instances of a task returned and pushed, without the values */
        get: operations["get_xcom_entries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/xcomEntries/{xcom_key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A value that an instance returned (return_value) or pushed */
        get: operations["get_xcom_entry"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Instances of many runs, by a filter in the body */
        post: operations["get_task_instances_batch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/upstreamAssetEvents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The events that a run was made for */
        get: operations["get_upstream_asset_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/wait": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Wait until a run has ended; a line an interval says how it stands, the last one brings results */
        get: operations["wait_dag_run_until_finished"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/dagRuns/list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Runs of many DAGs, by a filter in the body */
        post: operations["get_list_dag_runs_batch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/dagVersions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The versions of a DAG, or of all (~) */
        get: operations["get_dag_versions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/dagVersions/{version_number}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One version of a DAG */
        get: operations["get_dag_version"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/dagVersions/{version_number}/changes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What differs between a version of a DAG and another: options, tasks, groups, edges */
        get: operations["get_dag_version_changes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/details": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One DAG with its details */
        get: operations["get_dag_details"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/grid": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The newest runs of a DAG, each with how its tasks stand, by keyset */
        get: operations["get_dag_grid"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/structure": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The tasks of a DAG's version, upstream first, and what flows between them */
        get: operations["get_dag_structure"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The tasks of a DAG's newest version */
        get: operations["get_tasks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dags/{dag_id}/tasks/{task_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One task of a DAG's newest version */
        get: operations["get_task"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dagSources/{dag_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The bundled code of a DAG's version */
        get: operations["get_dag_source"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dagStats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How many runs of each DAG are in each state */
        get: operations["get_dag_stats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dagTags": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The tags of all DAGs */
        get: operations["get_dag_tags"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/dagWarnings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** None: what is wrong with a DAG file is among the import errors */
        get: operations["list_dag_warnings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/eventLogs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What people, programs and limits did: counted, or by cursor */
        get: operations["get_event_logs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/eventLogs/{event_log_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One event */
        get: operations["get_event_log"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What changes in unfinished runs, the newest hundred of them, as server-sent events */
        get: operations["watch_dag_runs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/importErrors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** DAG files that cannot be used, and why */
        get: operations["get_import_errors"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/importErrors/{import_error_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Why one DAG file cannot be used */
        get: operations["get_import_error"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The processes that work on this database, by role */
        get: operations["get_jobs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whose token this is, and what it may do */
        get: operations["get_me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/monitor/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How the database and each role are */
        get: operations["get_health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This API, described by the schemas that check it */
        get: operations["get_openapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/plugins": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** None: there are no plugins */
        get: operations["get_plugins"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/plugins/importErrors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** None: there are no plugins */
        get: operations["import_errors"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/pools": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The pools, and what takes their slots */
        get: operations["get_pools"];
        put?: never;
        /** Make a pool */
        post: operations["post_pool"];
        delete?: never;
        options?: never;
        head?: never;
        /** Make, change and delete many pools */
        patch: operations["bulk_pools"];
        trace?: never;
    };
    "/api/v2/pools/{pool_name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One pool, and what takes its slots */
        get: operations["get_pool"];
        put?: never;
        post?: never;
        /** Delete a pool that no unfinished run uses */
        delete: operations["delete_pool"];
        options?: never;
        head?: never;
        /** Change a pool; it counts from the next instance on that starts */
        patch: operations["patch_pool"];
        trace?: never;
    };
    "/api/v2/providers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** None: what DAGs import is bundled with them */
        get: operations["get_providers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/recentDagRuns": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The newest runs of up to 100 DAGs */
        get: operations["get_recent_dag_runs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The tokens of programs, by name, by keyset; never the tokens themselves */
        get: operations["get_tokens"];
        put?: never;
        /** Make a token for a program, which is told once */
        post: operations["post_token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/tokens/{token_name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Revoke a token of a program */
        delete: operations["delete_token"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/triggers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What deferred instances wait for, those that wait longest first, by keyset */
        get: operations["get_triggers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who may sign in, by name, by keyset */
        get: operations["get_users"];
        put?: never;
        /** Let someone sign in; a password that is left out is made, and told once */
        post: operations["post_user"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/users/{username}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Let someone not sign in any more */
        delete: operations["delete_user"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/users/{username}/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Give a user a new password, which ends their sessions; left out, one is made and told once */
        put: operations["put_user_password"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/variables": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Variables; secrets are hidden */
        get: operations["get_variables"];
        put?: never;
        /** Make a variable */
        post: operations["post_variable"];
        delete?: never;
        options?: never;
        head?: never;
        /** Make, change and delete many variables */
        patch: operations["bulk_variables"];
        trace?: never;
    };
    "/api/v2/variables/{variable_key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One variable; secrets are hidden */
        get: operations["get_variable"];
        put?: never;
        post?: never;
        /** Delete a variable */
        delete: operations["delete_variable"];
        options?: never;
        head?: never;
        /** Change a variable; what is hidden in the body stays as it was */
        patch: operations["patch_variable"];
        trace?: never;
    };
    "/api/v2/version": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The version of Sluice that answers */
        get: operations["get_version"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign in */
        post: operations["create_token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/token/cli": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign in from a command line, for an hour */
        post: operations["create_token_cli"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What this server counts, and what is under way in its database, for Prometheus */
        get: operations["get_metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        ActorResponse: {
            /** @enum {string} */
            kind: "user" | "token";
            name: string;
            /** @description What this role may not do: operations by their id, each with the role that it needs. */
            refused_operations: {
                [key: string]: "viewer" | "user" | "op" | "admin";
            };
            /** @enum {string} */
            role: "viewer" | "user" | "op" | "admin";
        };
        ApiTokenCollectionResponse: {
            next_after: string | null;
            tokens: components["schemas"]["ApiTokenResponse"][];
        };
        ApiTokenPostBody: {
            expires_days?: number | null;
            name: string;
            /**
             * @default viewer
             * @enum {string}
             */
            role?: "viewer" | "user" | "op" | "admin";
        };
        ApiTokenResponse: {
            /** Format: date-time */
            created_at: string;
            created_by: string;
            /** Format: date-time */
            expires_at: string | null;
            name: string;
            /** @enum {string} */
            role: "viewer" | "user" | "op" | "admin";
        };
        AssetAliasCollectionResponse: {
            asset_aliases: components["schemas"]["AssetAliasResponse"][];
            total_entries: number;
        };
        AssetAliasResponse: {
            group: string;
            id: number;
            name: string;
        };
        AssetCollectionResponse: {
            assets: components["schemas"]["AssetResponse"][];
            total_entries: number;
        };
        AssetEventCollectionResponse: {
            asset_events: components["schemas"]["AssetEventResponse"][];
            total_entries: number;
        };
        AssetEventResponse: {
            asset_id: number;
            created_dagruns: components["schemas"]["DagRunAssetReference"][];
            extra: {
                [key: string]: unknown;
            } | null;
            group: string | null;
            id: number;
            name: string | null;
            partition_key: string | null;
            source_dag_id: string | null;
            source_map_index: number;
            source_run_id: string | null;
            source_task_id: string | null;
            /** Format: date-time */
            timestamp: string;
            uri: string | null;
        };
        AssetResponse: {
            aliases: {
                group: string;
                id: number;
                name: string;
            }[];
            consuming_tasks: {
                /** Format: date-time */
                created_at: string;
                dag_id: string;
                task_id: string;
                /** Format: date-time */
                updated_at: string;
            }[];
            /** Format: date-time */
            created_at: string;
            extra: {
                [key: string]: unknown;
            } | null;
            group: string;
            id: number;
            last_asset_event: {
                id: number | null;
                /** Format: date-time */
                timestamp: string | null;
            } | null;
            name: string;
            producing_tasks: {
                /** Format: date-time */
                created_at: string;
                dag_id: string;
                task_id: string;
                /** Format: date-time */
                updated_at: string;
            }[];
            scheduled_dags: {
                /** Format: date-time */
                created_at: string;
                dag_id: string;
                /** Format: date-time */
                updated_at: string;
            }[];
            /** Format: date-time */
            updated_at: string;
            uri: string;
            watchers: {
                /** Format: date-time */
                created_date: string;
                name: string;
                trigger_id: number;
            }[];
        };
        BackfillCollectionResponse: {
            backfills: components["schemas"]["BackfillResponse"][];
            total_entries: number;
        };
        BackfillDatesResponse: {
            dates: {
                dag_run_id: string | null;
                /** Format: date-time */
                data_interval_end: string;
                /** Format: date-time */
                data_interval_start: string;
                /** Format: date-time */
                logical_date: string;
                ordinal: number;
                /** @enum {string|null} */
                refusal: "in flight" | "already exists" | "unknown" | null;
            }[];
            next_after: number | null;
        };
        BackfillPostBody: {
            dag_id: string;
            /** @default {} */
            dag_run_conf?: {
                [key: string]: unknown;
            };
            /** Format: date-time */
            from_date: string;
            /** @default 10 */
            max_active_runs?: number;
            /**
             * @default none
             * @enum {string}
             */
            reprocess_behavior?: "none" | "failed" | "completed";
            /** @default false */
            run_backwards?: boolean;
            /** @default true */
            run_on_latest_version?: boolean;
            /** Format: date-time */
            to_date: string;
        };
        BackfillResponse: {
            /** Format: date-time */
            completed_at: string | null;
            /** Format: date-time */
            created_at: string;
            dag_display_name: string;
            dag_id: string;
            dag_run_conf: {
                [key: string]: unknown;
            } | null;
            /** Format: date-time */
            from_date: string;
            id: number;
            is_cancelled: boolean;
            is_paused: boolean;
            max_active_runs: number;
            progress: {
                dates: number;
                failed: number;
                handled: number;
                refused: number;
                running: number;
                success: number;
            };
            /** @enum {string} */
            reprocess_behavior: "none" | "failed" | "completed";
            run_backwards: boolean;
            /** Format: date-time */
            to_date: string;
            /** Format: date-time */
            updated_at: string;
        };
        /**
         * @default fail
         * @enum {string}
         */
        BulkActionNotOnExistence: "fail" | "skip";
        /**
         * @default fail
         * @enum {string}
         */
        BulkActionOnExistence: "fail" | "skip" | "overwrite";
        BulkActionResponse: {
            errors: {
                [key: string]: unknown;
            }[];
            success: string[];
        };
        BulkBody_ConnectionBody_: {
            actions: (components["schemas"]["BulkCreateAction_ConnectionBody_"] | components["schemas"]["BulkUpdateAction_ConnectionBody_"] | components["schemas"]["BulkDeleteAction_ConnectionBody_"])[];
        };
        BulkBody_PoolBody_: {
            actions: (components["schemas"]["BulkCreateAction_PoolBody_"] | components["schemas"]["BulkUpdateAction_PoolBody_"] | components["schemas"]["BulkDeleteAction_PoolBody_"])[];
        };
        BulkBody_VariableBody_: {
            actions: (components["schemas"]["BulkCreateAction_VariableBody_"] | components["schemas"]["BulkUpdateAction_VariableBody_"] | components["schemas"]["BulkDeleteAction_VariableBody_"])[];
        };
        BulkCreateAction_ConnectionBody_: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            action: "create";
            action_on_existence?: components["schemas"]["BulkActionOnExistence"];
            entities: components["schemas"]["ConnectionBody"][];
        };
        BulkCreateAction_PoolBody_: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            action: "create";
            action_on_existence?: components["schemas"]["BulkActionOnExistence"];
            entities: components["schemas"]["PoolBody"][];
        };
        BulkCreateAction_VariableBody_: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            action: "create";
            action_on_existence?: components["schemas"]["BulkActionOnExistence"];
            entities: components["schemas"]["VariableBody"][];
        };
        BulkDeleteAction_ConnectionBody_: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            action: "delete";
            action_on_non_existence?: components["schemas"]["BulkActionNotOnExistence"];
            entities: (string | components["schemas"]["ConnectionBody"])[];
        };
        BulkDeleteAction_PoolBody_: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            action: "delete";
            action_on_non_existence?: components["schemas"]["BulkActionNotOnExistence"];
            entities: (string | components["schemas"]["PoolBody"])[];
        };
        BulkDeleteAction_VariableBody_: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            action: "delete";
            action_on_non_existence?: components["schemas"]["BulkActionNotOnExistence"];
            entities: (string | components["schemas"]["VariableBody"])[];
        };
        BulkResponse: {
            create: components["schemas"]["BulkActionResponse"] | null;
            delete: components["schemas"]["BulkActionResponse"] | null;
            update: components["schemas"]["BulkActionResponse"] | null;
        };
        BulkUpdateAction_ConnectionBody_: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            action: "update";
            action_on_non_existence?: components["schemas"]["BulkActionNotOnExistence"];
            entities: components["schemas"]["ConnectionBody"][];
            update_mask?: string[] | null;
        };
        BulkUpdateAction_PoolBody_: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            action: "update";
            action_on_non_existence?: components["schemas"]["BulkActionNotOnExistence"];
            entities: components["schemas"]["PoolBody"][];
            update_mask?: string[] | null;
        };
        BulkUpdateAction_VariableBody_: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            action: "update";
            action_on_non_existence?: components["schemas"]["BulkActionNotOnExistence"];
            entities: components["schemas"]["VariableBody"][];
            update_mask?: string[] | null;
        };
        ClearTaskInstancesBody: {
            dag_run_id?: string | null;
            /** @default true */
            dry_run?: boolean;
            /** Format: date-time */
            end_date?: string | null;
            /** @default false */
            include_downstream?: boolean;
            /** @default false */
            include_future?: boolean;
            /** @default false */
            include_past?: boolean;
            /** @default false */
            include_upstream?: boolean;
            note?: string | null;
            /** @default true */
            only_failed?: boolean;
            /** @default false */
            only_running?: boolean;
            /** @default false */
            prevent_running_task?: boolean;
            /** @default true */
            reset_dag_runs?: boolean;
            /** @default false */
            run_on_latest_version?: boolean;
            /** Format: date-time */
            start_date?: string | null;
            task_ids?: (string | [
                string,
                number
            ])[] | null;
        };
        Config: {
            sections: components["schemas"]["ConfigSection"][];
        };
        ConfigOption: {
            key: string;
            value: string;
        };
        ConfigSection: {
            name: string;
            options: components["schemas"]["ConfigOption"][];
        };
        ConnectionBody: {
            conn_type: string;
            connection_id: string;
            description?: string | null;
            extra?: string | null;
            host?: string | null;
            login?: string | null;
            password?: string | null;
            port?: number | null;
            schema?: string | null;
            team_name?: string | null;
        };
        ConnectionCollectionResponse: {
            connections: components["schemas"]["ConnectionResponse"][];
            total_entries: number;
        };
        ConnectionResponse: {
            conn_type: string;
            connection_id: string;
            description: string | null;
            extra: string | null;
            host: string | null;
            login: string | null;
            password: string | null;
            port: number | null;
            schema: string | null;
            team_name: string | null;
        };
        ConnectionTestResponse: {
            message: string;
            status: boolean;
        };
        CreateAssetEventsBody: {
            asset_id: number;
            extra?: {
                [key: string]: unknown;
            };
            partition_key?: string | null;
        };
        CreatedApiTokenResponse: components["schemas"]["ApiTokenResponse"] & {
            token: string;
        };
        CreatedUserResponse: components["schemas"]["UserResponse"] & {
            password: string | null;
        };
        DAGCalendarResponse: {
            /**
             * Format: date-time
             * @description Runs before it are not counted, for there are too many; null: all are.
             */
            counted_from: string | null;
            dag_id: string;
            days: {
                /** Format: date */
                date: string;
                planned: number;
                runs: {
                    failed?: number;
                    queued?: number;
                    running?: number;
                    success?: number;
                };
            }[];
            /**
             * Format: date-time
             * @description Ticks after it are not reckoned, for there are too many; null: all of the year are.
             */
            planned_until: string | null;
            timezone: string;
            year: number;
        };
        DAGChangesResponse: {
            base_version_number: number;
            dag_id: string;
            edges: {
                /** @enum {string} */
                change: "added" | "removed";
                downstream: string;
                /** @enum {string} */
                kind: "complete" | "stream";
                upstream: string;
            }[];
            is_code_same: boolean;
            options: {
                /** @description null: it is not given. */
                after?: unknown;
                /** @description null: it was not given. */
                before?: unknown;
                option: string;
            }[];
            task_groups: {
                /** @enum {string} */
                change: "added" | "removed";
                group_id: string;
            }[];
            tasks: {
                /** @enum {string} */
                change: "added" | "removed" | "changed";
                options: {
                    /** @description null: it is not given. */
                    after?: unknown;
                    /** @description null: it was not given. */
                    before?: unknown;
                    option: string;
                }[];
                task_id: string;
            }[];
            version_number: number;
        };
        DAGCollectionResponse: {
            dags: components["schemas"]["DAGResponse"][];
            total_entries: number;
        };
        DAGDetailsResponse: {
            active_runs_count: number;
            allowed_run_types: ("backfill" | "scheduled" | "manual" | "operator_triggered" | "asset_triggered" | "asset_materialization")[] | null;
            asset_expression: {
                [key: string]: unknown;
            } | null;
            bundle_name: string | null;
            bundle_version: string | null;
            catchup: boolean;
            concurrency: number;
            dag_display_name: string;
            dag_id: string;
            dag_run_timeout: string | null;
            default_args: {
                [key: string]: unknown;
            } | null;
            description: string | null;
            doc_md: string | null;
            /** Format: date-time */
            end_date: string | null;
            file_token: string;
            fileloc: string;
            has_import_errors: boolean;
            has_task_concurrency_limits: boolean;
            is_backfillable: boolean;
            is_favorite: boolean;
            is_paused: boolean;
            is_paused_upon_creation: boolean | null;
            is_stale: boolean;
            /** Format: date-time */
            last_expired: string | null;
            last_parse_duration: number | null;
            /** Format: date-time */
            last_parsed: string | null;
            /** Format: date-time */
            last_parsed_time: string | null;
            latest_dag_version: components["schemas"]["DagVersionResponse"] | null;
            max_active_runs: number | null;
            max_active_tasks: number;
            max_consecutive_failed_dag_runs: number;
            /** Format: date-time */
            next_dagrun_data_interval_end: string | null;
            /** Format: date-time */
            next_dagrun_data_interval_start: string | null;
            /** Format: date-time */
            next_dagrun_logical_date: string | null;
            /** Format: date-time */
            next_dagrun_run_after: string | null;
            owner_links: {
                [key: string]: string;
            } | null;
            owners: string[];
            params: {
                [key: string]: unknown;
            } | null;
            /** @enum {string} */
            parse: "on-change" | "every-run";
            relative_fileloc: string | null;
            render_template_as_native_obj: boolean;
            /** Format: date-time */
            start_date: string | null;
            tags: {
                dag_display_name: string;
                dag_id: string;
                name: string;
            }[];
            template_search_path: string[] | null;
            timetable_description: string | null;
            timetable_partitioned: boolean;
            timetable_periodic: boolean;
            timetable_summary: string | null;
            timezone: string | null;
        };
        DAGGridResponse: {
            next_cursor: string | null;
            runs: {
                run: components["schemas"]["DAGRunResponse"];
                tasks: {
                    discovered: number;
                    ended: number;
                    exhausted: boolean;
                    instances: {
                        deferred: number;
                        failed: number;
                        running: number;
                        scheduled: number;
                        skipped: number;
                        success: number;
                        up_for_retry: number;
                        upstream_failed: number;
                    };
                    /** @enum {string} */
                    kind: "task" | "mapped" | "source" | "fused";
                    /** @enum {string} */
                    state: "waiting" | "open" | "draining" | "success" | "failed" | "skipped" | "upstream_failed" | "cancelled";
                    task_id: string;
                }[];
            }[];
        };
        DAGPatchBody: {
            is_paused: boolean;
        };
        DAGResponse: {
            allowed_run_types: ("backfill" | "scheduled" | "manual" | "operator_triggered" | "asset_triggered" | "asset_materialization")[] | null;
            bundle_name: string | null;
            bundle_version: string | null;
            dag_display_name: string;
            dag_id: string;
            description: string | null;
            file_token: string;
            fileloc: string;
            has_import_errors: boolean;
            has_task_concurrency_limits: boolean;
            is_backfillable: boolean;
            is_paused: boolean;
            is_stale: boolean;
            /** Format: date-time */
            last_expired: string | null;
            last_parse_duration: number | null;
            /** Format: date-time */
            last_parsed_time: string | null;
            max_active_runs: number | null;
            max_active_tasks: number;
            max_consecutive_failed_dag_runs: number;
            /** Format: date-time */
            next_dagrun_data_interval_end: string | null;
            /** Format: date-time */
            next_dagrun_data_interval_start: string | null;
            /** Format: date-time */
            next_dagrun_logical_date: string | null;
            /** Format: date-time */
            next_dagrun_run_after: string | null;
            owners: string[];
            /** @enum {string} */
            parse: "on-change" | "every-run";
            relative_fileloc: string | null;
            tags: {
                dag_display_name: string;
                dag_id: string;
                name: string;
            }[];
            timetable_description: string | null;
            timetable_partitioned: boolean;
            timetable_periodic: boolean;
            timetable_summary: string | null;
        };
        DagRunAssetReference: {
            dag_id: string;
            /** Format: date-time */
            data_interval_end: string | null;
            /** Format: date-time */
            data_interval_start: string | null;
            /** Format: date-time */
            end_date: string | null;
            /** Format: date-time */
            logical_date: string | null;
            partition_key: string | null;
            run_id: string;
            /** Format: date-time */
            start_date: string;
            state: string;
        };
        DAGRunClearBody: {
            /** @default true */
            dry_run?: boolean;
            /** @default false */
            only_failed?: boolean;
            /** @default false */
            run_on_latest_version?: boolean;
        };
        DAGRunCollectionResponse: {
            dag_runs: components["schemas"]["DAGRunResponse"][];
            next_cursor?: string | null;
            previous_cursor?: string | null;
            total_entries?: number;
        };
        DAGRunPatchBody: {
            note?: string | null;
            /** @enum {string|null} */
            state?: "queued" | "success" | "failed" | null;
        };
        DAGRunResponse: {
            awaits_parse: boolean;
            bundle_version: string | null;
            conf: {
                [key: string]: unknown;
            } | null;
            conf_ref: string | null;
            dag_display_name: string;
            dag_id: string;
            dag_run_id: string;
            dag_versions: components["schemas"]["DagVersionResponse"][];
            /** Format: date-time */
            data_interval_end: string | null;
            /** Format: date-time */
            data_interval_start: string | null;
            duration: number | null;
            /** Format: date-time */
            end_date: string | null;
            is_cancelled: boolean;
            /** Format: date-time */
            last_scheduling_decision: string | null;
            /** Format: date-time */
            logical_date: string | null;
            note: string | null;
            partition_key: string | null;
            /** Format: date-time */
            queued_at: string | null;
            /** Format: date-time */
            run_after: string;
            /** @enum {string} */
            run_type: "backfill" | "scheduled" | "manual" | "operator_triggered" | "asset_triggered" | "asset_materialization";
            /** Format: date-time */
            start_date: string | null;
            /** @enum {string} */
            state: "queued" | "running" | "success" | "failed";
            /** @enum {string|null} */
            triggered_by: "cli" | "operator" | "rest_api" | "ui" | "test" | "timetable" | "asset" | "backfill" | null;
            triggering_user_name: string | null;
        };
        DAGRunsBatchBody: {
            conf_contains?: string | null;
            dag_ids?: string[] | null;
            duration_gt?: number | null;
            duration_gte?: number | null;
            duration_lt?: number | null;
            duration_lte?: number | null;
            /** Format: date-time */
            end_date_gt?: string | null;
            /** Format: date-time */
            end_date_gte?: string | null;
            /** Format: date-time */
            end_date_lt?: string | null;
            /** Format: date-time */
            end_date_lte?: string | null;
            /** Format: date-time */
            logical_date_gt?: string | null;
            /** Format: date-time */
            logical_date_gte?: string | null;
            /** Format: date-time */
            logical_date_lt?: string | null;
            /** Format: date-time */
            logical_date_lte?: string | null;
            order_by?: string | null;
            /** @default 100 */
            page_limit?: number;
            /** @default 0 */
            page_offset?: number;
            /** Format: date-time */
            run_after_gt?: string | null;
            /** Format: date-time */
            run_after_gte?: string | null;
            /** Format: date-time */
            run_after_lt?: string | null;
            /** Format: date-time */
            run_after_lte?: string | null;
            /** Format: date-time */
            start_date_gt?: string | null;
            /** Format: date-time */
            start_date_gte?: string | null;
            /** Format: date-time */
            start_date_lt?: string | null;
            /** Format: date-time */
            start_date_lte?: string | null;
            states?: ("queued" | "running" | "success" | "failed" | null)[] | null;
        };
        DAGRunWaitResponse: {
            results?: {
                [key: string]: unknown;
            };
            /** @enum {string} */
            state: "queued" | "running" | "success" | "failed";
        };
        DAGSourceResponse: {
            content: string | null;
            dag_display_name: string;
            dag_id: string;
            version_number: number | null;
        };
        DagStatsCollectionResponse: {
            dags: {
                dag_display_name: string;
                dag_id: string;
                stats: {
                    count: number;
                    /** @enum {string} */
                    state: "queued" | "running" | "success" | "failed";
                }[];
            }[];
            total_entries: number;
        };
        DAGStructureResponse: {
            dag_id: string;
            description: string | null;
            edges: {
                downstream: string;
                holds_back: boolean;
                /** @enum {string} */
                kind: "complete" | "stream";
                upstream: string;
            }[];
            loops: {
                body: string[];
                /** @description What an iteration waits for; it results in the first. */
                ends: string[];
                /** @description The source that it goes round with: its next item is what `ends` have left. */
                iterations: string;
                /** @description The id of its task group. */
                loop_id: string;
                max_iterations: number;
            }[];
            params_schema?: unknown;
            task_groups: {
                group_id: string;
                parent_id: string | null;
            }[];
            tasks: components["schemas"]["TaskResponse"][];
            version_number: number;
        };
        DAGTagCollectionResponse: {
            tags: string[];
            total_entries: number;
        };
        DAGVersionCollectionResponse: {
            dag_versions: components["schemas"]["DagVersionResponse"][];
            total_entries: number;
        };
        DagVersionResponse: {
            bundle_name: string | null;
            bundle_url: string | null;
            bundle_version: string | null;
            /** Format: date-time */
            created_at: string;
            dag_display_name: string;
            dag_id: string;
            /** Format: uuid */
            id: string;
            version_number: number;
        };
        DAGWarningCollectionResponse: {
            dag_warnings: {
                dag_display_name: string;
                dag_id: string;
                message: string;
                /** Format: date-time */
                timestamp: string;
                /** @enum {string} */
                warning_type: "asset conflict" | "non-existent pool" | "runtime varying value";
            }[];
            total_entries: number;
        };
        DryRunBackfillCollectionResponse: {
            backfills: {
                /** Format: date-time */
                logical_date: string | null;
                /** Format: date-time */
                partition_date: string | null;
                partition_key: string | null;
            }[];
            refused: {
                /** Format: date-time */
                logical_date: string;
                /** @enum {string} */
                refusal: "in flight" | "already exists" | "unknown";
            }[];
            total_entries: number;
        };
        EventLogCollectionResponse: {
            event_logs: components["schemas"]["EventLogResponse"][];
            next_cursor?: string | null;
            total_entries?: number;
        };
        EventLogResponse: {
            dag_display_name: string | null;
            dag_id: string | null;
            event: string;
            event_log_id: number;
            extra: string | null;
            /** Format: date-time */
            logical_date: string | null;
            map_index: number | null;
            owner: string | null;
            run_id: string | null;
            task_display_name: string | null;
            task_id: string | null;
            try_number: number | null;
            /** Format: date-time */
            when: string;
        };
        ExpansionCollectionResponse: {
            expansions: components["schemas"]["ExpansionResponse"][];
            total_entries: number;
        };
        ExpansionDensityResponse: {
            bucket_size: number;
            buckets: {
                begun: number;
                failed: number;
                scheduled: number;
                skipped: number;
                success: number;
                upstream_failed: number;
            }[];
            from_index: number;
            is_sampled: boolean;
            to_index: number;
        };
        ExpansionErrorsResponse: {
            classes: {
                count: number;
                examples: {
                    label: string | null;
                    map_index: number;
                    message: string;
                }[];
                id: string;
                message: string;
                retrying: number;
                type: string;
            }[];
            is_complete: boolean;
            looked_at: number;
        };
        ExpansionExtendBody: {
            /** @default false */
            dry_run?: boolean;
        };
        ExpansionExtendResponse: {
            dry_run: boolean;
            task_id: string;
            tasks: {
                /** @enum {string} */
                does: "go on" | "begin anew" | "stay";
                reason: string | null;
                task_id: string;
            }[];
        };
        ExpansionHistoryResponse: {
            discovered: number[];
            ended: number[];
            /** Format: date-time */
            from: string | null;
            is_sampled: boolean;
            step_ms: number;
        };
        ExpansionInstancesResponse: {
            next_after: number | null;
            task_instances: components["schemas"]["TaskInstanceResponse"][];
        };
        ExpansionPageResponse: {
            claimed: number;
            count: number;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            done_date: string | null;
            failed: number;
            first_index: number;
            /** Format: date-time */
            first_result_date: string | null;
            is_done: boolean;
            skipped: number;
            success: number;
            upstream_failed: number;
        };
        ExpansionPagesResponse: {
            next_after: number | null;
            pages: components["schemas"]["ExpansionPageResponse"][];
        };
        ExpansionPatchBody: {
            concurrency?: number | null;
            is_pulling_paused?: boolean;
            is_running_paused?: boolean;
            page_size?: number;
            tolerated_failures?: {
                count: number | null;
                min_sample: number;
                ratio: number | null;
            } | null;
            window?: number;
        };
        ExpansionRedriveBody: {
            /** @default true */
            downstream?: boolean;
            /** @default false */
            dry_run?: boolean;
            error_type?: string;
            from_index?: number;
            indexes?: number[];
            key?: string;
            /**
             * @default [
             *       "failed"
             *     ]
             */
            states?: ("failed" | "skipped" | "success")[];
            to_index?: number;
        };
        ExpansionRedriveResponse: {
            downstream: {
                instances: number | null;
                reason: string | null;
                /** @enum {string} */
                runs: "anew" | "instances" | "nothing";
                task_id: string;
            }[];
            dry_run: boolean;
            notes: string[];
            selected: number;
            task_id: string;
        };
        ExpansionResponse: {
            concurrency: number | null;
            cursor: string | null;
            dag_id: string;
            dag_run_id: string;
            discovered: number;
            duplicates: number;
            /** Format: date-time */
            end_date: string | null;
            exhausted: boolean;
            /** Format: date-time */
            first_result_date: string | null;
            instances: {
                deferred: number;
                failed: number;
                running: number;
                scheduled: number;
                skipped: number;
                success: number;
                up_for_retry: number;
                upstream_failed: number;
            };
            is_pulling_paused: boolean;
            is_running_paused: boolean;
            /** @enum {string} */
            kind: "task" | "mapped" | "source" | "fused";
            page_size: number | null;
            pages: number;
            /** Format: date-time */
            pull_after: string | null;
            pull_failures: number;
            pulls: number;
            pulls_at_first_result: number | null;
            /** Format: date-time */
            start_date: string | null;
            /** @enum {string} */
            state: "waiting" | "open" | "draining" | "success" | "failed" | "skipped" | "upstream_failed" | "cancelled";
            stop_reason: {
                message: string;
                type: string;
            } | null;
            stream_error: {
                message: string;
                type: string;
            } | null;
            task_id: string;
            tolerated_failures: {
                count: number | null;
                min_sample: number;
                ratio: number | null;
            } | null;
            total: number | null;
            /** @enum {string|null} */
            waits_for: "upstream" | "resume" | "pull_retry" | "instances" | "consumers" | "source" | "instance_retries" | "events" | null;
            waits_for_tasks: string[];
            window: number | null;
            window_use: {
                room: number;
                unconsumed: number | null;
                unfinished: number;
                unfinished_peak: number;
            } | null;
        };
        HealthInfoResponse: {
            dag_processor: {
                latest_dag_processor_heartbeat: string | null;
                /** @enum {string|null} */
                status: "healthy" | "unhealthy" | null;
            } | null;
            metadatabase: {
                /** @enum {string|null} */
                status: "healthy" | "unhealthy" | null;
            };
            roles: {
                [key: string]: components["schemas"]["RoleHealth"];
            };
            scheduler: {
                latest_scheduler_heartbeat: string | null;
                /** @enum {string|null} */
                status: "healthy" | "unhealthy" | null;
            };
            triggerer: {
                latest_triggerer_heartbeat: string | null;
                /** @enum {string|null} */
                status: "healthy" | "unhealthy" | null;
            };
        };
        HTTPExceptionResponse: {
            detail: string | {
                [key: string]: unknown;
            };
            /** @description Of a run whose conf does not fit: the params, each with why. */
            params?: {
                message: string;
                name: string;
            }[];
        };
        HTTPValidationError: {
            detail: {
                ctx?: {
                    [key: string]: unknown;
                };
                input?: unknown;
                loc: (string | number)[];
                msg: string;
                type: string;
            }[];
        };
        ImportErrorCollectionResponse: {
            import_errors: components["schemas"]["ImportErrorResponse"][];
            total_entries: number;
        };
        ImportErrorResponse: {
            bundle_name: string | null;
            filename: string;
            import_error_id: number;
            stack_trace: string;
            /** Format: date-time */
            timestamp: string;
        };
        InstanceExplanationResponse: {
            deferral: {
                /** Format: date-time */
                fires_at: string | null;
                name: string;
                parameters: {
                    [key: string]: unknown;
                };
                resume: string;
                /** Format: date-time */
                since: string;
                /** Format: date-time */
                timeout_at: string | null;
                trigger: string;
                triggerer: {
                    hostname: string;
                    id: string;
                    pid: number;
                } | null;
            } | null;
            ended: {
                actor: string | null;
                /** Format: date-time */
                at: string | null;
                /** @enum {string} */
                kind: "skip_thrown" | "branch" | "short_circuit" | "setup" | "trigger_rule" | "upstream_instance" | "empty_stream" | "broken_stream" | "map_stopped" | "map_cancelled" | "run_cancelled" | "run_timed_out";
                message: string;
                tasks: {
                    map_index: number | null;
                    /** @enum {string|null} */
                    state: "removed" | "scheduled" | "queued" | "running" | "success" | "restarting" | "failed" | "up_for_retry" | "up_for_reschedule" | "upstream_failed" | "skipped" | "deferred" | "waiting" | "open" | "draining" | "cancelled" | null;
                    task_id: string;
                }[];
            } | null;
            map_index: number;
            /** @enum {string|null} */
            state: "removed" | "scheduled" | "queued" | "running" | "success" | "restarting" | "failed" | "up_for_retry" | "up_for_reschedule" | "upstream_failed" | "skipped" | "deferred" | null;
            task_id: string;
            waits_for: {
                actor: string | null;
                /** @enum {string} */
                kind: "run_start" | "gate" | "upstream" | "decision" | "resume" | "repair" | "retry" | "trigger" | "concurrency" | "deferred_max" | "dag_concurrency" | "max_active_tasks" | "pool" | "worker" | "slot";
                limit: {
                    max: number;
                    used: number;
                } | null;
                message: string;
                tasks: {
                    map_index: number | null;
                    /** @enum {string|null} */
                    state: "removed" | "scheduled" | "queued" | "running" | "success" | "restarting" | "failed" | "up_for_retry" | "up_for_reschedule" | "upstream_failed" | "skipped" | "deferred" | "waiting" | "open" | "draining" | "cancelled" | null;
                    task_id: string;
                }[];
                /** Format: date-time */
                until: string | null;
            }[];
        };
        ItemResponse: {
            value?: unknown;
        };
        JobCollectionResponse: {
            jobs: components["schemas"]["JobResponse"][];
            total_entries: number;
        };
        JobResponse: {
            dag_display_name: string | null;
            dag_id: string | null;
            /** Format: date-time */
            end_date: string | null;
            executor_class: string | null;
            hostname: string | null;
            id: number;
            job_type: string | null;
            /** Format: date-time */
            latest_heartbeat: string | null;
            pid: number;
            role: string;
            /** Format: date-time */
            start_date: string | null;
            state: string | null;
            unixname: string | null;
        };
        LoginBody: {
            password: string;
            username: string;
        };
        LoginResponse: {
            access_token: string;
        };
        LogTailLine: {
            cursor: string;
            event?: string;
            fields?: unknown;
            level?: string;
            map_index?: number | null;
            /** @enum {string|null} */
            state?: "removed" | "scheduled" | "queued" | "running" | "success" | "restarting" | "failed" | "up_for_retry" | "up_for_reschedule" | "upstream_failed" | "skipped" | "deferred" | null;
            /** Format: date-time */
            timestamp?: string;
            try_number?: number;
            /** @enum {string} */
            type: "line" | "waiting" | "end";
        };
        MaterializeAssetBody: {
            conf?: {
                [key: string]: unknown;
            } | null;
            dag_run_id?: string | null;
            /** Format: date-time */
            data_interval_end?: string | null;
            /** Format: date-time */
            data_interval_start?: string | null;
            /** Format: date-time */
            logical_date?: string | null;
            note?: string | null;
            partition_key?: string | null;
            /** Format: date-time */
            run_after?: string | null;
        };
        PluginCollectionResponse: {
            plugins: {
                name: string;
            }[];
            total_entries: number;
        };
        PluginImportErrorCollectionResponse: {
            import_errors: {
                error: string;
                source: string;
            }[];
            total_entries: number;
        };
        PoolBody: {
            description?: string | null;
            /** @default false */
            include_deferred?: boolean;
            name: string;
            slots: number;
            team_name?: string | null;
        };
        PoolCollectionResponse: {
            pools: components["schemas"]["PoolResponse"][];
            total_entries: number;
        };
        PoolPatchBody: {
            description?: string | null;
            include_deferred?: boolean | null;
            name?: string | null;
            pool?: string | null;
            slots?: number | null;
            team_name?: string | null;
        };
        PoolResponse: {
            deferred_slots: number;
            description: string | null;
            include_deferred: boolean;
            name: string;
            occupied_slots: number;
            open_slots: number;
            queued_slots: number;
            running_slots: number;
            scheduled_slots: number;
            slots: number;
            team_name: string | null;
        };
        ProviderCollectionResponse: {
            providers: {
                description: string;
                documentation_url: string | null;
                package_name: string;
                version: string;
            }[];
            total_entries: number;
        };
        QueuedEventCollectionResponse: {
            queued_events: components["schemas"]["QueuedEventResponse"][];
            total_entries: number;
        };
        QueuedEventResponse: {
            asset_id: number;
            /** Format: date-time */
            created_at: string;
            dag_display_name: string;
            dag_id: string;
            events: number;
        };
        RecentDAGRunsResponse: {
            dags: {
                dag_id: string;
                dag_runs: components["schemas"]["DAGRunResponse"][];
            }[];
        };
        ResultLine: {
            cursor: string;
            is_broken?: boolean;
            map_index?: number;
            /** @enum {string} */
            reason?: "upstream_failed" | "skipped";
            state?: string;
            /** @enum {string} */
            type: "result" | "gap" | "waiting" | "end";
            value?: unknown;
        };
        RoleHealth: {
            latest_heartbeat: string | null;
            /** @enum {string|null} */
            status: "healthy" | "unhealthy" | null;
        };
        StructuredLogMessage: {
            event: string;
            /** Format: date-time */
            timestamp?: string;
        } & {
            [key: string]: unknown;
        };
        TaskCollectionResponse: {
            tasks: components["schemas"]["TaskResponse"][];
            total_entries: number;
        };
        TaskInstanceCollectionResponse: {
            next_cursor?: string | null;
            previous_cursor?: string | null;
            task_instances: components["schemas"]["TaskInstanceResponse"][];
            total_entries?: number;
        };
        TaskInstanceHistoryCollectionResponse: {
            task_instances: components["schemas"]["TaskInstanceHistoryResponse"][];
            total_entries: number;
        };
        TaskInstanceHistoryResponse: {
            dag_display_name: string;
            dag_id: string;
            dag_run_id: string;
            dag_version: components["schemas"]["DagVersionResponse"] | null;
            duration: number | null;
            /** Format: date-time */
            end_date: string | null;
            executor: string | null;
            executor_config: string;
            hostname: string | null;
            map_index: number;
            max_tries: number;
            operator: string | null;
            operator_name: string | null;
            pid: number | null;
            pool: string;
            pool_slots: number;
            priority_weight: number | null;
            queue: string | null;
            /** Format: date-time */
            queued_when: string | null;
            /** Format: date-time */
            scheduled_when: string | null;
            /** Format: date-time */
            start_date: string | null;
            /** @enum {string|null} */
            state: "removed" | "scheduled" | "queued" | "running" | "success" | "restarting" | "failed" | "up_for_retry" | "up_for_reschedule" | "upstream_failed" | "skipped" | "deferred" | null;
            task_display_name: string;
            task_id: string;
            try_number: number;
            unixname: string | null;
        };
        TaskInstanceResponse: {
            dag_display_name: string;
            dag_id: string;
            dag_run_id: string;
            dag_version: components["schemas"]["DagVersionResponse"] | null;
            duration: number | null;
            /** Format: date-time */
            end_date: string | null;
            error: {
                message: string;
                type: string;
            } | null;
            executor: string | null;
            executor_config: string;
            hostname: string | null;
            /** Format: uuid */
            id: string;
            key: string | null;
            /** Format: date-time */
            logical_date: string | null;
            map_index: number;
            max_tries: number;
            note: string | null;
            operator: string | null;
            operator_name: string | null;
            pid: number | null;
            pool: string;
            pool_slots: number;
            priority_weight: number | null;
            queue: string | null;
            /** Format: date-time */
            queued_when: string | null;
            rendered_fields: {
                [key: string]: unknown;
            };
            rendered_map_index: string | null;
            /** Format: date-time */
            run_after: string;
            /** Format: date-time */
            scheduled_when: string | null;
            /** Format: date-time */
            start_date: string | null;
            /** @enum {string|null} */
            state: "removed" | "scheduled" | "queued" | "running" | "success" | "restarting" | "failed" | "up_for_retry" | "up_for_reschedule" | "upstream_failed" | "skipped" | "deferred" | null;
            task_display_name: string;
            task_id: string;
            trigger: {
                [key: string]: unknown;
            } | null;
            triggerer_job: {
                [key: string]: unknown;
            } | null;
            try_number: number;
            unixname: string | null;
        };
        TaskInstancesBatchBody: {
            dag_ids?: string[] | null;
            dag_run_ids?: string[] | null;
            duration_gt?: number | null;
            duration_gte?: number | null;
            duration_lt?: number | null;
            duration_lte?: number | null;
            /** Format: date-time */
            end_date_gt?: string | null;
            /** Format: date-time */
            end_date_gte?: string | null;
            /** Format: date-time */
            end_date_lt?: string | null;
            /** Format: date-time */
            end_date_lte?: string | null;
            executor?: string[] | null;
            /** Format: date-time */
            logical_date_gt?: string | null;
            /** Format: date-time */
            logical_date_gte?: string | null;
            /** Format: date-time */
            logical_date_lt?: string | null;
            /** Format: date-time */
            logical_date_lte?: string | null;
            order_by?: string | null;
            /** @default 100 */
            page_limit?: number;
            /** @default 0 */
            page_offset?: number;
            pool?: string[] | null;
            queue?: string[] | null;
            /** Format: date-time */
            run_after_gt?: string | null;
            /** Format: date-time */
            run_after_gte?: string | null;
            /** Format: date-time */
            run_after_lt?: string | null;
            /** Format: date-time */
            run_after_lte?: string | null;
            /** Format: date-time */
            start_date_gt?: string | null;
            /** Format: date-time */
            start_date_gte?: string | null;
            /** Format: date-time */
            start_date_lt?: string | null;
            /** Format: date-time */
            start_date_lte?: string | null;
            state?: ("removed" | "scheduled" | "queued" | "running" | "success" | "restarting" | "failed" | "up_for_retry" | "up_for_reschedule" | "upstream_failed" | "skipped" | "deferred" | null)[] | null;
            task_ids?: string[] | null;
        };
        TaskInstancesLogResponse: {
            content: components["schemas"]["StructuredLogMessage"][];
            continuation_token: string | null;
        };
        TaskResponse: {
            class_ref: {
                [key: string]: unknown;
            } | null;
            concurrency: number | null;
            depends_on_past: boolean;
            doc_md: string | null;
            downstream_task_ids: string[] | null;
            /** Format: date-time */
            end_date: string | null;
            execution_timeout: components["schemas"]["TimeDelta"] | null;
            extra_links: string[];
            is_mapped: boolean | null;
            /** @enum {string} */
            kind: "task" | "mapped" | "source" | "fused";
            operator_name: string | null;
            owner: string | null;
            page_size: number | null;
            params: {
                [key: string]: unknown;
            } | null;
            pool: string | null;
            pool_slots: number | null;
            priority_weight: number | null;
            queue: string | null;
            retries: number | null;
            retry_delay: components["schemas"]["TimeDelta"] | null;
            retry_exponential_backoff: number;
            /** @enum {string|null} */
            setup_teardown_type: "setup" | "teardown" | null;
            /** Format: date-time */
            start_date: string | null;
            task_display_name: string | null;
            task_group_id: string | null;
            task_id: string | null;
            template_fields: string[] | null;
            trigger_rule: string | null;
            ui_color: string | null;
            ui_fgcolor: string | null;
            wait_for_downstream: boolean;
            weight_rule: string | null;
            window: number | null;
        };
        TimeDelta: {
            __type: string;
            days: number;
            microseconds: number;
            seconds: number;
        };
        TriggerCollectionResponse: {
            next_cursor: string | null;
            triggers: {
                dag_id: string;
                dag_run_id: string;
                /** Format: date-time */
                fires_at: string | null;
                id: string;
                /** @description Its run is cancelled: it fires when that is taken up again. */
                is_parked: boolean;
                map_index: number;
                name: string;
                parameters: {
                    [key: string]: unknown;
                };
                resume: string;
                /** Format: date-time */
                since: string;
                task_id: string;
                /** Format: date-time */
                timeout_at: string | null;
                trigger: string;
                triggerer: {
                    hostname: string;
                    id: string;
                    pid: number;
                } | null;
                try_number: number;
            }[];
        };
        TriggerDAGRunPostBody: {
            conf?: {
                [key: string]: unknown;
            } | null;
            dag_run_id?: string | null;
            /** Format: date-time */
            data_interval_end?: string | null;
            /** Format: date-time */
            data_interval_start?: string | null;
            /** Format: date-time */
            logical_date: string | null;
            note?: string | null;
            partition_key?: string | null;
            /** Format: date-time */
            run_after?: string | null;
        };
        UserCollectionResponse: {
            next_after: string | null;
            users: components["schemas"]["UserResponse"][];
        };
        UserPasswordBody: {
            password?: string;
        };
        UserPostBody: {
            password?: string;
            /** @enum {string} */
            role: "viewer" | "user" | "op" | "admin";
            username: string;
        };
        UserResponse: {
            /** Format: date-time */
            created_at: string;
            /** @enum {string} */
            role: "viewer" | "user" | "op" | "admin";
            username: string;
        };
        VariableBody: {
            description?: string | null;
            key: string;
            team_name?: string | null;
            value: unknown;
        };
        VariableCollectionResponse: {
            total_entries: number;
            variables: components["schemas"]["VariableResponse"][];
        };
        VariableResponse: {
            description: string | null;
            is_encrypted: boolean;
            key: string;
            team_name: string | null;
            value: string;
        };
        VersionInfo: {
            git_version: string | null;
            version: string;
        };
        XComCollectionResponse: {
            total_entries: number;
            xcom_entries: components["schemas"]["XComResponse"][];
        };
        XComResponse: {
            dag_display_name: string;
            dag_id: string;
            key: string;
            /** Format: date-time */
            logical_date: string | null;
            map_index: number;
            /** Format: date-time */
            run_after: string;
            run_id: string;
            task_display_name: string;
            task_id: string;
            /** Format: date-time */
            timestamp: string;
        };
        XComResponseNative: {
            dag_display_name: string;
            dag_id: string;
            key: string;
            /** Format: date-time */
            logical_date: string | null;
            map_index: number;
            /** Format: date-time */
            run_after: string;
            run_id: string;
            task_display_name: string;
            task_id: string;
            /** Format: date-time */
            timestamp: string;
            value?: unknown;
        };
    };
    responses: {
        /** @description Why it is refused. */
        Error: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["HTTPExceptionResponse"] | components["schemas"]["HTTPValidationError"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    get_assets: {
        parameters: {
            query?: {
                dag_ids?: string[];
                limit?: number;
                name_pattern?: string;
                offset?: number;
                only_active?: boolean;
                order_by?: string[];
                uri_pattern?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Assets, and how many there are. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssetCollectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_asset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                asset_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The asset. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssetResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    materialize_asset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                asset_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["MaterializeAssetBody"];
            };
        };
        responses: {
            /** @description The run. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DAGRunResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_asset_queued_events: {
        parameters: {
            query?: {
                before?: string;
            };
            header?: never;
            path: {
                asset_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What is queued, a row for each DAG and asset. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueuedEventCollectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    delete_asset_queued_events: {
        parameters: {
            query?: {
                before?: string;
            };
            header?: never;
            path: {
                asset_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description They are queued no more; the events stay. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Error"];
        };
    };
    get_asset_aliases: {
        parameters: {
            query?: {
                limit?: number;
                name_pattern?: string;
                offset?: number;
                order_by?: string[];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An empty list. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssetAliasCollectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_asset_alias: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                asset_alias_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Never. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssetAliasResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_asset_events: {
        parameters: {
            query?: {
                asset_id?: number;
                limit?: number;
                name_pattern?: string;
                offset?: number;
                order_by?: string[];
                source_dag_id?: string;
                source_map_index?: number;
                source_run_id?: string;
                source_task_id?: string;
                timestamp_gt?: string;
                timestamp_gte?: string;
                timestamp_lt?: string;
                timestamp_lte?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Events, and how many there are. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssetEventCollectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    create_asset_event: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateAssetEventsBody"];
            };
        };
        responses: {
            /** @description The event. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssetEventResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    list_backfills: {
        parameters: {
            query?: {
                dag_id?: string;
                limit?: number;
                offset?: number;
                order_by?: string[];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Backfills, and how many there are. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BackfillCollectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    create_backfill: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BackfillPostBody"];
            };
        };
        responses: {
            /** @description The backfill. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BackfillResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_backfill: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                backfill_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The backfill. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BackfillResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    cancel_backfill: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                backfill_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The backfill as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BackfillResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_backfill_dates: {
        parameters: {
            query?: {
                after?: number;
                limit?: number;
            };
            header?: never;
            path: {
                backfill_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Dates, and the ordinal to go on after; null: these were the last. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BackfillDatesResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    pause_backfill: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                backfill_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The backfill as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BackfillResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    unpause_backfill: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                backfill_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The backfill as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BackfillResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    create_backfill_dry_run: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BackfillPostBody"];
            };
        };
        responses: {
            /** @description The dates that would get a run. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DryRunBackfillCollectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_config: {
        parameters: {
            query?: {
                section?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Sections with their options; what is secret is hidden. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Config"];
                    "text/plain": string;
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_config_value: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                option: string;
                section: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Sections with their options; what is secret is hidden. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Config"];
                    "text/plain": string;
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_connections: {
        parameters: {
            query?: {
                connection_id_pattern?: string;
                limit?: number;
                offset?: number;
                order_by?: string[];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Connections, and how many there are. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConnectionCollectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    post_connection: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConnectionBody"];
            };
        };
        responses: {
            /** @description The connection. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConnectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    bulk_connections: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BulkBody_ConnectionBody_"];
            };
        };
        responses: {
            /** @description What became of each. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_connection: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                connection_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The connection. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConnectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    delete_connection: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                connection_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Error"];
        };
    };
    patch_connection: {
        parameters: {
            query?: {
                update_mask?: string[];
            };
            header?: never;
            path: {
                connection_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConnectionBody"];
            };
        };
        responses: {
            /** @description The connection as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConnectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    test_connection: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConnectionBody"];
            };
        };
        responses: {
            /** @description Never. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConnectionTestResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_dags: {
        parameters: {
            query?: {
                asset_dependency?: string;
                bundle_name?: string;
                bundle_version?: string;
                dag_display_name_pattern?: string;
                dag_id_pattern?: string;
                dag_run_end_date_gt?: string;
                dag_run_end_date_gte?: string;
                dag_run_end_date_lt?: string;
                dag_run_end_date_lte?: string;
                dag_run_start_date_gt?: string;
                dag_run_start_date_gte?: string;
                dag_run_start_date_lt?: string;
                dag_run_start_date_lte?: string;
                dag_run_state?: string[];
                exclude_stale?: boolean;
                has_asset_schedule?: boolean;
                has_import_errors?: boolean;
                is_favorite?: boolean;
                last_dag_run_state?: "queued" | "running" | "success" | "failed";
                limit?: number;
                offset?: number;
                order_by?: string[];
                owners?: string[];
                paused?: boolean;
                tags?: string[];
                tags_match_mode?: "any" | "all";
                timetable_type?: string[];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description DAGs, and how many there are. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DAGCollectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_dag: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dag_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The DAG. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DAGResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    delete_dag: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dag_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone; its runs are removed in the background. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": null;
                };
            };
            default: components["responses"]["Error"];
        };
    };
    patch_dag: {
        parameters: {
            query?: {
                update_mask?: string[];
            };
            header?: never;
            path: {
                dag_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DAGPatchBody"];
            };
        };
        responses: {
            /** @description The DAG as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DAGResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_dag_asset_queued_event: {
        parameters: {
            query?: {
                before?: string;
            };
            header?: never;
            path: {
                asset_id: number;
                dag_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The row. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueuedEventResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    delete_dag_asset_queued_event: {
        parameters: {
            query?: {
                before?: string;
            };
            header?: never;
            path: {
                asset_id: number;
                dag_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description They are queued no more; the events stay. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Error"];
        };
    };
    get_dag_asset_queued_events: {
        parameters: {
            query?: {
                before?: string;
            };
            header?: never;
            path: {
                dag_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What is queued, a row for each DAG and asset. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueuedEventCollectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    delete_dag_asset_queued_events: {
        parameters: {
            query?: {
                before?: string;
            };
            header?: never;
            path: {
                dag_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description They are queued no more; the events stay. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Error"];
        };
    };
    get_dag_calendar: {
        parameters: {
            query: {
                timezone?: string;
                year: number;
            };
            header?: never;
            path: {
                dag_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The days on which something was or will be, in order. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DAGCalendarResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    post_clear_task_instances: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dag_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ClearTaskInstancesBody"];
            };
        };
        responses: {
            /** @description The instances, 100 of them at most, and how many there are. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskInstanceCollectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_dag_runs: {
        parameters: {
            query?: {
                bundle_version?: string;
                conf_contains?: string;
                consuming_asset_pattern?: string;
                cursor?: string;
                dag_id_pattern?: string;
                dag_version?: number[];
                duration_gt?: number;
                duration_gte?: number;
                duration_lt?: number;
                duration_lte?: number;
                end_date_gt?: string;
                end_date_gte?: string;
                end_date_lt?: string;
                end_date_lte?: string;
                limit?: number;
                logical_date_gt?: string;
                logical_date_gte?: string;
                logical_date_lt?: string;
                logical_date_lte?: string;
                offset?: number;
                order_by?: string[];
                partition_key_pattern?: string;
                run_after_gt?: string;
                run_after_gte?: string;
                run_after_lt?: string;
                run_after_lte?: string;
                run_id_pattern?: string;
                run_type?: string[];
                start_date_gt?: string;
                start_date_gte?: string;
                start_date_lt?: string;
                start_date_lte?: string;
                state?: string[];
                triggering_user_name_pattern?: string;
                updated_at_gt?: string;
                updated_at_gte?: string;
                updated_at_lt?: string;
                updated_at_lte?: string;
            };
            header?: never;
            path: {
                dag_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Runs: counted, or, with `cursor`, where to go on. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DAGRunCollectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    trigger_dag_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dag_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TriggerDAGRunPostBody"];
            };
        };
        responses: {
            /** @description The run. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DAGRunResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_dag_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dag_id: string;
                dag_run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The run. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DAGRunResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    delete_dag_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dag_id: string;
                dag_run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone; its rows are removed in the background. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Error"];
        };
    };
    patch_dag_run: {
        parameters: {
            query?: {
                update_mask?: string[];
            };
            header?: never;
            path: {
                dag_id: string;
                dag_run_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DAGRunPatchBody"];
            };
        };
        responses: {
            /** @description The run as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DAGRunResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    clear_dag_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dag_id: string;
                dag_run_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DAGRunClearBody"];
            };
        };
        responses: {
            /** @description With dry_run the instances, else the run. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskInstanceCollectionResponse"] | components["schemas"]["DAGRunResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    watch_dag_run: {
        parameters: {
            query?: never;
            header?: {
                "last-event-id"?: string;
            };
            path: {
                dag_id: string;
                dag_run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Events `run` and `expansion`, each with all of it as it stands; at last `end`. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_expansions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dag_id: string;
                dag_run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One for each task. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExpansionCollectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_expansion: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dag_id: string;
                dag_run_id: string;
                task_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The expansion. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExpansionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    patch_expansion: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dag_id: string;
                dag_run_id: string;
                task_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExpansionPatchBody"];
            };
        };
        responses: {
            /** @description The expansion as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExpansionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    cancel_expansion: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dag_id: string;
                dag_run_id: string;
                task_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The expansion as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExpansionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_expansion_density: {
        parameters: {
            query?: {
                buckets?: number;
                from_index?: number;
                to_index?: number;
            };
            header?: never;
            path: {
                dag_id: string;
                dag_run_id: string;
                task_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Buckets, each with the shares of its pages. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExpansionDensityResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_expansion_errors: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dag_id: string;
                dag_run_id: string;
                task_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Classes, the most frequent first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExpansionErrorsResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    extend_expansion: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dag_id: string;
                dag_run_id: string;
                task_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExpansionExtendBody"];
            };
        };
        responses: {
            /** @description What goes on, begins anew or stays, or would. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExpansionExtendResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_expansion_history: {
        parameters: {
            query?: {
                steps?: number;
            };
            header?: never;
            path: {
                dag_id: string;
                dag_run_id: string;
                task_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What had been discovered and had ended by the start and at the end of each step. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExpansionHistoryResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_expansion_instances: {
        parameters: {
            query?: {
                after?: number;
                error?: string;
                error_class?: string;
                key?: string;
                label?: string;
                limit?: number;
                state?: string[];
                to_index?: number;
            };
            header?: never;
            path: {
                dag_id: string;
                dag_run_id: string;
                task_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Instances, and the map index to go on after; null: these were the last. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExpansionInstancesResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_instance_explanation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dag_id: string;
                dag_run_id: string;
                map_index: number;
                task_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What is known of it, secrets hidden. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InstanceExplanationResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_expansion_item: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dag_id: string;
                dag_run_id: string;
                map_index: number;
                task_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The item, as JSON. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ItemResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_expansion_pages: {
        parameters: {
            query?: {
                after?: number;
                limit?: number;
                open?: boolean;
            };
            header?: never;
            path: {
                dag_id: string;
                dag_run_id: string;
                task_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Pages, and the first index to go on after; null: these were the last. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExpansionPagesResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    redrive_expansion: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dag_id: string;
                dag_run_id: string;
                task_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExpansionRedriveBody"];
            };
        };
        responses: {
            /** @description What runs again, or would. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExpansionRedriveResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    stream_results: {
        parameters: {
            query?: {
                after?: string;
                follow?: boolean;
                limit?: number;
                order?: "index" | "completed";
            };
            header?: never;
            path: {
                dag_id: string;
                dag_run_id: string;
                task_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Lines of `result`, `gap` (an instance that left none), `waiting` (nothing new, still there) and at last `end`; each with the cursor to go on after. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResultLine"];
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_task_instances: {
        parameters: {
            query?: {
                cursor?: string;
                dag_id_pattern?: string;
                duration_gt?: number;
                duration_gte?: number;
                duration_lt?: number;
                duration_lte?: number;
                end_date_gt?: string;
                end_date_gte?: string;
                end_date_lt?: string;
                end_date_lte?: string;
                executor?: string[];
                limit?: number;
                logical_date_gt?: string;
                logical_date_gte?: string;
                logical_date_lt?: string;
                logical_date_lte?: string;
                map_index?: number[];
                offset?: number;
                operator?: string[];
                operator_name_pattern?: string;
                order_by?: string[];
                pool?: string[];
                pool_name_pattern?: string;
                queue?: string[];
                queue_name_pattern?: string;
                rendered_map_index_pattern?: string;
                run_after_gt?: string;
                run_after_gte?: string;
                run_after_lt?: string;
                run_after_lte?: string;
                run_id_pattern?: string;
                start_date_gt?: string;
                start_date_gte?: string;
                start_date_lt?: string;
                start_date_lte?: string;
                state?: string[];
                task_display_name_pattern?: string;
                task_group_id?: string;
                task_id?: string;
                try_number?: number[];
                updated_at_gt?: string;
                updated_at_gte?: string;
                updated_at_lt?: string;
                updated_at_lte?: string;
                version_number?: number[];
            };
            header?: never;
            path: {
                dag_id: string;
                dag_run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Instances: counted, or, with `cursor`, where to go on. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskInstanceCollectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_task_instance: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dag_id: string;
                dag_run_id: string;
                task_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The instance. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskInstanceResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_mapped_task_instance: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dag_id: string;
                dag_run_id: string;
                map_index: number;
                task_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The instance. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskInstanceResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_mapped_task_instance_tries: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dag_id: string;
                dag_run_id: string;
                map_index: number;
                task_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Every attempt, the last one last. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskInstanceHistoryCollectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_mapped_task_instances: {
        parameters: {
            query?: {
                cursor?: string;
                dag_id_pattern?: string;
                duration_gt?: number;
                duration_gte?: number;
                duration_lt?: number;
                duration_lte?: number;
                end_date_gt?: string;
                end_date_gte?: string;
                end_date_lt?: string;
                end_date_lte?: string;
                executor?: string[];
                limit?: number;
                logical_date_gt?: string;
                logical_date_gte?: string;
                logical_date_lt?: string;
                logical_date_lte?: string;
                map_index?: number[];
                offset?: number;
                operator?: string[];
                operator_name_pattern?: string;
                order_by?: string[];
                pool?: string[];
                pool_name_pattern?: string;
                queue?: string[];
                queue_name_pattern?: string;
                rendered_map_index_pattern?: string;
                run_after_gt?: string;
                run_after_gte?: string;
                run_after_lt?: string;
                run_after_lte?: string;
                run_id_pattern?: string;
                start_date_gt?: string;
                start_date_gte?: string;
                start_date_lt?: string;
                start_date_lte?: string;
                state?: string[];
                task_display_name_pattern?: string;
                task_group_id?: string;
                try_number?: number[];
                updated_at_gt?: string;
                updated_at_gte?: string;
                updated_at_lt?: string;
                updated_at_lte?: string;
                version_number?: number[];
            };
            header?: never;
            path: {
                dag_id: string;
                dag_run_id: string;
                task_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Instances: counted, or, with `cursor`, where to go on. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskInstanceCollectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_log: {
        parameters: {
            query?: {
                full_content?: boolean;
                map_index?: number;
                token?: string;
            };
            header?: never;
            path: {
                dag_id: string;
                dag_run_id: string;
                task_id: string;
                try_number: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Log lines, the oldest first; the token, if there is one, reads on. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskInstancesLogResponse"];
                    "application/x-ndjson": string;
                };
            };
            default: components["responses"]["Error"];
        };
    };
    tail_log: {
        parameters: {
            query?: {
                after?: string;
                map_index?: number;
            };
            header?: never;
            path: {
                dag_id: string;
                dag_run_id: string;
                task_id: string;
                try_number: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Lines of `line`, `waiting` (nothing new, still there) and at last `end`; each with the cursor to go on after. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LogTailLine"];
                    "application/x-ndjson": string;
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_task_instance_tries: {
        parameters: {
            query?: {
                map_index?: number;
            };
            header?: never;
            path: {
                dag_id: string;
                dag_run_id: string;
                task_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Every attempt, the last one last. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskInstanceHistoryCollectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_xcom_entries: {
        parameters: {
            query?: {
                limit?: number;
                map_index?: number;
                map_index_filter?: number;
                offset?: number;
                xcom_key?: string;
                xcom_key_pattern?: string;
            };
            header?: never;
            path: {
                dag_id: string;
                dag_run_id: string;
                task_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Entries, and how many there are. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["XComCollectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_xcom_entry: {
        parameters: {
            query?: {
                deserialize?: boolean;
                map_index?: number;
                stringify?: boolean;
            };
            header?: never;
            path: {
                dag_id: string;
                dag_run_id: string;
                task_id: string;
                xcom_key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The value, as JSON, or with `stringify` as text. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["XComResponseNative"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_task_instances_batch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dag_id: "~";
                dag_run_id: "~";
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TaskInstancesBatchBody"];
            };
        };
        responses: {
            /** @description Instances: counted, or, with `cursor`, where to go on. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskInstanceCollectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_upstream_asset_events: {
        parameters: {
            query?: {
                limit?: number;
                offset?: number;
            };
            header?: never;
            path: {
                dag_id: string;
                dag_run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Events, and how many there are. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssetEventCollectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    wait_dag_run_until_finished: {
        parameters: {
            query: {
                interval: number;
                result?: string[];
            };
            header?: never;
            path: {
                dag_id: string;
                dag_run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One JSON object a line, the last one of a run that has ended. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DAGRunWaitResponse"];
                    "application/x-ndjson": string;
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_list_dag_runs_batch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dag_id: "~";
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DAGRunsBatchBody"];
            };
        };
        responses: {
            /** @description Runs, and how many there are. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DAGRunCollectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_dag_versions: {
        parameters: {
            query?: {
                bundle_name?: string;
                bundle_version?: string;
                limit?: number;
                offset?: number;
                order_by?: string[];
                version_number?: number;
            };
            header?: never;
            path: {
                dag_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Versions, and how many there are. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DAGVersionCollectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_dag_version: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dag_id: string;
                version_number: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The version. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DagVersionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_dag_version_changes: {
        parameters: {
            query?: {
                /** @description What it is compared with. Default: the version before it. */
                base_version_number?: number;
            };
            header?: never;
            path: {
                dag_id: string;
                version_number: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What differs. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DAGChangesResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_dag_details: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dag_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The DAG. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DAGDetailsResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_dag_grid: {
        parameters: {
            query?: {
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path: {
                dag_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Runs, the newest first, and where to go on. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DAGGridResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_dag_structure: {
        parameters: {
            query?: {
                version_number?: number;
            };
            header?: never;
            path: {
                dag_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Tasks and edges. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DAGStructureResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_tasks: {
        parameters: {
            query?: {
                order_by?: string;
            };
            header?: never;
            path: {
                dag_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Tasks, and how many there are. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskCollectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_task: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dag_id: string;
                task_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The task. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_dag_source: {
        parameters: {
            query?: {
                version_number?: number;
            };
            header?: never;
            path: {
                dag_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The module that runs, with all that the DAG file imports. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DAGSourceResponse"];
                    "text/plain": string;
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_dag_stats: {
        parameters: {
            query?: {
                dag_ids?: string[];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Counts. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DagStatsCollectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_dag_tags: {
        parameters: {
            query?: {
                limit?: number;
                offset?: number;
                order_by?: string[];
                tag_name_pattern?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Tags, and how many there are. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DAGTagCollectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    list_dag_warnings: {
        parameters: {
            query?: {
                dag_id?: string;
                limit?: number;
                offset?: number;
                order_by?: string[];
                warning_type?: "asset conflict" | "non-existent pool" | "runtime varying value";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An empty list. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DAGWarningCollectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_event_logs: {
        parameters: {
            query?: {
                after?: string;
                before?: string;
                cursor?: string;
                dag_id?: string;
                dag_id_pattern?: string;
                event?: string;
                event_pattern?: string;
                excluded_events?: string[];
                included_events?: string[];
                limit?: number;
                map_index?: number;
                offset?: number;
                order_by?: string[];
                owner?: string;
                owner_pattern?: string;
                run_id?: string;
                run_id_pattern?: string;
                task_id?: string;
                task_id_pattern?: string;
                try_number?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Events, and how many there are or where to go on. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventLogCollectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_event_log: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                event_log_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The event. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventLogResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    watch_dag_runs: {
        parameters: {
            query?: never;
            header?: {
                "last-event-id"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Events `run`, each with the run and its counters as they stand. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_import_errors: {
        parameters: {
            query?: {
                filename_pattern?: string;
                limit?: number;
                offset?: number;
                order_by?: string[];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Errors, and how many there are. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImportErrorCollectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_import_error: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                import_error_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The error. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImportErrorResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_jobs: {
        parameters: {
            query?: {
                end_date_gt?: string;
                end_date_gte?: string;
                end_date_lt?: string;
                end_date_lte?: string;
                executor_class?: string;
                hostname?: string;
                is_alive?: boolean;
                job_state?: string;
                job_type?: string;
                limit?: number;
                offset?: number;
                order_by?: string[];
                start_date_gt?: string;
                start_date_gte?: string;
                start_date_lt?: string;
                start_date_lte?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Processes, and how many there are. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobCollectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The bearer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActorResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The state of each part; the request itself succeeds while the server answers. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HealthInfoResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_openapi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An OpenAPI 3.1 document. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        openapi: string;
                    } & {
                        [key: string]: unknown;
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_plugins: {
        parameters: {
            query?: {
                limit?: number;
                offset?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An empty list. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PluginCollectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    import_errors: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An empty list. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PluginImportErrorCollectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_pools: {
        parameters: {
            query?: {
                limit?: number;
                offset?: number;
                order_by?: string[];
                pool_name_pattern?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Pools, and how many there are. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PoolCollectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    post_pool: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PoolBody"];
            };
        };
        responses: {
            /** @description The pool. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PoolResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    bulk_pools: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BulkBody_PoolBody_"];
            };
        };
        responses: {
            /** @description What became of each. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_pool: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                pool_name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The pool. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PoolResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    delete_pool: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                pool_name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Error"];
        };
    };
    patch_pool: {
        parameters: {
            query?: {
                update_mask?: string[];
            };
            header?: never;
            path: {
                pool_name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PoolPatchBody"];
            };
        };
        responses: {
            /** @description The pool as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PoolResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_providers: {
        parameters: {
            query?: {
                limit?: number;
                offset?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An empty list. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProviderCollectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_recent_dag_runs: {
        parameters: {
            query?: {
                dag_ids?: string[];
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description For each DAG its runs, the newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecentDAGRunsResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_tokens: {
        parameters: {
            query?: {
                after?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Tokens, and the name to go on after. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiTokenCollectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    post_token: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ApiTokenPostBody"];
            };
        };
        responses: {
            /** @description The token. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedApiTokenResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    delete_token: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                token_name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is not good any more. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Error"];
        };
    };
    get_triggers: {
        parameters: {
            query?: {
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Triggers, secrets hidden, and where to go on. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TriggerCollectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_users: {
        parameters: {
            query?: {
                after?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Users, and the name to go on after. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserCollectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    post_user: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserPostBody"];
            };
        };
        responses: {
            /** @description The user, and the password that was made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedUserResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    delete_user: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                username: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description There is no such user any more. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Error"];
        };
    };
    put_user_password: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                username: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserPasswordBody"];
            };
        };
        responses: {
            /** @description The user, and the password that was made. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedUserResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_variables: {
        parameters: {
            query?: {
                limit?: number;
                offset?: number;
                order_by?: string[];
                variable_key_pattern?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Variables, and how many there are. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VariableCollectionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    post_variable: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["VariableBody"];
            };
        };
        responses: {
            /** @description The variable. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VariableResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    bulk_variables: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BulkBody_VariableBody_"];
            };
        };
        responses: {
            /** @description What became of each. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_variable: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                variable_key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The variable. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VariableResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    delete_variable: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                variable_key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Error"];
        };
    };
    patch_variable: {
        parameters: {
            query?: {
                update_mask?: string[];
            };
            header?: never;
            path: {
                variable_key: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["VariableBody"];
            };
        };
        responses: {
            /** @description The variable as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VariableResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_version: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The version. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VersionInfo"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    create_token: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["LoginBody"];
                "application/x-www-form-urlencoded": components["schemas"]["LoginBody"];
            };
        };
        responses: {
            /** @description A bearer token. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoginResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    create_token_cli: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["LoginBody"];
                "application/x-www-form-urlencoded": components["schemas"]["LoginBody"];
            };
        };
        responses: {
            /** @description A bearer token. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoginResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    get_metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Prometheus' text format. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            default: components["responses"]["Error"];
        };
    };
}
