-- Pupils, their enrolments, and imports of the school office's spreadsheets.

create table pupil (
    school_id         text   not null,
    pupil_id          uuid   not null,
    pupil_code        text   not null,
    display_name      text   not null,
    -- Given name first, in Vietnamese order: what rosters sort by.
    sort_key          text   not null collate "C",
    -- The pupil's key, wrapped by the master key, and the page sealed under it: everything else we know of the pupil.
    key               bytea  not null,
    page              bytea  not null,
    -- Keyed digest: the personal id is found and unique without standing here.
    personal_id_index bytea,
    etag              bigint not null default 1,
    constraint pupil_pk primary key (school_id, pupil_id),
    constraint pupil_code_unique unique (school_id, pupil_code),
    constraint pupil_personal_id_unique unique (school_id, personal_id_index)
);

create table enrolment (
    school_id text not null,
    year_id   text not null,
    pupil_id  uuid not null,
    class_id  text not null,
    constraint enrolment_pk primary key (school_id, year_id, pupil_id),
    constraint enrolment_class foreign key (school_id, year_id, class_id) references class,
    constraint enrolment_pupil foreign key (school_id, pupil_id) references pupil
);
create index enrolment_of_class on enrolment (school_id, year_id, class_id);

create table pupil_import (
    school_id       text        not null,
    import_id       uuid        not null,
    year_id         text        not null,
    file_digest     bytea       not null,
    -- What the roster was when the file was read: another one at the commit means reading again.
    roster_digest   bytea       not null,
    -- The rows as they will be written, and the findings: sealed, as they hold what pupils' pages hold.
    plan            bytea       not null,
    row_count       int         not null,
    create_count    int         not null,
    change_count    int         not null,
    unchanged_count int         not null,
    created_by      uuid        not null,
    created_at      timestamptz not null,
    committed_at    timestamptz,
    constraint pupil_import_pk primary key (school_id, import_id),
    constraint pupil_import_year foreign key (school_id, year_id) references school_year
);

do $$
declare
    service text := current_setting('hocba.service_role');
    guarded text;
begin
    foreach guarded in array array['pupil', 'enrolment', 'pupil_import'] loop
        execute format('alter table %I enable row level security', guarded);
        execute format('alter table %I force row level security', guarded);
        execute format('create policy %I on %I using (school_id = hocba_school()) with check (school_id = hocba_school())',
            guarded || '_school', guarded);
    end loop;
    execute format('grant select, insert, update (display_name, sort_key, page, personal_id_index, etag) on pupil to %I',
        service);
    execute format('grant select, insert, update (class_id) on enrolment to %I', service);
    execute format('grant select, insert, update (committed_at) on pupil_import to %I', service);
end $$;
