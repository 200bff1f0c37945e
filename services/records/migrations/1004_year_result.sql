-- What the homeroom teacher keeps of an enrolment, the year's result, promotion (A8, TT 27), and corrections (A5).

alter table enrolment
    add column height_cm smallint not null default 0,
    add column weight_hg smallint not null default 0,
    add column absences_with_leave smallint not null default 0,
    add column absences_without_leave smallint not null default 0,
    add column etag bigint not null default 1,
    add constraint enrolment_facts check (
        height_cm between 0 and 250 and weight_hg between 0 and 2000
        and absences_with_leave between 0 and 366 and absences_without_leave between 0 and 366);

-- Confirmed results, insert-only: the newest version counts, as long as the cells it was derived from stand.
create table year_result (
    school_id    text        not null,
    year_id      text        not null,
    pupil_id     uuid        not null,
    version      int         not null,
    class_id     text        not null,
    -- An id of the year's rule set.
    result       text        not null,
    awards       text[]      not null,
    completed    boolean     not null,
    -- SHA-256 over the end-of-year cells' digests.
    cells_digest bytea       not null,
    confirmed_by uuid        not null,
    confirmed_at timestamptz not null,
    constraint year_result_pk primary key (school_id, year_id, pupil_id, version),
    constraint year_result_pupil foreign key (school_id, pupil_id) references pupil
);
create index year_result_of_class on year_result (school_id, year_id, class_id);

-- The principal's decisions, insert-only: each is of one version of a result.
create table promotion (
    school_id      text        not null,
    year_id        text        not null,
    pupil_id       uuid        not null,
    result_version int         not null,
    promoted       boolean     not null,
    reason         text        not null,
    decided_by     uuid        not null,
    delegation     text,
    decided_at     timestamptz not null,
    constraint promotion_pk primary key (school_id, year_id, pupil_id, result_version),
    constraint promotion_result foreign key (school_id, year_id, pupil_id, result_version)
        references year_result (school_id, year_id, pupil_id, version)
);

-- A dossier is applied once.
create table correction (
    school_id  text        not null,
    dossier_id uuid        not null,
    receipt_id uuid        not null,
    digest     text        not null,
    applied_by uuid        not null,
    applied_at timestamptz not null,
    constraint correction_pk primary key (school_id, dossier_id),
    constraint correction_receipt foreign key (school_id, receipt_id) references receipt
);

create trigger year_result_never_changes before update or delete on year_result
    for each row execute function sealed_never_changes();
create trigger promotion_never_changes before update or delete on promotion
    for each row execute function sealed_never_changes();
create trigger correction_never_changes before update or delete on correction
    for each row execute function sealed_never_changes();

-- The new versions a correction would write: cells that are still the ones it replaces.
create function correcting(
    p_school text, p_year text, p_period text, p_pupils uuid[], p_items text[], p_old bytea[], p_marks text[],
    p_levels text[], p_scores smallint[], p_comments text[]
) returns table (pupil_id uuid, item text, version int, mark text, level text, score smallint, comment text, line text)
language sql stable set search_path = public, pg_temp as $$
    select n.pupil_id, n.item, c.version + 1, n.mark, n.level, n.score, n.comment,
        cell_line(p_year, n.pupil_id, n.item, p_period, c.version + 1, n.mark, n.level, n.score, n.comment)
    from unnest(p_pupils, p_items, p_old, p_marks, p_levels, p_scores, p_comments)
        as n (pupil_id, item, old, mark, level, score, comment)
    join lateral (
        select s.version, s.digest from sealed_cell s
        where s.school_id = p_school and s.year_id = p_year and s.pupil_id = n.pupil_id
          and s.item = n.item and s.period = p_period
        order by s.version desc limit 1
    ) c on c.digest = n.old
$$;

-- Writes new versions of sealed cells and their receipt in the caller's transaction, which has passed the fence or
-- used the dossier's scope. Answers the receipt's digest; no row when a cell is not the one that is replaced.
create function seal_correction(
    p_school text, p_dossier uuid, p_receipt uuid, p_sheet text, p_class text, p_teacher uuid, p_epoch bigint,
    p_digest text, p_year text, p_period text, p_pupils uuid[], p_items text[], p_old bytea[], p_marks text[],
    p_levels text[], p_scores smallint[], p_comments text[], p_now timestamptz
) returns table (out_digest bytea)
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    v_found int;
    v_digest bytea;
begin
    perform school_check(p_school);
    select count(*), sha256(convert_to('hocba-receipt-v1' || chr(10) || string_agg(
            c.line, chr(10) order by c.pupil_id::text collate "C", c.item collate "C") || chr(10), 'UTF8'))
        into v_found, v_digest
        from correcting(p_school, p_year, p_period, p_pupils, p_items, p_old, p_marks, p_levels, p_scores,
            p_comments) c;
    if v_found <> cardinality(p_pupils) then
        return;
    end if;
    insert into receipt (school_id, receipt_id, session_id, year_id, class_id, sheet, period, teacher, cause,
            cell_count, digest, epoch, sealed_at)
        values (p_school, p_receipt, null, p_year, p_class, p_sheet, p_period, p_teacher, 'correction',
            v_found, v_digest, p_epoch, p_now);
    insert into sealed_cell (school_id, year_id, pupil_id, item, period, version, class_id, mark, level, score,
            comment, digest, entered_by, receipt_id, epoch, sealed_at)
        select p_school, p_year, c.pupil_id, c.item, p_period, c.version, p_class, c.mark, c.level, c.score,
            c.comment, sha256(convert_to(c.line, 'UTF8')), p_teacher, p_receipt, p_epoch, p_now
        from correcting(p_school, p_year, p_period, p_pupils, p_items, p_old, p_marks, p_levels, p_scores,
            p_comments) c;
    insert into correction (school_id, dossier_id, receipt_id, digest, applied_by, applied_at)
        values (p_school, p_dossier, p_receipt, p_digest, p_teacher, p_now);
    return query select v_digest;
end $$;

do $$
declare
    service text := current_setting('hocba.service_role');
    guarded text;
    correcting text := 'seal_correction(text, uuid, uuid, text, text, uuid, bigint, text, text, text, uuid[], '
        'text[], bytea[], text[], text[], smallint[], text[], timestamptz)';
begin
    foreach guarded in array array['year_result', 'promotion', 'correction'] loop
        execute format('alter table %I enable row level security', guarded);
        execute format('alter table %I force row level security', guarded);
        execute format('create policy %I on %I using (school_id = hocba_school()) with check (school_id = hocba_school())',
            guarded || '_school', guarded);
    end loop;
    execute format('grant update (height_cm, weight_hg, absences_with_leave, absences_without_leave, etag) on enrolment to %I', service);
    execute format('grant select, insert on year_result, promotion to %I', service);
    execute format('grant select on correction to %I', service);
    execute format('revoke execute on function %s from public', correcting);
    execute format('grant execute on function %s to %I', correcting, service);
end $$;
