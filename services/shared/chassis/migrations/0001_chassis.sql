-- What every service's database has: remembered answers, the outbox, spent act tokens, feed cursors.
-- hocba.service_role is set by `migrate` to the login of the running service.

create table once (
    caller      text        not null,
    rpc         text        not null,
    request_id  text        not null,
    body_digest bytea       not null,
    answer      bytea,
    created_at  timestamptz not null,
    primary key (caller, rpc, request_id)
);
comment on table once is 'request_id of a mutation: the digest of its body and its answer, written in the effect''s transaction';

create table outbox (
    seq          bigint generated always as identity primary key,
    id           uuid        not null unique,
    school       text        not null,
    subject      text        not null,
    kind         text        not null,
    facts        jsonb       not null,
    actor        text        not null,
    trace_parent text        not null,
    created_at   timestamptz not null
);
comment on table outbox is 'events not yet acknowledged by the archive; a row leaves only after the archive has it';

create table act_token_use (
    id         uuid        primary key,
    account_id uuid        not null,
    purpose    text        not null,
    used_at    timestamptz not null
);
comment on table act_token_use is 'act tokens are single use: insert-only by grant';

create table feed_cursor (
    feed     text   primary key,
    sequence bigint not null
);

-- A second call with the same key waits here until the first has committed or rolled back.
create function once_begin(
    in_caller text, in_rpc text, in_request_id text, in_digest bytea, in_now timestamptz,
    out out_first boolean, out out_digest bytea, out out_answer bytea
) language plpgsql set search_path = public, pg_temp as $$
begin
    insert into once (caller, rpc, request_id, body_digest, created_at)
    values (in_caller, in_rpc, in_request_id, in_digest, in_now)
    on conflict do nothing;
    out_first := found;
    if not out_first then
        select body_digest, answer into out_digest, out_answer
        from once where caller = in_caller and rpc = in_rpc and request_id = in_request_id;
    end if;
end $$;

-- A function that runs as its owner works for the transaction's school alone, whatever it is told: row-level
-- security does not stand behind it.
create function school_check(p_school text) returns void
language plpgsql stable as $$
begin
    if p_school is distinct from current_setting('hocba.school', true) then
        raise exception using errcode = 'insufficient_privilege', message = 'another school''s rows';
    end if;
end $$;

create function outbox_put(
    in_id uuid, in_school text, in_subject text, in_kind text, in_facts jsonb, in_actor text,
    in_trace_parent text, in_now timestamptz
) returns void language sql set search_path = public, pg_temp as $$
    insert into outbox (id, school, subject, kind, facts, actor, trace_parent, created_at)
    values (in_id, in_school, in_subject, in_kind, in_facts, in_actor, in_trace_parent, in_now);
$$;

do $$
declare service text := current_setting('hocba.service_role');
begin
    execute format('grant usage on schema public to %I', service);
    execute format('grant select, insert, update (answer) on once to %I', service);
    execute format('grant select, insert, delete on outbox to %I', service);
    execute format('grant select, insert on act_token_use to %I', service);
    execute format('grant select, insert, update on feed_cursor to %I', service);
end $$;
