-- Where a pupil belongs: the present state stands in enrolment, what led to it is insert-only (A8.2).

alter table enrolment add column left_on date;

create table movement (
    school_id   text        not null,
    movement_id uuid        not null,
    year_id     text        not null,
    pupil_id    uuid        not null,
    kind        text        not null,
    day         date        not null,
    from_class  text,
    to_class    text,
    -- Sealed under the pupil's key; none from an import.
    reason      bytea,
    recorded_by uuid        not null,
    recorded_at timestamptz not null,
    constraint movement_pk primary key (school_id, movement_id),
    constraint movement_enrolment foreign key (school_id, year_id, pupil_id) references enrolment,
    constraint movement_kind check (kind in ('entry', 'repeat', 'class_change', 'leaving', 'return'))
);
create index movement_of_pupil on movement (school_id, pupil_id);
create index movement_of_year on movement (school_id, year_id, day);

create trigger movement_never_changes before update or delete on movement
    for each row execute function sealed_never_changes();

do $$
declare
    service text := current_setting('hocba.service_role');
begin
    alter table movement enable row level security;
    alter table movement force row level security;
    create policy movement_school on movement
        using (school_id = hocba_school()) with check (school_id = hocba_school());
    execute format('grant select, insert on movement to %I', service);
    execute format('grant update (left_on) on enrolment to %I', service);
end $$;
