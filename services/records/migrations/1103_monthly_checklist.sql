-- Absences by month, and what the homeroom teacher states every month (A8.2).

create table absence (
    school_id     text        not null,
    year_id       text        not null,
    pupil_id      uuid        not null,
    -- Such as 2025-10.
    month         text        not null,
    with_leave    smallint    not null,
    without_leave smallint    not null,
    recorded_by   uuid        not null,
    recorded_at   timestamptz not null,
    constraint absence_pk primary key (school_id, year_id, pupil_id, month),
    constraint absence_enrolment foreign key (school_id, year_id, pupil_id) references enrolment,
    constraint absence_days check (
        with_leave >= 0 and without_leave >= 0 and with_leave + without_leave <= 31)
);

create table monthly_checklist (
    school_id    text        not null,
    year_id      text        not null,
    class_id     text        not null,
    month        text        not null,
    completed_by uuid        not null,
    completed_at timestamptz not null,
    constraint monthly_checklist_pk primary key (school_id, year_id, class_id, month),
    constraint monthly_checklist_class foreign key (school_id, year_id, class_id) references class
);

create trigger monthly_checklist_never_changes before update or delete on monthly_checklist
    for each row execute function sealed_never_changes();

do $$
declare
    service text := current_setting('hocba.service_role');
    guarded text;
begin
    foreach guarded in array array['absence', 'monthly_checklist'] loop
        execute format('alter table %I enable row level security', guarded);
        execute format('alter table %I force row level security', guarded);
        execute format('create policy %I on %I using (school_id = hocba_school()) with check (school_id = hocba_school())',
            guarded || '_school', guarded);
    end loop;
    execute format('grant select, insert, update (with_leave, without_leave, recorded_by, recorded_at) on absence to %I',
        service);
    execute format('grant select, insert on monthly_checklist to %I', service);
end $$;
