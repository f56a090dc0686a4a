-- The first schema: definitions, runs, expansions, pages, leases, task instances, logs, roles.
-- Nothing runs before it, so no old worker can be in the way.
--
-- Rules of the hot tables (page, lease, task_instance):
--   * no index and no predicate on a state or a time in task_instance: a fresh, un-analysed table makes the planner sort it;
--   * columns that change often (claimed, finished, counters) stand in no index, so their updates are heap-only;
--   * every key starts with the expansion, and an expansion's id with its run: one run is one range of each table.

create type dag_run_state as enum ('queued', 'running', 'success', 'failed');
create type expansion_state as enum
  ('waiting', 'open', 'draining', 'success', 'failed', 'skipped', 'upstream_failed', 'cancelled');
create type task_instance_state as enum
  ('success', 'failed', 'skipped', 'upstream_failed', 'up_for_retry', 'deferred', 'scheduled');
create type task_kind as enum ('task', 'mapped', 'source', 'fused');

-- The code of DAG files. What a file captured when it was parsed is a row of its own, which refers to its code.
create table bundle (
  hash text primary key,
  code text,
  source_map text,
  code_hash text references bundle,
  captured json,
  created_at timestamptz not null default now(),
  check ((code is null) = (code_hash is not null)),
  check ((captured is null) = (code_hash is null))
);
create index bundle_of_code on bundle (code_hash) where code_hash is not null;

create table dag (
  dag_id text primary key check (length(dag_id) between 1 and 250),
  latest_version_id bigint,
  is_paused boolean not null default false,
  -- Of the newest version; follow_version keeps them so. The timetable counts from when it was registered.
  planning json,
  is_continuous boolean not null default false,
  max_active_runs int not null default 16 check (max_active_runs > 0),
  max_active_tasks int check (max_active_tasks > 0),
  -- Set by hand: they count whatever a version says.
  max_active_runs_set int check (max_active_runs_set > 0),
  max_active_tasks_set int check (max_active_tasks_set > 0),
  timetable_since timestamptz,
  -- The next scheduled run; next_run_at alone at -infinity: it is to be reckoned. The planner alone moves them.
  plan_seq int not null default 0,
  last_tick timestamptz,
  next_logical_date timestamptz,
  next_interval_start timestamptz,
  next_interval_end timestamptz,
  next_run_at timestamptz,
  -- Changes with what the DAG has been told of assets. Due: what it waits for may be there.
  asset_seq int not null default 0,
  is_asset_due boolean not null default false,
  -- Runs that have not ended, backfills aside; count_dag_runs keeps them so. Ready: queued, and not for a parse.
  queued_runs int not null default 0 check (queued_runs >= 0),
  ready_runs int not null default 0 check (ready_runs >= 0),
  running_runs int not null default 0 check (running_runs >= 0),
  -- A queued run may start.
  is_admissible boolean not null
    generated always as (not is_paused and ready_runs > 0 and running_runs < max_active_runs) stored,
  -- A scheduled run may be made when its time has come: not while enough wait (queuedAheadMax).
  is_plannable boolean not null generated always as (
    next_run_at is not null and not is_paused and not is_stale and queued_runs < 16
      and not (is_continuous and queued_runs + running_runs > 0)
  ) stored,
  -- A run may be made for assets. One that could only wait is not: until it may start, more events gather for it.
  is_asset_plannable boolean not null generated always as (
    is_asset_due and not is_paused and not is_stale and queued_runs + running_runs < max_active_runs
  ) stored,
  -- The file that a DAG processor has it from; stale: it is not in that file any more.
  file_folder text,
  file_path text,
  is_stale boolean not null default false,
  -- Whether its file is to be parsed anew for each run: as the newest version says, where a processor has the file.
  is_parsed_each_run boolean not null default false,
  is_parsed_first boolean not null
    generated always as (is_parsed_each_run and file_path is not null and not is_stale) stored,
  -- Its runs that wait for a parse, backfills included; and the processor that parses, until when nobody else does.
  awaiting_runs int not null default 0 check (awaiting_runs >= 0),
  parse_claimed_by text,
  parse_claimed_until timestamptz not null default '-infinity',
  created_at timestamptz not null default now(),
  check ((file_folder is null) = (file_path is null))
);
create index dag_parse_wanted on dag (file_folder, parse_claimed_until) where awaiting_runs > 0;
create index dag_admissible on dag (dag_id) where is_admissible;
create index dag_plannable on dag (next_run_at) where is_plannable;
create index dag_asset_plannable on dag (dag_id) where is_asset_plannable;
create index dag_of_file on dag (file_folder, file_path) where file_path is not null;

create table dag_file (
  folder text collate "C",
  path text collate "C",
  bundle_hash text references bundle,
  dag_ids text[] not null,
  import_error json,
  changed_at timestamptz not null default now(),
  primary key (folder, path)
);

create table dag_version (
  id bigint generated always as identity primary key,
  dag_id text not null references dag,
  version_number int not null check (version_number > 0),
  -- The hash of shape and bundle together: the same hash is the same version.
  hash text not null,
  bundle_hash text not null references bundle,
  serialized json not null,
  -- What lists show, so that they need not read the shapes.
  description text,
  schedule text,
  tags text[] not null,
  planning json not null,
  has_concurrency_limits boolean not null,
  created_at timestamptz not null default now(),
  unique (dag_id, version_number),
  unique (dag_id, hash)
);
alter table dag add foreign key (latest_version_id) references dag_version;
-- Whether a version or a bundle is still used is asked when one is to be deleted.
create index dag_of_latest_version on dag (latest_version_id);
create index dag_version_of_bundle on dag_version (bundle_hash);
create index dag_file_of_bundle on dag_file (bundle_hash);

-- DAGs that were deleted, up to which run, version and backfill: later ones are of a DAG that came back. The row of the DAG is
-- there, without a version, until nothing is left.
create table deleted_dag (
  dag_id text primary key references dag,
  last_run_id bigint not null,
  last_version_number int not null,
  last_backfill_id bigint not null
);

-- Bundles of versions that were deleted; another version or a file may still use them.
create table released_bundle (
  hash text primary key
);

-- What was captured is gone: its code may be unused now. A trigger, since it runs after all that its statement did.
create function release_code() returns trigger
language plpgsql as $$
begin
  insert into released_bundle (hash) values (old.code_hash) on conflict (hash) do nothing;
  return null;
end
$$;
create trigger bundle_code_released after delete on bundle
  for each row when (old.code_hash is not null) execute function release_code();

-- Takes over what the newest version says of planning, whichever statement made it the newest. A plan that changes is
-- reckoned anew.
create function follow_version() returns trigger
language plpgsql as $$
declare
  planning json;
begin
  if new.latest_version_id is null then
    return new;
  end if;
  select serialized->'planning', serialized->>'parse' = 'every-run' into strict planning, new.is_parsed_each_run
  from dag_version where id = new.latest_version_id;
  if planning::text is not distinct from new.planning::text then
    return new;
  end if;
  if (planning->'timetable')::text is distinct from (new.planning->'timetable')::text then
    new.timetable_since := now();
  end if;
  if (planning->'assets')::text is distinct from (new.planning->'assets')::text then
    new.asset_seq := new.asset_seq + 1;
    new.is_asset_due := planning->>'assets' is not null;
  end if;
  new.planning := planning;
  new.max_active_runs := coalesce(new.max_active_runs_set, (planning->>'maxActiveRuns')::int);
  new.max_active_tasks := coalesce(new.max_active_tasks_set, (planning->>'maxActiveTasks')::int);
  new.is_continuous := planning->'timetable'->>'kind' = 'continuous';
  new.plan_seq := new.plan_seq + 1;
  new.next_logical_date := null;
  new.next_interval_start := null;
  new.next_interval_end := null;
  new.next_run_at := case when planning->'timetable'->>'kind' <> 'none' then '-infinity'::timestamptz end;
  return new;
end
$$;
create trigger dag_follows_version before update of latest_version_id on dag
  for each row when (old.latest_version_id is distinct from new.latest_version_id) execute function follow_version();

create table task (
  dag_version_id bigint not null references dag_version on delete cascade,
  ordinal int not null check (ordinal between 0 and 4095),
  task_id text not null check (length(task_id) between 1 and 250),
  kind task_kind not null,
  trigger_rule text not null,
  priority int not null,
  concurrency int check (concurrency > 0),
  dag_concurrency int check (dag_concurrency > 0),
  deferred_max int check (deferred_max > 0),
  pool text not null,
  pool_slots int not null check (pool_slots > 0),
  window_size int check (window_size > 0),
  page_size int check (page_size > 0),
  page_bytes_max bigint check (page_bytes_max > 0),
  max_items bigint check (max_items > 0),
  is_paused boolean not null default false,
  tolerated_failures json,
  -- What its end says of the tasks in gate_target; null: it is no gate.
  gate json,
  -- Of how many gates it is a target.
  gates_above int not null check (gates_above >= 0),
  -- The names of the assets that it makes.
  outlets text[] not null,
  -- Its failure fails the run.
  decides_run boolean not null,
  options json not null,
  primary key (dag_version_id, ordinal),
  unique (dag_version_id, task_id)
);

create table edge (
  dag_version_id bigint not null references dag_version on delete cascade,
  upstream int not null,
  downstream int not null check (downstream > upstream),
  kind text not null check (kind in ('complete', 'stream')),
  holds_back boolean not null,
  -- From a setup; and to a teardown of it.
  is_setup boolean not null,
  is_teardown boolean not null,
  primary key (dag_version_id, upstream, downstream, kind)
);
create index edge_downstream on edge (dag_version_id, downstream);

-- The tasks that wait for what a gate says of them, be they directly below it or not.
create table gate_target (
  dag_version_id bigint not null references dag_version on delete cascade,
  gate int not null,
  target int not null check (target > gate),
  primary key (dag_version_id, gate, target)
);

-- Data that tasks make and DAGs wait for, as the version that was stored last has it.
create table asset (
  id bigint generated always as identity primary key,
  name text collate "C" not null unique check (length(name) between 1 and 512),
  uri text not null,
  group_name text not null,
  extra json not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- The assets that the newest version of a DAG waits for, and those that its tasks make; nothing of stale DAGs.
create table asset_waiter (
  dag_id text not null references dag,
  asset_id bigint not null references asset,
  primary key (dag_id, asset_id)
);
create index asset_waiter_of_asset on asset_waiter (asset_id, dag_id);

create table asset_maker (
  dag_id text not null references dag,
  task_id text not null,
  asset_id bigint not null references asset,
  primary key (dag_id, task_id, asset_id)
);
create index asset_maker_of_asset on asset_maker (asset_id, dag_id, task_id);

-- Keeps both, whichever statement changes the newest version or makes the DAG stale. The row of the DAG is locked: who
-- holds its lock sees what it waits for stand still.
create function follow_assets() returns trigger
language plpgsql as $$
declare
  serialized json;
begin
  delete from asset_maker where dag_id = new.dag_id;
  if new.is_stale or new.latest_version_id is null then
    delete from asset_waiter where dag_id = new.dag_id;
    return null;
  end if;
  select dag_version.serialized into strict serialized from dag_version where id = new.latest_version_id;
  if json_array_length(serialized->'assets') = 0 then
    delete from asset_waiter where dag_id = new.dag_id;
    return null;
  end if;
  insert into asset (name, uri, group_name, extra)
  select a->>'name', a->>'uri', a->>'group', a->'extra'
  from json_array_elements(serialized->'assets') a
  order by 1
  on conflict (name) do nothing;
  update asset
  set uri = a->>'uri', group_name = a->>'group', extra = a->'extra', updated_at = now()
  from json_array_elements(serialized->'assets') a
  where asset.name = a->>'name'
    and (asset.uri, asset.group_name, asset.extra::text) is distinct from (a->>'uri', a->>'group', (a->'extra')::text);
  with awaited as (
    select asset.id
    from json_array_elements_text(serialized->'awaited') as waited (name)
    join asset on asset.name = waited.name
  ), gone as (
    delete from asset_waiter where dag_id = new.dag_id and asset_id not in (select id from awaited)
  )
  insert into asset_waiter (dag_id, asset_id) select new.dag_id, id from awaited
  on conflict (dag_id, asset_id) do nothing;
  insert into asset_maker (dag_id, task_id, asset_id)
  select new.dag_id, task.task_id, asset.id
  from task
  cross join unnest(task.outlets) as outlet (name)
  join asset on asset.name = outlet.name
  where task.dag_version_id = new.latest_version_id;
  return null;
end
$$;
create trigger dag_assets_followed after update of latest_version_id, is_stale on dag
  for each row when (
    old.latest_version_id is distinct from new.latest_version_id or old.is_stale <> new.is_stale
  ) execute function follow_assets();

-- The facts that assets changed. A source of null: it came from outside.
create table asset_event (
  id bigint generated always as identity primary key,
  asset_id bigint not null references asset,
  at timestamptz not null default now(),
  extra json not null,
  source_dag_id text,
  source_run_id text,
  source_task_id text,
  -- -1: the whole task, or the whole map.
  source_map_index bigint,
  -- The turn in which DAGs were told of it; null: not yet.
  turn bigint
);
create index asset_event_of_asset on asset_event (asset_id, id);
create index asset_event_of_run on asset_event (source_dag_id, source_run_id, id) where source_dag_id is not null;
create index asset_event_untaken on asset_event (id) where turn is null;
create sequence asset_turn;

-- What a DAG has been told of an asset since its last run: one row, however many events. They are those of the asset in
-- these turns, with ids between these.
create table asset_queue (
  dag_id text not null,
  asset_id bigint not null,
  first_turn bigint not null,
  last_turn bigint not null,
  first_event_id bigint not null,
  last_event_id bigint not null,
  events int not null,
  created_at timestamptz not null default now(),
  primary key (dag_id, asset_id),
  foreign key (dag_id, asset_id) references asset_waiter on delete cascade
) with (fillfactor = 50);
create index asset_queue_of_asset on asset_queue (asset_id);

-- Tells the DAGs that wait for them of events that nobody was told of; says how many events. A function, because only its
-- later statements see what was changed while it waited for the rows of the DAGs.
create function take_asset_events(most int) returns int
language plpgsql volatile as $$
declare
  this_turn bigint := nextval('asset_turn');
  assets bigint[];
  firsts bigint[];
  lasts bigint[];
  counts int[];
begin
  with untaken as materialized (
    select id from asset_event where turn is null order by id limit most for update skip locked
  ), taken as (
    update asset_event set turn = this_turn from untaken where asset_event.id = untaken.id
    returning asset_event.asset_id, asset_event.id
  ), sums as (
    select asset_id, min(id) as first_id, max(id) as last_id, count(*)::int as events from taken group by asset_id
  )
  select array_agg(asset_id), array_agg(first_id), array_agg(last_id), array_agg(events)
  into assets, firsts, lasts, counts from sums;
  if assets is null then
    return 0;
  end if;
  perform from dag
  where dag_id in (select dag_id from asset_waiter where asset_id = any(assets))
  order by dag_id
  for no key update;
  with queued as (
    insert into asset_queue (dag_id, asset_id, first_turn, last_turn, first_event_id, last_event_id, events)
    select asset_waiter.dag_id, told.asset_id, this_turn, this_turn, told.first_id, told.last_id, told.events
    from unnest(assets, firsts, lasts, counts) as told (asset_id, first_id, last_id, events)
    join asset_waiter on asset_waiter.asset_id = told.asset_id
    on conflict (dag_id, asset_id) do update
    set last_turn = excluded.last_turn, events = asset_queue.events + excluded.events,
        first_event_id = least(asset_queue.first_event_id, excluded.first_event_id),
        last_event_id = greatest(asset_queue.last_event_id, excluded.last_event_id)
    returning dag_id, first_turn = this_turn as is_new
  ), told as (
    select dag_id, bool_or(is_new) as has_new from queued group by dag_id
  )
  update dag set asset_seq = asset_seq + 1, is_asset_due = is_asset_due or told.has_new
  from told
  where dag.dag_id = told.dag_id;
  return (select sum(events) from unnest(counts) events);
end
$$;

-- Runs made for past dates, in the order of backfill_date. The planner moves it; count_dag_runs counts its runs.
create table backfill (
  id bigint generated always as identity primary key,
  dag_id text not null references dag,
  from_date timestamptz not null,
  to_date timestamptz not null,
  is_reversed boolean not null,
  reprocess text not null check (reprocess in ('none', 'failed', 'completed')),
  max_active_runs int not null check (max_active_runs > 0),
  conf json not null,
  is_paused boolean not null default false,
  -- As the DAG is.
  is_dag_paused boolean not null,
  is_cancelled boolean not null default false,
  created_at timestamptz not null default now(),
  ended_at timestamptz,
  total int not null check (total > 0),
  handled int not null default 0 check (handled between 0 and total),
  refused int not null default 0,
  running_runs int not null default 0 check (running_runs >= 0),
  success_runs int not null default 0,
  failed_runs int not null default 0,
  is_due boolean not null generated always as (
    ended_at is null and (
      (handled < total and running_runs < max_active_runs and not is_paused and not is_dag_paused)
        or (handled = total and running_runs = 0)
    )
  ) stored
);
create unique index backfill_active on backfill (dag_id) where ended_at is null;
create index backfill_of_dag on backfill (dag_id, id);
create index backfill_due on backfill (id) where is_due;

create table backfill_date (
  backfill_id bigint not null references backfill on delete cascade,
  ordinal int not null,
  logical_date timestamptz not null,
  interval_start timestamptz not null,
  interval_end timestamptz not null,
  dag_run_id bigint,
  refusal text check (refusal in ('in flight', 'already exists', 'unknown')),
  primary key (backfill_id, ordinal)
);
create index backfill_date_of_run on backfill_date (dag_run_id) where dag_run_id is not null;

create table dag_run (
  id bigint generated always as identity primary key,
  dag_id text not null references dag,
  run_id text not null check (length(run_id) between 1 and 250),
  dag_version_id bigint not null references dag_version,
  state dag_run_state not null,
  run_type text not null,
  conf json not null,
  logical_date timestamptz,
  data_interval_start timestamptz,
  data_interval_end timestamptz,
  -- When it was to be made, at the earliest.
  run_after timestamptz not null default now(),
  queued_at timestamptz not null default now(),
  started_at timestamptz,
  ended_at timestamptz,
  -- It waits, or waited when it ended, for its file to be parsed: its version is not the one it is to run, and it has no
  -- expansions.
  awaits_parse boolean not null default false,
  note text,
  is_cancelled boolean not null default false,
  -- How often it went on after it, or something of it, had ended: a verdict from before ends nothing.
  reopenings int not null default 0,
  triggered_by text,
  triggering_user text,
  timeout_at timestamptz,
  -- Whether its logs are kept: until it has ended for long enough, if that is asked for.
  has_logs boolean not null default true,
  backfill_id bigint references backfill,
  unique (dag_id, run_id),
  check ((state in ('success', 'failed')) = (ended_at is not null)),
  check (not (awaits_parse and state in ('running', 'success')))
);
-- Its size can be known without reading it: lists leave out what is large.
alter table dag_run alter column conf set storage external;
create index dag_run_of_dag on dag_run (dag_id, id);
create index dag_run_ended on dag_run (dag_id, ended_at, id) where ended_at is not null;
create index dag_run_logged on dag_run (ended_at) where has_logs and ended_at is not null;
create index dag_run_of_version on dag_run (dag_version_id);
create index dag_run_of_backfill on dag_run (backfill_id) where backfill_id is not null;
create index dag_run_timeout on dag_run (timeout_at) where state = 'running' and timeout_at is not null;
create index dag_run_unfinished on dag_run (id) where state in ('queued', 'running');
-- A tick is made once, whatever its planner does.
create unique index dag_run_scheduled on dag_run (dag_id, logical_date) where run_type = 'scheduled';
-- Counts of days are read from it alone.
create index dag_run_of_day on dag_run (dag_id, run_after, state);
create index dag_run_of_date on dag_run (dag_id, logical_date) where logical_date is not null;
create index dag_run_running on dag_run (dag_id, id) where state = 'running';
create index dag_run_queued on dag_run (dag_id, id) where state = 'queued' and not awaits_parse;
create index dag_run_unparsed on dag_run (dag_id, id) where state = 'queued' and awaits_parse;

-- The events that a run was made for, as in asset_queue.
create table dag_run_asset (
  dag_run_id bigint not null references dag_run on delete cascade,
  asset_id bigint not null references asset,
  first_turn bigint not null,
  last_turn bigint not null,
  first_event_id bigint not null,
  last_event_id bigint not null,
  events int not null,
  primary key (dag_run_id, asset_id)
);
create index dag_run_asset_of_asset on dag_run_asset (asset_id, last_turn);

-- Runs that were deleted: their rows in dag_run and expansion are gone, and what else they had goes after, some rows a
-- statement.
create table deleted_run (
  dag_run_id bigint primary key,
  -- By the name of a table the key of the last row that was removed from it: there it goes on. Null: from the beginning.
  after_keys json
);

create function ended_as(run dag_run, state dag_run_state) returns int
language sql immutable as $$ select coalesce(run.state = ended_as.state, false)::int $$;

-- Counts the unfinished runs of each DAG, whichever statement moves them: starting the next one costs a look at a counter.
create function count_dag_runs() returns trigger
language plpgsql as $$
declare
  queued int := 0;
  running int := 0;
  awaiting int := 0;
  counted dag_run;
begin
  if tg_op <> 'INSERT' then
    counted := old;
    queued := queued - (old.state = 'queued')::int;
    running := running - (old.state = 'running')::int;
    awaiting := awaiting - (old.state = 'queued' and old.awaits_parse)::int;
  end if;
  if tg_op <> 'DELETE' then
    counted := new;
    queued := queued + (new.state = 'queued')::int;
    running := running + (new.state = 'running')::int;
    awaiting := awaiting + (new.state = 'queued' and new.awaits_parse)::int;
  end if;
  if counted.backfill_id is not null then
    update backfill
    set running_runs = running_runs + queued + running,
        -- What is deleted has been: how the backfill went stays.
        success_runs = success_runs + (tg_op <> 'DELETE')::int * (ended_as(new, 'success') - ended_as(old, 'success')),
        failed_runs = failed_runs + (tg_op <> 'DELETE')::int * (ended_as(new, 'failed') - ended_as(old, 'failed'))
    where id = counted.backfill_id;
    if awaiting <> 0 then
      update dag set awaiting_runs = awaiting_runs + awaiting where dag_id = counted.dag_id;
    end if;
  elsif queued <> 0 or running <> 0 or awaiting <> 0 then
    update dag
    set queued_runs = queued_runs + queued, ready_runs = ready_runs + queued - awaiting,
        running_runs = running_runs + running, awaiting_runs = awaiting_runs + awaiting
    where dag_id = counted.dag_id;
  end if;
  return null;
end
$$;
create trigger dag_run_counted after insert or delete on dag_run
  for each row execute function count_dag_runs();
create trigger dag_run_state_counted after update of state, awaits_parse on dag_run
  for each row when ((old.state, old.awaits_parse) is distinct from (new.state, new.awaits_parse))
  execute function count_dag_runs();

-- A run that goes on logs again.
create function log_again() returns trigger
language plpgsql as $$
begin
  new.has_logs := true;
  return new;
end
$$;
create trigger dag_run_logs_again before update of ended_at on dag_run
  for each row when (old.ended_at is not null and new.ended_at is null) execute function log_again();

-- Slots that instances of any DAG share. A task of a pool that is not there does not start.
create table pool (
  name text collate "C" primary key check (length(name) between 1 and 250),
  -- Null: no limit.
  slots int check (slots between 0 and 1000000),
  include_deferred boolean not null default false,
  description text check (length(description) <= 10000)
);
insert into pool (name) values ('default_pool');

-- One row a task a run: how far it has been unrolled. id = dag_run_id * 4096 + ordinal.
create table expansion (
  id bigint primary key,
  -- Made with its run and deleted with it, each in one statement; a foreign key would cost every run an index for nothing.
  dag_run_id bigint not null,
  dag_version_id bigint not null,
  ordinal int not null,
  task_id text not null,
  kind task_kind not null,
  state expansion_state not null default 'waiting',
  -- Bumped with every fact the scheduler decides on; a decision names the seq it saw.
  seq bigint not null default 0,
  is_due boolean not null,
  is_leaf boolean not null,
  decides_run boolean not null,
  trigger_rule text not null,
  priority int not null,
  concurrency int,
  -- Over all runs of the DAG, and of all tasks of the run.
  dag_concurrency int,
  max_active_tasks int,
  deferred_max int,
  pool text collate "C" not null default 'default_pool',
  pool_slots int not null default 1,
  upstream_total int not null,
  upstream_opened int not null default 0,
  upstream_success int not null default 0,
  upstream_failed int not null default 0,
  upstream_skipped int not null default 0,
  upstream_upstream_failed int not null default 0,
  -- Those of them that are setups.
  upstream_setups int not null default 0,
  upstream_setup_success int not null default 0,
  upstream_setup_skipped int not null default 0,
  -- Gates above it that have not ended, and what those said that have.
  gates_left int not null check (gates_left >= 0),
  gate_skips int not null default 0 check (gate_skips >= 0),
  gate_fails int not null default 0 check (gate_fails >= 0),
  -- What it has said itself, by the ordinals of its targets; null: it is no gate, or has not ended.
  verdict_skips int[],
  verdict_fails int[],
  window_size int,
  page_size int,
  page_bytes_max bigint,
  max_items bigint,
  is_pulling_paused boolean not null default false,
  is_running_paused boolean not null default false,
  tolerated_failures json,
  -- A success may make its failures too many: fewer have ended than the limit wants to see, and some failed.
  is_watched boolean not null default false,
  -- Why it was stopped before its end. It stays where it was, and never goes on by itself.
  stop_reason json,
  -- Cancelled by itself, and not with its run.
  is_cancelled boolean not null default false,
  -- Whether its instances may be claimed now. What may not is kept out of the way of claims: see `admit`.
  is_claimable boolean not null generated always as
    (state in ('open', 'draining') and not is_running_paused and stop_reason is null) stored,
  -- Pulling: who may, from where, how it went. '-infinity': nobody holds it.
  epoch int not null default 0,
  runner_id text,
  runner_expires_at timestamptz not null default '-infinity',
  cursor text,
  -- How to go on from the end of the stream; while an extended one is read, what is left to be skipped.
  resume_cursor text,
  resume_skip int not null default 0 check (resume_skip >= 0),
  stopped_by text,
  next_index bigint not null default 0,
  pulls bigint not null default 0,
  pages bigint not null default 0,
  is_exhausted boolean not null default false,
  pull_failures int not null default 0,
  pull_after timestamptz not null default '-infinity',
  stream_failure text check (stream_failure in ('own', 'upstream')),
  stream_error json,
  -- Instances: made, and ended as far as folded.
  created bigint not null default 0,
  -- Items that got no instance because their key had come before.
  duplicates bigint not null default 0,
  success bigint not null default 0,
  failed bigint not null default 0,
  skipped bigint not null default 0,
  upstream_failed_instances bigint not null default 0,
  unfinished_peak bigint not null default 0,
  -- How often it was begun anew, and the tries that its instances had before: new ones count on from there.
  generation int not null default 0,
  base_try smallint not null default 0,
  -- Begun anew, and what it had is not yet all gone: nothing may start before.
  is_clearing boolean not null default false,
  -- The first index that goes: what was rewound begins anew at an iteration of its loop.
  clear_from bigint not null default -1,
  -- Some of its offers or triggers are still to be parked, or to come back: see `sweep`.
  is_sweeping boolean not null default false,
  first_ended_at timestamptz,
  pulls_at_first_end bigint,
  opened_at timestamptz,
  ended_at timestamptz,
  check (id = dag_run_id * 4096 + ordinal),
  check (success + failed + skipped + upstream_failed_instances <= created)
) with (fillfactor = 50);
create index expansion_due on expansion (id) where is_due;
create index expansion_unfinished on expansion (dag_run_id)
  where state in ('waiting', 'open', 'draining');
create index expansion_of_pool on expansion (pool) where state in ('waiting', 'open', 'draining');
create index expansion_clearing on expansion (id) where is_clearing;
create index expansion_sweeping on expansion (id) where is_sweeping;
create index expansion_pullable on expansion (runner_expires_at)
  where state = 'open' and kind in ('mapped', 'source');

-- How far an expansion has read the streams of other tasks of its run.
create table stream_position (
  upstream_id bigint not null,
  consumer_id bigint not null,
  consumed bigint not null default 0,
  holds_back boolean not null,
  primary key (upstream_id, consumer_id)
) with (fillfactor = 50);

create table page (
  expansion_id bigint not null,
  first_index bigint not null check (first_index >= -1),
  count int not null check (count > 0),
  -- Lower is more urgent: minus the priority of the task.
  urgency int not null,
  claimable boolean not null,
  folded boolean not null default false,
  -- When it was folded last: with the other times all that is kept of how a map went on.
  folded_at timestamptz,
  has_records boolean not null default false,
  claimed int not null default 0,
  finished int not null default 0,
  success int not null default 0,
  failed int not null default 0,
  skipped int not null default 0,
  upstream_failed int not null default 0,
  first_ended_at timestamptz,
  pulls_at_first_end bigint,
  created_at timestamptz not null default now(),
  items text[],
  -- Beside the items, where the task gives them: keys are null at gaps.
  keys text[],
  labels text[],
  primary key (expansion_id, first_index),
  check (claimed between 0 and count),
  check (finished = success + failed + skipped + upstream_failed),
  check (finished <= count)
) with (fillfactor = 60, toast_tuple_target = 512);
create index page_claimable on page (urgency, expansion_id, first_index) where claimable;
create index page_unfolded on page (expansion_id, first_index) where not folded;
-- What failed among a million is found without a look at every page. Successes change nothing that stands here.
create index page_excepted on page (expansion_id, first_index) where failed + skipped + upstream_failed > 0;

-- The keys that an expansion's items have, so that each is there once. The page has them again, by index.
create table item_key (
  expansion_id bigint not null,
  map_index bigint not null check (map_index >= 0),
  -- "C": equal is what is the same text, whatever the database's language, and its order never changes.
  key text collate "C" not null check (length(key) between 1 and 512),
  primary key (expansion_id, key)
);

create table lease (
  id bigint generated always as identity primary key,
  expansion_id bigint not null,
  page_first bigint not null,
  first_index bigint not null,
  count int not null check (count > 0),
  remaining int not null check (remaining between 1 and count),
  worker_id text not null,
  try_number int not null check (try_number > base_try),
  -- The tries that do not count against the task's retries: those before a redrive.
  base_try int not null default 0 check (base_try >= 0),
  is_retry boolean not null,
  is_isolated boolean not null,
  pool text collate "C" not null,
  pool_slots int not null,
  claimed_at timestamptz not null default now(),
  expires_at timestamptz not null,
  -- Retries and resumed instances, which were each offered by themselves: their indexes, ascending, whatever their pages,
  -- and those of them that have an outcome. Otherwise the lease is a range of one page.
  indexes bigint[],
  ended bigint[] not null default '{}',
  check ((indexes is not null) = is_retry)
) with (fillfactor = 50);
create index lease_expiry on lease (expires_at);
create index lease_of_pool on lease (pool);
-- One lease of a range. A retry may stand beside what is left of the range that it came from, or of the lease in which it
-- was tried before.
create unique index lease_place on lease (expansion_id, first_index, (case when is_retry then id else 0 end));

-- How many more instances of an expansion may run, where that is limited: by its task, how many run or may be deferred
-- (whatever runs may yet be deferred), by its run, its DAG, or its pool; 0 when another claim is deciding that now, or the pool is not there.
-- A function, because only its own statements see leases that were committed after the claim began.
create function free_room(its expansion, its_pool pool) returns bigint
language plpgsql volatile as $$
declare
  room bigint := 2147483647;
begin
  if its_pool.name is null or not pg_try_advisory_xact_lock(its.id) then
    return 0;
  end if;
  if its.concurrency is not null or its.deferred_max is not null then
    -- One statement: what leaves a lease to be deferred is seen in one of the two.
    select least(
      its.concurrency,
      its.deferred_max - (
        select count(*) from trigger
        where its.deferred_max is not null and trigger.expansion_id = its.id
      )
    ) - coalesce(sum(lease.remaining), 0)
    into room
    from lease
    where lease.expansion_id = its.id;
  end if;
  -- A key of two numbers never meets those of one.
  if its.max_active_tasks is not null then
    if not pg_try_advisory_xact_lock(2, hashint8(its.dag_run_id)) then
      return 0;
    end if;
    room := least(room, its.max_active_tasks - (
      select coalesce(sum(lease.remaining), 0) from lease
      where lease.expansion_id between its.dag_run_id * 4096 and its.dag_run_id * 4096 + 4095
    ));
  end if;
  if its.dag_concurrency is not null then
    if not pg_try_advisory_xact_lock(3, hashtext(its.task_id)) then
      return 0;
    end if;
    room := least(room, its.dag_concurrency - (
      select coalesce(sum(lease.remaining), 0)
      from dag_run own
      join dag_run run on run.dag_id = own.dag_id and run.state = 'running'
      join expansion other on other.id between run.id * 4096 and run.id * 4096 + 4095 and other.task_id = its.task_id
      join lease on lease.expansion_id = other.id
      where own.id = its.dag_run_id
    ));
  end if;
  if its_pool.slots is null then
    return room;
  end if;
  if not pg_try_advisory_xact_lock(1, hashtext(its_pool.name)) then
    return 0;
  end if;
  return least(room, (
    select (its_pool.slots - coalesce(sum(taken.slots), 0)) / its.pool_slots
    from (
      select lease.remaining * lease.pool_slots as slots from lease where lease.pool = its_pool.name
      union all
      select other.pool_slots
      from expansion other
      join trigger on trigger.expansion_id = other.id
      where its_pool.include_deferred and other.pool = its_pool.name
        and other.state in ('waiting', 'open', 'draining')
    ) taken
  ));
end
$$;

-- Ranges offered again: retries, rescued and returned leases. Parked: its expansion may not be claimed now, and it is out of
-- the way of claims. That may come later than its expansion's pause (see `sweep`), so who claims looks at that too.
-- Whoever adds one locks its expansion `for key share` and looks at `is_claimable` under that lock: then it cannot come
-- unparked into an expansion that is being paused, or parked into one that goes on (see `admit`).
create table offer (
  expansion_id bigint not null,
  first_index bigint not null,
  count int not null check (count > 0),
  page_first bigint not null,
  at timestamptz not null,
  try_number int not null check (try_number > base_try),
  -- The tries that do not count against the task's retries: those before a redrive.
  base_try int not null default 0 check (base_try >= 0),
  is_retry boolean not null,
  is_isolated boolean not null,
  is_parked boolean not null,
  primary key (expansion_id, first_index, is_retry),
  check (not is_retry or count = 1)
);
create index offer_live on offer (expansion_id, at) where not is_parked;
create index offer_due on offer (at) where not is_parked;

-- The first index of the page that holds an instance.
create function page_of(of_expansion bigint, map_index bigint) returns bigint
language sql stable as $$
  select page.first_index from page
  where page.expansion_id = of_expansion and page.first_index <= page_of.map_index
  order by page.expansion_id, page.first_index desc
  limit 1
$$;

-- Counts instances that have ended in their pages, which it locks in their order; says whether that finished one. A
-- function, so that each page is found by its key: a join would read what the planner believes of the table.
create function count_ended(
  of_expansion bigint, pulls bigint, success bigint[], failed bigint[], skipped bigint[]
) returns boolean
language plpgsql volatile as $$
#variable_conflict use_variable
declare
  ended record;
  has_finished boolean := false;
  is_finished boolean;
begin
  for ended in
    select page_of(of_expansion, one.map_index) as page_first, sum(one.success)::int as success,
      sum(one.failed)::int as failed, sum(one.skipped)::int as skipped
    from (
      select unnest(success) as map_index, 1 as success, 0 as failed, 0 as skipped
      union all
      select unnest(failed), 0, 1, 0
      union all
      select unnest(skipped), 0, 0, 1
    ) one
    group by 1
    order by 1
  loop
    update page
    set success = page.success + ended.success, failed = page.failed + ended.failed,
        skipped = page.skipped + ended.skipped,
        finished = page.finished + ended.success + ended.failed + ended.skipped,
        first_ended_at = coalesce(page.first_ended_at, now()),
        pulls_at_first_end = coalesce(page.pulls_at_first_end, pulls)
    where page.expansion_id = of_expansion and page.first_index = ended.page_first
    returning page.finished = page.count into is_finished;
    has_finished := has_finished or coalesce(is_finished, false);
  end loop;
  return has_finished;
end
$$;

-- What is left of a lease, as it is offered again: the range, or each of its other instances.
create function left_of(
  of_expansion bigint, range_first bigint, range_count int, range_page bigint, indexes bigint[], ended bigint[]
) returns table (first_index bigint, count int, page_first bigint)
language sql stable as $$
  select range_first, range_count, range_page where indexes is null
  union all
  select unended.map_index, 1, page_of(of_expansion, unended.map_index)
  from (select unnest(indexes) except select unnest(ended)) as unended (map_index)
$$;

-- Items of a page by their places. In this language, since it unpacks the array once, and a query for each item.
create function items_at(items text[], places bigint[]) returns text[]
language plpgsql immutable as $$
declare
  chosen text[] := '{}';
  place bigint;
begin
  if items is null then
    return null;
  end if;
  foreach place in array places loop
    chosen := chosen || items[place];
  end loop;
  return chosen;
end
$$;

-- Puts offers of an expansion in the way of claims or out of it, as `is_claimable` says, and has its triggers wait while it is
-- cancelled: at most so many rows; gives how many. A map that was cancelled by itself never goes on: nothing is waited for
-- any more. Called with the expansion's row locked.
--
-- Rows are written by their places: what changed in between has another place by now, and is found by the next that sweeps.
create function sweep_expansion(target bigint, most int) returns int
language plpgsql volatile as $$
declare
  its expansion;
  moved int;
  total int;
begin
  select * into strict its from expansion where id = target;
  -- Two statements, so that each finds its rows by an index of such alone.
  if its.is_claimable then
    update offer set is_parked = false
    where ctid = any(array(
      select ctid from offer where expansion_id = target and is_parked limit most for update
    ));
  else
    update offer set is_parked = true
    where ctid = any(array(
      select ctid from offer where expansion_id = target and not is_parked limit most for update
    ));
  end if;
  get diagnostics total = row_count;
  if its.is_cancelled then
    delete from trigger
    where ctid = any(array(
      select ctid from trigger where expansion_id = target limit most - total for update skip locked
    ));
  else
    -- Passed over is a trigger that is just firing: what it offers is parked.
    update trigger set is_parked = not is_parked, owner_id = null
    where ctid = any(array(
      select ctid from trigger
      where expansion_id = target and is_parked = (its.state <> 'cancelled')
      limit most - total
      for update skip locked
    ));
  end if;
  get diagnostics moved = row_count;
  return total + moved;
end
$$;

-- Whether an expansion has offers or triggers that `sweep_expansion` would move.
create function is_unswept(its expansion) returns boolean
language plpgsql stable as $$
begin
  return case when its.is_claimable
      then exists (select from offer where offer.expansion_id = its.id and offer.is_parked)
      else exists (select from offer where offer.expansion_id = its.id and not offer.is_parked)
    end
    or exists (
      select from trigger
      where trigger.expansion_id = its.id and (its.is_cancelled or trigger.is_parked = (its.state <> 'cancelled'))
    );
end
$$;

-- Puts what expansions have in the way of claims or out of it, as `is_claimable` says, and has their triggers wait: O(open
-- pages). Of offers and triggers some at once, since most often that is all; where there are more, `sweep` goes on:
-- until then claims and triggerers look at the expansion. Called in the statement that changes what `is_claimable` says. A
-- function, because only its own statements see what was committed while it waited for the rows of the expansions, or for
-- a claim that was taking an offer.
create function admit(ids bigint[]) returns void
language plpgsql volatile as $$
declare
  -- How many offers and triggers one statement moves at once.
  budget int := 1000;
  target bigint;
begin
  perform from expansion where id = any(ids) order by id for update;
  update page set claimable = expansion.is_claimable
  from expansion
  where expansion.id = any(ids) and page.expansion_id = expansion.id and not page.folded
    and page.claimed < page.count and page.claimable is distinct from expansion.is_claimable;
  foreach target in array ids loop
    budget := budget - sweep_expansion(target, budget);
  end loop;
  update expansion set is_sweeping = true
  where id = any(ids) and not is_sweeping and is_unswept(expansion);
end
$$;

-- Goes on with what `admit` has left, at most so many rows; gives how many. Another that sweeps the same is passed over.
create function sweep(most int) returns int
language plpgsql volatile as $$
declare
  its expansion;
  total int := 0;
begin
  for its in
    select * from expansion where is_sweeping order by id limit 100 for update skip locked
  loop
    exit when total >= most;
    total := total + sweep_expansion(its.id, most - total);
    if not is_unswept(its) then
      update expansion set is_sweeping = false where id = its.id;
    end if;
  end loop;
  return total;
end
$$;

-- Records what a stopped map will never run, and says how many instances: what has not started is skipped, and what was
-- deferred, or is to go on after that; what waits for a retry has failed with its last error. What is leased ends by
-- itself; a trigger that is just firing leaves an offer, and that the alarm. O(open pages + offers + triggers). A function for the same
-- reason as `admit`; called with the expansion's row locked `for update`.
create function close_unstarted(target bigint) returns bigint
language plpgsql volatile as $$
#variable_conflict use_column
declare
  reason json;
  closed bigint := 0;
  n bigint;
begin
  select json_build_object(
    'type', 'MapStopped', 'message', 'not run: the map was stopped, ' || (stop_reason->>'message'), 'stack', null
  ) into reason from expansion where id = target;
  with gone as (
    delete from trigger
    where id in (select waiting.id from trigger waiting where waiting.expansion_id = target for update skip locked)
    returning map_index, page_first
  ), skipped as (
    update task_instance ti set state = 'skipped', value = null, ended_at = now(), error = reason
    from gone
    where ti.expansion_id = target and ti.map_index = gone.map_index and ti.state = 'deferred'
    returning gone.page_first
  ), counted as (
    select page_first, count(*)::int as skipped from skipped group by page_first
  ), paged as (
    update page set skipped = page.skipped + counted.skipped, finished = page.finished + counted.skipped
    from counted
    where page.expansion_id = target and page.first_index = counted.page_first
  )
  select coalesce(sum(skipped), 0) into closed from counted;
  -- A claim under way leaves the rest of an offer as a new one: closed once it is there.
  while exists (select from offer where expansion_id = target) loop
    with gone as (
      delete from offer where expansion_id = target returning page_first, first_index, count, is_retry
    ), retried as (
      update task_instance ti set state = 'failed'
      from gone
      where gone.is_retry and ti.expansion_id = target and ti.map_index = gone.first_index
        and ti.state = 'up_for_retry'
      returning ti.map_index, ti.try_number, gone.page_first
    ), unresumed as (
      update task_instance ti
      set state = 'skipped', value = null, ended_at = now(), error = reason
      from gone
      where gone.is_retry and ti.expansion_id = target and ti.map_index = gone.first_index and ti.state = 'scheduled'
      returning ti.map_index, gone.page_first
    ), untried as (
      -- That try was the last after all.
      delete from task_try using retried
      where task_try.expansion_id = target and task_try.map_index = retried.map_index
        and task_try.try_number = retried.try_number
    ), unrecorded as materialized (
      select gone.page_first, place.map_index
      from gone
      cross join lateral generate_series(gone.first_index, gone.first_index + gone.count - 1) as place (map_index)
      where not gone.is_retry and not exists (
        select from task_instance ti where ti.expansion_id = target and ti.map_index = place.map_index
      )
    ), skipped as (
      insert into task_instance (expansion_id, map_index, started_at, ended_at, state, try_number, error)
      select target, map_index, now(), now(), 'skipped', 0, reason from unrecorded
    ), counted as (
      select page_first, sum(failed)::int as failed, sum(skipped)::int as skipped
      from (
        select page_first, 1 as failed, 0 as skipped from retried
        union all
        select page_first, 0, 1 from unresumed
        union all
        select page_first, 0, 1 from unrecorded
      ) ended
      group by page_first
    ), paged as (
      update page
      set failed = page.failed + counted.failed, skipped = page.skipped + counted.skipped,
          finished = page.finished + counted.failed + counted.skipped
      from counted
      where page.expansion_id = target and page.first_index = counted.page_first
    )
    select coalesce(sum(failed + skipped), 0) into n from counted;
    closed := closed + n;
  end loop;
  with unclaimed as materialized (
    select first_index, count, claimed, has_records from page
    where expansion_id = target and not folded and claimed < count
    order by first_index
    for update
  ), unstarted as materialized (
    select unclaimed.first_index as page_first, place.map_index
    from unclaimed
    cross join lateral generate_series(
      unclaimed.first_index + unclaimed.claimed, unclaimed.first_index + unclaimed.count - 1
    ) as place (map_index)
    where not unclaimed.has_records or not exists (
      select from task_instance ti where ti.expansion_id = target and ti.map_index = place.map_index
    )
  ), skipped as (
    insert into task_instance (expansion_id, map_index, started_at, ended_at, state, try_number, error)
    select target, map_index, now(), now(), 'skipped', 0, reason from unstarted
  ), paged as (
    update page
    set claimed = page.count, claimable = false, skipped = page.skipped + counted.n,
        finished = page.finished + counted.n
    from (
      select unclaimed.first_index, count(unstarted.map_index)::int as n
      from unclaimed
      left join unstarted on unstarted.page_first = unclaimed.first_index
      group by unclaimed.first_index
    ) counted
    where page.expansion_id = target and page.first_index = counted.first_index
  )
  select count(*) into n from unstarted;
  return closed + n;
end
$$;

-- Tells the scheduler of what comes back to a map that was stopped: it closes it. Whoever adds an offer holds the
-- expansion's row, so what is read here is how it stands.
create function alarm_stopped() returns trigger
language plpgsql as $$
begin
  update expansion set is_due = true, seq = seq + 1
  where id = new.expansion_id and stop_reason is not null and state in ('open', 'draining');
  return null;
end
$$;
create trigger offer_parked after insert on offer
  for each row when (new.is_parked) execute function alarm_stopped();

-- Takes away the leases of expansions that were cancelled and parks what they held, and what their instances wait for
-- (`admit`): O(open pages + leases). Passed over is a lease of which something is being written just now: `complete` and
-- `renew` refuse the next that comes of it.
create function revoke_leases(ids bigint[]) returns void
language plpgsql volatile as $$
begin
  perform admit(ids);
  with revoked as (
    delete from lease
    where id in (select held.id from lease held where held.expansion_id = any(ids) for update skip locked)
    returning *
  )
  insert into offer (
    expansion_id, first_index, count, page_first, at, try_number, base_try, is_retry, is_isolated, is_parked
  )
  select revoked.expansion_id, rest.first_index, rest.count, rest.page_first, now(), try_number, base_try, is_retry,
    is_isolated, true
  from revoked
  cross join lateral left_of(
    revoked.expansion_id, revoked.first_index, revoked.count, revoked.page_first, indexes, ended
  ) rest;
end
$$;

create table task_instance (
  expansion_id bigint not null,
  map_index bigint not null check (map_index >= -1),
  started_at timestamptz not null,
  ended_at timestamptz not null,
  state task_instance_state not null,
  try_number smallint not null,
  -- The result; while the instance is 'scheduled', what it goes on with after its event.
  value json,
  error json,
  primary key (expansion_id, map_index)
);

-- What a deferred instance waits for. It is gone with its event, its timeout or its failure.
create table trigger (
  id bigint generated always as identity primary key,
  expansion_id bigint not null,
  map_index bigint not null,
  page_first bigint not null,
  try_number smallint not null,
  base_try smallint not null,
  spec json not null,
  -- How the instance goes on: the name of its resume point, and what the task keeps for itself.
  resume text not null,
  state json not null,
  created_at timestamptz not null default now(),
  -- Of timers.
  fire_at timestamptz,
  timeout_at timestamptz,
  -- Of those that wait for a run.
  run_dag_id text,
  run_id text,
  -- The others are watched by a triggerer.
  is_watched boolean not null,
  owner_id text,
  -- Set while the run is cancelled, be it later (see `sweep`): who looks for those that are due looks at the expansion too.
  is_parked boolean not null default false,
  unique (expansion_id, map_index),
  check (is_watched = (fire_at is null and run_id is null)),
  check ((run_id is null) = (run_dag_id is null))
);
create index trigger_fire on trigger (fire_at) where fire_at is not null and not is_parked;
create index trigger_timeout on trigger (timeout_at) where timeout_at is not null and not is_parked;
create index trigger_run on trigger (run_dag_id, run_id) where run_id is not null and not is_parked;
create index trigger_run_parked on trigger (run_dag_id, run_id) where run_id is not null and is_parked;
create index trigger_owner on trigger (owner_id, id) where is_watched and not is_parked;

-- The triggerers that watch triggers. One row each is renewed, however many it watches.
create table triggerer (
  id text primary key,
  expires_at timestamptz not null
);

-- Attempts that were not the last: failed ones that were tried again, and whatever was run again by hand.
create table task_try (
  expansion_id bigint not null,
  map_index bigint not null,
  try_number smallint not null,
  started_at timestamptz not null,
  ended_at timestamptz not null,
  state task_instance_state not null,
  error json,
  primary key (expansion_id, map_index, try_number)
);

-- Places that an upstream left empty, in maps whose pipeline leaves items out: there the index does not tell whose it was.
create table gap_origin (
  expansion_id bigint not null,
  upstream_id bigint not null,
  upstream_index bigint not null,
  map_index bigint not null,
  primary key (expansion_id, upstream_id, upstream_index)
);
create index gap_origin_of_place on gap_origin (expansion_id, map_index);

-- Instances of a map that follow an upstream instance which is run again: they wait for it, and then for their new input.
create table repair (
  expansion_id bigint not null,
  upstream_id bigint not null,
  upstream_index bigint not null,
  -- Its index is the upstream's; otherwise gap_origin has it.
  is_aligned boolean not null,
  -- The index, once the instance has been taken back.
  map_index bigint,
  -- Counts redrives: an input that was made before the last one is not taken.
  version int not null default 1,
  failures int not null default 0,
  at timestamptz not null default now(),
  primary key (expansion_id, upstream_id, upstream_index)
);
create index repair_next on repair (expansion_id, at);
create index repair_of_place on repair (expansion_id, map_index);

-- What instances pushed under a key of their own; the result is in task_instance.value.
create table xcom (
  expansion_id bigint not null,
  map_index bigint not null,
  key text not null check (length(key) between 1 and 512),
  value json not null,
  primary key (expansion_id, map_index, key)
);

create table log (
  id bigint generated always as identity,
  expansion_id bigint not null,
  -- -2: the expansion's own stream, no instance.
  map_index bigint not null,
  try_number smallint not null,
  at timestamptz not null,
  level text not null check (level in ('debug', 'info', 'warning', 'error')),
  message text not null,
  fields json,
  primary key (expansion_id, id)
);
create index log_of_instance on log (expansion_id, map_index, id);

-- What people, programs and limits did to runs and maps. Names are kept, since the log outlives what they name.
create table event_log (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  -- Null: it is about no DAG, but about who may do what.
  dag_id text,
  -- The numbers are null once the run is deleted.
  dag_run_id bigint,
  run_id text,
  expansion_id bigint,
  task_id text,
  map_index bigint,
  actor text not null check (length(actor) between 1 and 250),
  event text not null check (length(event) between 1 and 100),
  detail json
);
create index event_of_dag on event_log (dag_id, id);
create index event_of_run on event_log (dag_run_id, id) where dag_run_id is not null;
create index event_of_expansion on event_log (expansion_id, id) where expansion_id is not null;

-- Who plays a role that has one owner. What the owner writes names its epoch, under a lock of this row.
create table leader (
  role text primary key,
  holder text not null,
  epoch int not null,
  expires_at timestamptz not null
);

-- A process of a role. Each heartbeat is a promise of the next: past expires_at it counts as dead, and a rescuer takes back
-- what its engine holds; died_at says that this was done.
create table role (
  id text primary key,
  role text not null,
  -- The name in leases and expansions; one engine plays several roles.
  engine text not null,
  hostname text not null,
  pid int not null,
  started_at timestamptz not null default now(),
  heartbeat_at timestamptz not null default now(),
  expires_at timestamptz not null,
  died_at timestamptz,
  info json not null
);
create index role_of_engine on role (engine);
create index role_expiry on role (expires_at);

-- Who may use the API. A user's id is never given out twice, so what was signed for one who is gone stays void.
create table api_user (
  id bigint generated always as identity primary key,
  username text not null unique check (length(username) between 1 and 128),
  role text not null check (role in ('viewer', 'user', 'op', 'admin')),
  password_hash text not null,
  password_version int not null default 1,
  created_at timestamptz not null default now()
);

-- Tokens of programs: random, so a plain hash is enough to keep them.
create table api_token (
  id bigint generated always as identity primary key,
  name text not null unique check (length(name) between 1 and 128),
  role text not null check (role in ('viewer', 'user', 'op', 'admin')),
  token_hash text not null unique,
  created_by text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz
);

-- Variables and connections. What is secret in them is sealed before it comes here, with a key that is not in the database.
create table variable (
  key text collate "C" primary key check (length(key) between 1 and 250),
  sealed_value text not null,
  description text,
  updated_at timestamptz not null default now()
);

create table connection (
  connection_id text collate "C" primary key check (length(connection_id) between 1 and 200),
  type text not null check (length(type) between 1 and 250),
  description text,
  host text,
  port int,
  login text,
  schema text,
  sealed_password text,
  sealed_extra text,
  updated_at timestamptz not null default now()
);

-- What all processes of one installation share and nobody else may know.
create table secret (
  name text primary key,
  value text not null,
  created_at timestamptz not null default now()
);
