-- Orders to lock and unlock (A6.3, A10.2, A11.1). Row-level security: a transaction sees its own school only.

create function hocba_school() returns text
language sql stable as $$ select current_setting('hocba.school', true) $$;

create table lock_order (
    school_id             text        not null,
    order_id              uuid        not null,
    year_id               text        not null,
    kind                  text        not null,
    semester              text,
    end_at                timestamptz,
    number                text        not null,
    reason                text        not null,
    state                 text        not null,
    proposed_by           uuid        not null,
    proposed_at           timestamptz not null,
    decided_by            uuid,
    decided_at            timestamptz,
    decided_delegation    text,
    refusal               text,
    executed_by           uuid,
    executed_at           timestamptz,
    executed_delegation   text,
    epoch                 bigint,
    sealed_sessions       int,
    failure               text,
    next_attempt_at       timestamptz,
    constraint lock_order_pk primary key (school_id, order_id),
    constraint lock_order_kind check (kind in ('lock_marks', 'unlock_marks', 'lock_books')),
    constraint lock_order_semester check (
        case kind when 'lock_books' then semester is null
                  else semester is not null and semester in ('semester1', 'semester2') end),
    constraint lock_order_end check ((kind = 'unlock_marks') = (end_at is not null)),
    constraint lock_order_state check (
        state in ('proposed', 'approved', 'refused', 'executing', 'executed', 'failed')),
    constraint lock_order_decided check (
        (state = 'proposed') = (decided_by is null) and (decided_by is null) = (decided_at is null)),
    constraint lock_order_refused check ((state = 'refused') = (refusal is not null)),
    constraint lock_order_executed check (
        (state in ('executing', 'executed', 'failed')) = (executed_by is not null)
        and (executed_by is null) = (executed_at is null)),
    -- Two people (A6.3): even a program that forgets it cannot write it otherwise.
    constraint lock_order_two_people check (executed_by <> decided_by),
    constraint lock_order_done check (
        (state = 'executed') = (epoch is not null) and (epoch is null) = (sealed_sessions is null)
        and (state = 'failed') = (failure is not null)
        and (state = 'executing') = (next_attempt_at is not null))
);
comment on table lock_order is 'what was ordered never changes: the service may update the steps only';

create unique index lock_order_number on lock_order (school_id, year_id, number)
    where state not in ('refused', 'failed');
create index lock_order_unfinished on lock_order (next_attempt_at) where state = 'executing';

-- Takes the unfinished executions whose time has come, over all schools, until p_until: whoever takes one
-- carries it out alone, and another takes it when the first has died.
create function lock_orders_to_finish(p_now timestamptz, p_until timestamptz)
returns table (out_school text, out_order uuid)
language sql volatile security definer set search_path = public, pg_temp as $$
    update lock_order set next_attempt_at = p_until
    where (school_id, order_id) in (
        select school_id, order_id from lock_order
        where state = 'executing' and next_attempt_at <= p_now
        order by next_attempt_at limit 20 for update skip locked)
    returning school_id, order_id
$$;

do $$
declare
    service text := current_setting('hocba.service_role');
begin
    alter table lock_order enable row level security;
    alter table lock_order force row level security;
    create policy lock_order_school on lock_order
        using (school_id = hocba_school()) with check (school_id = hocba_school());
    -- The function above runs as the owner and looks over all schools.
    execute format('create policy lock_order_owner on lock_order to %I using (true) with check (true)', current_user);
    revoke all on function lock_orders_to_finish(timestamptz, timestamptz) from public;
    execute format('grant execute on function lock_orders_to_finish(timestamptz, timestamptz) to %I', service);
    execute format('grant select, insert on lock_order to %I', service);
    execute format('grant update (state, decided_by, decided_at, decided_delegation, refusal, executed_by, executed_at, executed_delegation, epoch, sealed_sessions, failure, next_attempt_at) on lock_order to %I', service);
end $$;
