-- What a sheet asks for: exemptions and electives; and further attempts at sealed cells.

-- The management board's decisions that lines are lawfully empty: only their end is ever written later.
create table exemption (
    school_id    text        not null,
    year_id      text        not null,
    exemption_id uuid        not null,
    pupil_id     uuid        not null,
    kind         text        not null,
    items        text[]      not null,
    reason       text        not null,
    decided_by   uuid        not null,
    decided_at   timestamptz not null,
    ended_by     uuid,
    ended_at     timestamptz,
    constraint exemption_pk primary key (school_id, year_id, exemption_id),
    constraint exemption_year foreign key (school_id, year_id) references school_year,
    constraint exemption_pupil foreign key (school_id, pupil_id) references pupil,
    constraint exemption_kind check (kind in ('exempt', 'not_assessed', 'special_class')),
    constraint exemption_items check (cardinality(items) > 0)
);
create index exemption_of_pupil on exemption (school_id, year_id, pupil_id);

create table elective (
    school_id text   not null,
    year_id   text   not null,
    class_id  text   not null,
    item      text   not null,
    -- Null: the whole class, whoever joins later too.
    pupils    uuid[],
    etag      bigint not null default 1,
    constraint elective_pk primary key (school_id, year_id, class_id, item),
    constraint elective_class foreign key (school_id, year_id, class_id) references class
);

-- A further attempt: proposed by the teacher, decided once by the management board.
create table reassessment (
    school_id       text        not null,
    year_id         text        not null,
    reassessment_id uuid        not null,
    class_id        text        not null,
    sheet           text        not null,
    period          text        not null,
    pupil_id        uuid        not null,
    items           text[]      not null,
    kind            text        not null,
    plan            text        not null,
    due_day         date        not null,
    proposed_by     uuid        not null,
    proposed_at     timestamptz not null,
    granted         boolean,
    decided_by      uuid,
    decided_at      timestamptz,
    constraint reassessment_pk primary key (school_id, year_id, reassessment_id),
    constraint reassessment_class foreign key (school_id, year_id, class_id) references class,
    constraint reassessment_pupil foreign key (school_id, pupil_id) references pupil,
    constraint reassessment_kind check (kind in ('retest', 'further')),
    constraint reassessment_items check (cardinality(items) > 0)
);
create index reassessment_of_class on reassessment (school_id, year_id, class_id);

-- What was granted: one further attempt at exactly this version of a cell.
create table granted_attempt (
    school_id       text not null,
    year_id         text not null,
    pupil_id        uuid not null,
    item            text not null collate "C",
    period          text not null,
    version         int  not null,
    reassessment_id uuid not null,
    constraint granted_attempt_pk primary key (school_id, year_id, pupil_id, item, period, version),
    constraint granted_attempt_of foreign key (school_id, year_id, reassessment_id) references reassessment,
    constraint granted_attempt_cell foreign key (school_id, year_id, pupil_id, item, period, version)
        references sealed_cell
);
create index granted_attempt_of_reassessment on granted_attempt (school_id, year_id, reassessment_id);

create trigger granted_attempt_never_changes before update or delete on granted_attempt
    for each row execute function sealed_never_changes();

-- As in 1003_mark.sql, and: a sealed cell takes one further attempt at a version that was granted one. The new
-- version is inserted beside the old.
create or replace function sealing(p_school text, p_session uuid)
returns table (pupil_id uuid, item text, version int, mark text, level text, score smallint, comment text, line text)
language sql stable set search_path = public, pg_temp as $$
    select d.pupil_id, d.item, c.version + 1, d.mark, d.level, d.score, d.comment,
        cell_line(s.year_id, d.pupil_id, d.item, s.period, c.version + 1, d.mark, d.level, d.score, d.comment)
    from entry_session s
    join draft d on d.school_id = s.school_id and d.session_id = s.session_id
    join lateral (
        select coalesce(max(c.version), 0) as version from sealed_cell c
        where c.school_id = s.school_id and c.year_id = s.year_id and c.pupil_id = d.pupil_id
          and c.item = d.item and c.period = s.period
    ) c on c.version = 0 or exists (
        select 1 from granted_attempt g
        where g.school_id = s.school_id and g.year_id = s.year_id and g.pupil_id = d.pupil_id
          and g.item = d.item and g.period = s.period and g.version = c.version)
    where s.school_id = p_school and s.session_id = p_session
$$;

do $$
declare
    service text := current_setting('hocba.service_role');
    guarded text;
begin
    foreach guarded in array array['exemption', 'elective', 'reassessment', 'granted_attempt'] loop
        execute format('alter table %I enable row level security', guarded);
        execute format('alter table %I force row level security', guarded);
        execute format('create policy %I on %I using (school_id = hocba_school()) with check (school_id = hocba_school())',
            guarded || '_school', guarded);
    end loop;
    execute format('grant select, insert, update (ended_by, ended_at) on exemption to %I', service);
    execute format('grant select, insert, update (pupils, etag) on elective to %I', service);
    execute format('grant select, insert, update (granted, decided_by, decided_at) on reassessment to %I', service);
    execute format('grant select, insert on granted_attempt to %I', service);
end $$;
