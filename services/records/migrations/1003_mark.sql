-- Entry sessions, drafts, sealed cells and receipts (A4.2a, A4.2b). A sealed cell is an insert-only row:
-- the service's login can execute seal_session and write neither cells nor receipts itself, and triggers
-- refuse updates and deletes to everybody.

create table entry_session (
    school_id  text        not null,
    session_id uuid        not null,
    year_id    text        not null,
    class_id   text        not null,
    sheet      text        not null,
    period     text        not null,
    teacher    uuid        not null,
    sign_in    uuid        not null,
    state      text        not null default 'open',
    opened_at  timestamptz not null,
    active_at  timestamptz not null,
    receipt_id uuid,
    -- Counts the saves: each draft carries the number of its own, so that two devices see each other.
    save_count int         not null default 0,
    -- The principal's judgement of a held session.
    verdict        text,
    verdict_reason text,
    judged_by      uuid,
    judged_at      timestamptz,
    constraint entry_session_pk primary key (school_id, session_id),
    constraint entry_session_class foreign key (school_id, year_id, class_id) references class,
    constraint entry_session_state check (state in ('open', 'sealed', 'held', 'discarded')),
    constraint entry_session_verdict check (verdict in ('release', 'seal', 'discard')),
    constraint entry_session_period check (period in ('mid1', 'end1', 'mid2', 'end2'))
);
-- One live session a sheet; a held one too keeps others out until it is judged.
create unique index entry_session_live on entry_session (school_id, year_id, class_id, sheet, period)
    where state in ('open', 'held');
create index entry_session_teacher on entry_session (school_id, teacher) where state = 'open';
create index entry_session_sign_in on entry_session (sign_in) where state = 'open';

create table draft (
    school_id  text not null,
    session_id uuid not null,
    pupil_id   uuid not null,
    item       text not null,
    mark       text not null,
    level      text not null,
    score      smallint,
    comment    text not null,
    -- The session's save_count at the save, when it was and whose.
    version    int         not null,
    saved_at   timestamptz not null,
    sign_in    uuid        not null,
    constraint draft_pk primary key (school_id, session_id, pupil_id, item),
    constraint draft_session foreign key (school_id, session_id) references entry_session
);

create table receipt (
    school_id  text        not null,
    receipt_id uuid        not null,
    session_id uuid,
    year_id    text        not null,
    class_id   text        not null,
    sheet      text        not null,
    period     text        not null,
    teacher    uuid        not null,
    cause      text        not null,
    cell_count int         not null,
    digest     bytea       not null,
    epoch      bigint      not null,
    sealed_at  timestamptz not null,
    constraint receipt_pk primary key (school_id, receipt_id),
    constraint receipt_cause check (cause in ('finish', 'leave', 'sign_out', 'grace', 'lock', 'judgement', 'correction'))
);
create index receipt_of_class on receipt (school_id, year_id, class_id);

create table sealed_cell (
    school_id  text        not null,
    year_id    text        not null,
    pupil_id   uuid        not null,
    item       text        not null collate "C",
    period     text        not null,
    version    int         not null,
    class_id   text        not null,
    mark       text        not null,
    level      text        not null,
    score      smallint,
    comment    text        not null,
    -- SHA-256 of cell_line: names the cell that somebody changed behind the triggers' back.
    digest     bytea       not null,
    entered_by uuid        not null,
    receipt_id uuid        not null,
    epoch      bigint,
    sealed_at  timestamptz not null,
    constraint sealed_cell_pk primary key (school_id, year_id, pupil_id, item, period, version),
    constraint sealed_cell_receipt foreign key (school_id, receipt_id) references receipt,
    constraint sealed_cell_pupil foreign key (school_id, pupil_id) references pupil,
    constraint sealed_cell_version check (version >= 1)
);
create index sealed_cell_of_class on sealed_cell (school_id, year_id, class_id, period);
create index sealed_cell_of_receipt on sealed_cell (school_id, receipt_id);

-- HB020: what is sealed never changes, whoever connects.
create function sealed_never_changes() returns trigger
language plpgsql as $$
begin
    raise exception using errcode = 'HB020', message = 'what is sealed never changes',
        hint = 'a correction is a new version, by a dossier (A5)';
end $$;

create trigger sealed_cell_never_changes before update or delete on sealed_cell
    for each row execute function sealed_never_changes();
create trigger sealed_cell_no_truncate before truncate on sealed_cell
    for each statement execute function sealed_never_changes();
create trigger sealed_cell_fence before insert on sealed_cell
    for each row execute function fence_guard('marks', 'year_id', 'period');
create trigger receipt_never_changes before update or delete on receipt
    for each row execute function sealed_never_changes();
create trigger receipt_no_truncate before truncate on receipt
    for each statement execute function sealed_never_changes();

-- One cell as a line of text: what digests are made of. The model has the same in Rust, and a test
-- compares the two.
create function cell_line(
    p_year text, p_pupil uuid, p_item text, p_period text, p_version int,
    p_mark text, p_level text, p_score smallint, p_comment text
) returns text
language sql immutable parallel safe as $$
    select concat_ws('|', p_year, p_pupil::text, p_item, p_period, p_version::text, p_mark, p_level,
        coalesce(p_score::text, ''), encode(sha256(convert_to(p_comment, 'UTF8')), 'hex'))
$$;

-- The drafts of a session that may be sealed now, each with the version it will have. A cell that was sealed
-- meanwhile (in the pupil's new class) stays as it is: its draft is dropped.
create function sealing(p_school text, p_session uuid)
returns table (pupil_id uuid, item text, version int, mark text, level text, score smallint, comment text, line text)
language sql stable set search_path = public, pg_temp as $$
    select d.pupil_id, d.item, 1, d.mark, d.level, d.score, d.comment,
        cell_line(s.year_id, d.pupil_id, d.item, s.period, 1, d.mark, d.level, d.score, d.comment)
    from entry_session s
    join draft d on d.school_id = s.school_id and d.session_id = s.session_id
    where s.school_id = p_school and s.session_id = p_session and not exists (
        select 1 from sealed_cell c
        where c.school_id = s.school_id and c.year_id = s.year_id and c.pupil_id = d.pupil_id
          and c.item = d.item and c.period = s.period)
$$;

-- Seals the drafts of one open or held session: cells, receipt, session and outbox in the caller's transaction.
-- The caller has passed fence_check (or installs the fence); the trigger on sealed_cell checks again.
-- Answers no row when the session is over already; cell_count 0 and no receipt when nothing was filled.
create function seal_session(
    p_school text, p_session uuid, p_cause text, p_receipt uuid, p_event uuid, p_epoch bigint,
    p_actor text, p_trace text, p_now timestamptz
) returns table (out_cells int, out_digest bytea)
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    s entry_session%rowtype;
    v_cells int;
    v_digest bytea;
begin
    perform school_check(p_school);
    select * into s from entry_session
        where school_id = p_school and session_id = p_session and state in ('open', 'held') for update;
    if not found then
        return;
    end if;
    select count(*), sha256(convert_to('hocba-receipt-v1' || chr(10) || coalesce(string_agg(
            d.line, chr(10) order by d.pupil_id::text collate "C", d.item collate "C"), '') || chr(10), 'UTF8'))
        into v_cells, v_digest
        from sealing(p_school, p_session) d;
    if v_cells > 0 then
        insert into receipt (school_id, receipt_id, session_id, year_id, class_id, sheet, period, teacher,
                cause, cell_count, digest, epoch, sealed_at)
            values (p_school, p_receipt, p_session, s.year_id, s.class_id, s.sheet, s.period, s.teacher,
                p_cause, v_cells, v_digest, p_epoch, p_now);
        insert into sealed_cell (school_id, year_id, pupil_id, item, period, version, class_id, mark, level,
                score, comment, digest, entered_by, receipt_id, epoch, sealed_at)
            select p_school, s.year_id, d.pupil_id, d.item, s.period, d.version, s.class_id, d.mark, d.level,
                d.score, d.comment, sha256(convert_to(d.line, 'UTF8')), s.teacher, p_receipt, p_epoch, p_now
            from sealing(p_school, p_session) d;
    end if;
    delete from draft where school_id = p_school and session_id = p_session;
    update entry_session set state = 'sealed', active_at = p_now,
            receipt_id = case when v_cells > 0 then p_receipt end
        where school_id = p_school and session_id = p_session;
    perform outbox_put(p_event, p_school,
        format('schools/%s/years/%s/classes/%s/markSheets/%s-%s',
            p_school, s.year_id, s.class_id, lower(s.sheet), s.period),
        'mark_sheet.sealed',
        jsonb_build_object('receipt', format('schools/%s/receipts/%s', p_school, p_receipt),
            'cause', p_cause, 'cells', v_cells, 'digest', encode(v_digest, 'hex'), 'epoch', p_epoch),
        p_actor, p_trace, p_now);
    return query select v_cells, v_digest;
end $$;

-- Open sessions over all schools that the sweeper or the feed must end: ids only.
create function sessions_to_end(p_sign_in uuid, p_now timestamptz)
returns table (out_school text, out_session uuid)
language sql stable security definer set search_path = public, pg_temp as $$
    select s.school_id, s.session_id
    from entry_session s
    join school_year y on y.school_id = s.school_id and y.year_id = s.year_id
    where s.state = 'open'
      and case when p_sign_in is not null then s.sign_in = p_sign_in
               else s.active_at + make_interval(mins => y.grace_minutes) < p_now end
    order by s.active_at
    limit 500
$$;

create function hold_sessions(p_teacher uuid) returns bigint
language sql volatile security definer set search_path = public, pg_temp as $$
    with held as (
        update entry_session set state = 'held' where teacher = p_teacher and state = 'open' returning 1
    )
    select count(*) from held
$$;

-- The principal's judgement of a held session: `release` opens it again, `discard` throws its drafts away, `seal`
-- leaves the sealing to seal_session. Answers how many drafts it holds or held; no row when it is not held.
create function judge_session(
    p_school text, p_session uuid, p_verdict text, p_reason text, p_by uuid, p_now timestamptz
) returns table (out_drafts int)
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    v_drafts int;
begin
    perform school_check(p_school);
    update entry_session
        set verdict = p_verdict, verdict_reason = p_reason, judged_by = p_by, judged_at = p_now,
            active_at = p_now,
            state = case p_verdict when 'release' then 'open' when 'discard' then 'discarded' else state end
        where school_id = p_school and session_id = p_session and state = 'held';
    if not found then
        return;
    end if;
    select count(*) into v_drafts from draft where school_id = p_school and session_id = p_session;
    if p_verdict = 'discard' then
        delete from draft where school_id = p_school and session_id = p_session;
    end if;
    return query select v_drafts;
end $$;

do $$
declare
    service text := current_setting('hocba.service_role');
    guarded text;
begin
    foreach guarded in array array['entry_session', 'draft', 'receipt', 'sealed_cell'] loop
        execute format('alter table %I enable row level security', guarded);
        execute format('alter table %I force row level security', guarded);
        execute format('create policy %I on %I using (school_id = hocba_school()) with check (school_id = hocba_school())',
            guarded || '_school', guarded);
    end loop;
    -- The cross-school functions above run as the owner and answer ids only.
    execute format('create policy entry_session_owner on entry_session to %I using (true)', current_user);
    execute format('create policy school_year_owner on school_year for select to %I using (true)', current_user);
    execute format('grant select, insert, update (active_at, sign_in, save_count) on entry_session to %I', service);
    execute format('grant select, insert, update, delete on draft to %I', service);
    execute format('grant select on receipt, sealed_cell to %I', service);
    foreach guarded in array array[
        'seal_session(text, uuid, text, uuid, uuid, bigint, text, text, timestamptz)',
        'sessions_to_end(uuid, timestamptz)',
        'hold_sessions(uuid)',
        'judge_session(text, uuid, text, text, uuid, timestamptz)'
    ] loop
        execute format('revoke execute on function %s from public', guarded);
        execute format('grant execute on function %s to %I', guarded, service);
    end loop;
end $$;
