-- The feed of changes: what became different in a school, by name, numbered 1, 2, 3 … in the order of commits.
--
-- Triggers note the change beside the fact, whoever writes it. The numbers are given by a deferred trigger, at the
-- commit, when nothing else is left to do: the school's row in change_head stays locked from there to the end of
-- the transaction and no longer. So a reader that has seen 7 can never meet a 6 later, a rolled-back change leaves
-- no gap, no transaction waits for anything while it holds the row (no deadlock), and schools never wait for each
-- other. A sequence would promise neither order nor absence of gaps.

create table change_head (
    school_id text   not null,
    last      bigint not null,
    constraint change_head_pk primary key (school_id)
);

create table change (
    school_id   text        not null,
    change_id   bigint      not null generated always as identity,
    -- Null until its transaction commits: nobody else ever sees a row without number.
    seq         bigint,
    kind        text        not null,
    resource    text        not null,
    -- The database's own time: it dates the number, not the fact.
    occurred_at timestamptz not null default now(),
    constraint change_pk primary key (school_id, change_id),
    constraint change_seq_unique unique (school_id, seq),
    constraint change_kind_known check (kind in ('school_year', 'class', 'teaching_assignment', 'pupil', 'enrolment',
        'mark_sheet.sealed', 'mark_sheet.corrected', 'year_result', 'promotion'))
);
create index change_unnumbered on change (school_id, change_id) where seq is null;

-- Notes the change of a row: its kind and the pattern of its resource's name.
create function change_note() returns trigger
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    v_row jsonb := to_jsonb(new);
    v_name text := tg_argv[1];
    v_field text;
begin
    if tg_op = 'UPDATE' and old is not distinct from new then
        return null;
    end if;
    foreach v_field in array array['school_id', 'year_id', 'class_id', 'pupil_id', 'period'] loop
        v_name := replace(v_name, '{' || v_field || '}', coalesce(v_row ->> v_field, ''));
    end loop;
    -- Codes of subjects stand in names in lower case.
    foreach v_field in array array['item', 'sheet'] loop
        v_name := replace(v_name, '{' || v_field || '}', lower(coalesce(v_row ->> v_field, '')));
    end loop;
    insert into change (school_id, kind, resource) values (new.school_id, tg_argv[0], v_name);
    return null;
end $$;

-- Numbers all changes of the transaction with one look at the head; the row's fellows find it done.
create function change_number() returns trigger
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    v_count bigint;
    v_last bigint;
begin
    select count(*) into v_count from change where school_id = new.school_id and seq is null;
    if v_count = 0 then
        return null;
    end if;
    insert into change_head as h (school_id, last) values (new.school_id, v_count)
        on conflict on constraint change_head_pk do update set last = h.last + excluded.last
        returning h.last into v_last;
    update change c set seq = n.seq
        from (select change_id, v_last - v_count + row_number() over (order by change_id) as seq
              from change where school_id = new.school_id and seq is null) n
        where c.school_id = new.school_id and c.change_id = n.change_id;
    return null;
end $$;

create constraint trigger change_number after insert on change
    deferrable initially deferred for each row execute function change_number();

create trigger school_year_change after insert or update on school_year
    for each row execute function change_note('school_year', 'schools/{school_id}/years/{year_id}');
create trigger class_change after insert or update on class
    for each row execute function change_note('class', 'schools/{school_id}/years/{year_id}/classes/{class_id}');
create trigger teaching_assignment_change after insert or update on teaching_assignment
    for each row execute function change_note('teaching_assignment',
        'schools/{school_id}/years/{year_id}/classes/{class_id}/teachingAssignments/{item}');
create trigger pupil_change after insert or update on pupil
    for each row execute function change_note('pupil', 'schools/{school_id}/pupils/{pupil_id}');
create trigger absence_change after insert or update on absence
    for each row execute function change_note('enrolment', 'schools/{school_id}/years/{year_id}/pupils/{pupil_id}');
create trigger enrolment_change after insert or update on enrolment
    for each row execute function change_note('enrolment', 'schools/{school_id}/years/{year_id}/pupils/{pupil_id}');
create trigger receipt_seal after insert on receipt
    for each row when (new.cause <> 'correction') execute function change_note('mark_sheet.sealed',
        'schools/{school_id}/years/{year_id}/classes/{class_id}/markSheets/{sheet}-{period}');
create trigger receipt_correction after insert on receipt
    for each row when (new.cause = 'correction') execute function change_note('mark_sheet.corrected',
        'schools/{school_id}/years/{year_id}/classes/{class_id}/markSheets/{sheet}-{period}');
create trigger year_result_change after insert on year_result
    for each row execute function change_note('year_result', 'schools/{school_id}/years/{year_id}/pupils/{pupil_id}');
create trigger promotion_change after insert on promotion
    for each row execute function change_note('promotion', 'schools/{school_id}/years/{year_id}/pupils/{pupil_id}');

-- The newest numbers of several schools: numbers only, for who waits for the next.
create function change_heads(p_schools text[]) returns table (out_school text, out_last bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select school_id, last from change_head where school_id = any(p_schools)
$$;

do $$
declare
    service text := current_setting('hocba.service_role');
    guarded text;
begin
    foreach guarded in array array['change_head', 'change'] loop
        execute format('alter table %I enable row level security', guarded);
        execute format('alter table %I force row level security', guarded);
        execute format('create policy %I on %I using (school_id = hocba_school()) with check (school_id = hocba_school())',
            guarded || '_school', guarded);
        -- The functions above run as the owner; the service itself writes neither changes nor numbers.
        execute format('create policy %I on %I to %I using (true)', guarded || '_owner', guarded, current_user);
        execute format('grant select on %I to %I', guarded, service);
    end loop;
    execute format('revoke execute on function change_note(), change_number(), change_heads(text[]) from public');
    execute format('grant execute on function change_heads(text[]) to %I', service);
end $$;
