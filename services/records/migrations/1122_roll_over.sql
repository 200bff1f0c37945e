-- How a finished year goes over into the next (A10.4). The draft is one row of ids; confirming it writes classes,
-- enrolments and assignments in one transaction, and it never changes afterwards.

create table roll_over (
    school_id    text        not null,
    -- The new year.
    year_id      text        not null,
    from_year    text        not null,
    -- Classes, moves and what becomes of the teachers, as the model's JSON: ids only.
    plan         jsonb       not null,
    -- SHA-256 of the roster and the promotion decisions it was proposed from.
    basis        bytea       not null,
    etag         bigint      not null default 1,
    created_by   uuid        not null,
    created_at   timestamptz not null,
    confirmed_by uuid,
    confirmed_at timestamptz,
    constraint roll_over_pk primary key (school_id, year_id),
    constraint roll_over_year foreign key (school_id, year_id) references school_year,
    constraint roll_over_from foreign key (school_id, from_year) references school_year,
    constraint roll_over_confirmed check ((confirmed_by is null) = (confirmed_at is null))
);

create function roll_over_stands() returns trigger
language plpgsql as $$
begin
    raise exception using errcode = 'HB020', message = 'a confirmed roll-over never changes';
end $$;

create trigger roll_over_stands before update or delete on roll_over
    for each row when (old.confirmed_at is not null) execute function roll_over_stands();

-- Who left the school at the end of a year; insert-only.
create table leaver (
    school_id   text        not null,
    year_id     text        not null,
    pupil_id    uuid        not null,
    class_id    text        not null,
    reason      text        not null,
    recorded_by uuid        not null,
    recorded_at timestamptz not null,
    constraint leaver_pk primary key (school_id, year_id, pupil_id),
    constraint leaver_pupil foreign key (school_id, pupil_id) references pupil,
    constraint leaver_class foreign key (school_id, year_id, class_id) references class,
    constraint leaver_reason check (reason in ('completed_primary', 'elsewhere'))
);

do $$
declare
    service text := current_setting('hocba.service_role');
    guarded text;
begin
    foreach guarded in array array['roll_over', 'leaver'] loop
        execute format('alter table %I enable row level security', guarded);
        execute format('alter table %I force row level security', guarded);
        execute format('create policy %I on %I using (school_id = hocba_school()) with check (school_id = hocba_school())',
            guarded || '_school', guarded);
    end loop;
    execute format('grant select, insert, delete, update (plan, etag, confirmed_by, confirmed_at) on roll_over to %I', service);
    execute format('grant select, insert on leaver to %I', service);
end $$;
