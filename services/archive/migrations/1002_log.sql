-- The transparency log: one tree per school, one (`_`) for the deployment. Events wait in log_queue, durable
-- as soon as their append is answered; the sequencer moves them into log_entry in batches and signs a head.

create table log_queue (
    seq          bigint generated always as identity,
    school_id    text        not null,
    event_id     uuid        not null,
    subject      text        not null,
    kind         text        not null,
    facts        text        not null,
    actor        text        not null,
    trace_parent text        not null,
    occurred_at  timestamptz not null,
    constraint log_queue_pk primary key (school_id, event_id)
);
create index log_queue_order on log_queue (school_id, seq);

create table log_entry (
    school_id   text        not null,
    index       bigint      not null,
    event_id    uuid        not null,
    subject     text        not null,
    kind        text        not null,
    facts       text        not null,
    actor       text        not null,
    occurred_at timestamptz not null,
    salt        bytea       not null,
    commitment  bytea       not null,
    leaf_hash   bytea       not null,
    constraint log_entry_pk primary key (school_id, index),
    constraint log_entry_once unique (school_id, event_id)
);
create index log_entry_subject on log_entry (school_id, subject, index);
create index log_entry_kind on log_entry (school_id, kind, index);

create table log_head (
    school_id text        not null,
    tree_size bigint      not null,
    root_hash bytea       not null,
    note      text        not null,
    signed_at timestamptz not null,
    constraint log_head_pk primary key (school_id, tree_size)
);

create function log_never() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
    raise exception 'the log is only appended to' using errcode = 'HA003';
end $$;
create trigger log_entry_kept before update or delete on log_entry for each row execute function log_never();
create trigger log_entry_no_truncate before truncate on log_entry for each statement execute function log_never();
create trigger log_head_kept before update or delete on log_head for each row execute function log_never();
create trigger log_head_no_truncate before truncate on log_head for each statement execute function log_never();

-- The logs with something to integrate, over all schools.
create function log_waiting() returns setof text
language sql stable security definer set search_path = public, pg_temp as $$
    select distinct school_id from log_queue
$$;

do $$
declare
    v_service text := current_setting('hocba.service_role');
    v_table text;
begin
    foreach v_table in array array['log_queue', 'log_entry', 'log_head'] loop
        execute format('alter table %I enable row level security', v_table);
        execute format('alter table %I force row level security', v_table);
        execute format('create policy %I on %I using (school_id = current_setting(''hocba.school'', true))',
            v_table || '_school', v_table);
        execute format('grant select, insert on %I to %I', v_table, v_service);
    end loop;
    execute format('create policy log_queue_owner on log_queue for select to %I using (true)', current_user);
    execute format('grant delete on log_queue to %I', v_service);
    execute 'revoke execute on function log_waiting() from public';
    execute format('grant execute on function log_waiting() to %I', v_service);
end $$;
